//! ListRotations (`Keywheel.ListRotations`).

use serde::Serialize;

use super::members::{Members, NEXT_TOKEN_CHARS, SECRET_ID_CHARS};
use super::{ApiError, Request};
use crate::rotation::{Job, State};

/// Lists the unfinished rotations of the caller's region, or all that are known of one secret.
#[derive(Clone, Debug)]
pub struct ListRotationsRequest {
    /// Name or ARN: then also those that have ended, oldest first.
    pub secret_id: Option<String>,
    /// Only those in these states.
    pub states: Vec<String>,
    /// 1 to 100.
    pub max_results: Option<usize>,
    /// From the answer before.
    pub next_token: Option<String>,
}

impl Request for ListRotationsRequest {
    const NAME: &'static str = "ListRotations";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let states = members.list("States", 0..=State::WORDS.len(), 1..=32)?.unwrap_or_default();
        if states.iter().any(|state| !State::WORDS.contains(&state.as_str())) {
            let words = State::WORDS.join(", ");
            members.violation("States", &format!("satisfy enum value set: [{words}]"));
        }
        Ok(Self {
            secret_id: members.text("SecretId", SECRET_ID_CHARS)?,
            states,
            max_results: members.bounded_integer("MaxResults", 1..=100)?,
            next_token: members.text("NextToken", NEXT_TOKEN_CHARS)?,
        })
    }
}

/// A page of them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRotationsResponse {
    /// Of one secret: oldest first; else in the order of the secrets' ARNs.
    pub rotations: Vec<RotationSummary>,
    /// Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// One rotation in short.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotationSummary {
    /// Full ARN of the secret.
    #[serde(rename = "SecretARN")]
    pub secret_arn: String,
    /// Names it in DescribeRotation.
    pub client_request_token: String,
    /// What it is for.
    pub purpose: &'static str,
    /// Where it stands.
    pub state: &'static str,
    /// The step that runs, runs next, or ran last.
    pub step: &'static str,
    /// Who asked.
    pub requested_by: String,
    /// When; seconds since the epoch.
    pub requested: serde_json::Number,
    /// When something happens by itself; seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<serde_json::Number>,
    /// `host:port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The sentence of the last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl From<&Job> for RotationSummary {
    fn from(job: &Job) -> Self {
        Self {
            secret_arn: job.secret_arn.clone(),
            client_request_token: job.id.clone(),
            purpose: job.purpose.as_str(),
            state: job.state.as_str(),
            step: job.step.as_str(),
            requested_by: job.cause.who().to_owned(),
            requested: job.requested.to_wire(),
            due: job.due().map(|due| due.to_wire()),
            target: job.target.clone(),
            failure: job.last_failure().and_then(|attempt| attempt.failure.clone()),
        }
    }
}
