//! DescribeRotation: what the AWS protocol cannot say about a rotation (`Keywheel.DescribeRotation`).

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS, TOKEN_CHARS};
use super::{ApiError, Request};
use crate::rotation::Job;

/// Tells where a rotation of a secret stands, or how it ended.
#[derive(Clone, Debug)]
pub struct DescribeRotationRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// Which rotation; the latest when absent.
    pub client_request_token: Option<String>,
}

impl Request for DescribeRotationRequest {
    const NAME: &'static str = "DescribeRotation";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            client_request_token: members.text("ClientRequestToken", TOKEN_CHARS)?,
        })
    }
}

/// One rotation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeRotationResponse {
    /// Full ARN of the secret.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// The version that it makes current.
    pub client_request_token: String,
    /// What is called.
    #[serde(rename = "RotationLambdaARN")]
    pub rotation_lambda_arn: String,
    /// `Rotate`, `Test`, `Verify`, `DryRun`, `Reconcile` or `RollBack`.
    pub purpose: &'static str,
    /// One of [`crate::rotation::State::WORDS`].
    pub state: &'static str,
    /// The step that runs, runs next, or ran last.
    pub step: &'static str,
    /// Who asked for it.
    pub requested_by: String,
    /// When; seconds since the epoch.
    pub requested: serde_json::Number,
    /// When something happens by itself; seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<serde_json::Number>,
    /// `host:port` that the secret named when it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The request for approval that it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<String>,
    /// The version whose rotation it undoes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// What ran, oldest first.
    pub attempts: Vec<AttemptDescription>,
}

/// One run of a step.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttemptDescription {
    /// Which step.
    pub step: &'static str,
    /// Seconds since the epoch.
    pub started: serde_json::Number,
    /// How long the function ran, in microseconds.
    pub duration_us: u64,
    /// SHA-256 of the component that ran.
    pub digest: String,
    /// Why it failed; absent when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// What the function logged, redacted.
    pub log: Vec<String>,
}

impl DescribeRotationResponse {
    /// Of a job, with the log lines of each attempt.
    pub fn new(name: &str, job: &Job, log_of: impl Fn(u64) -> Vec<String>) -> Self {
        let attempts = job.attempts.iter().map(|attempt| AttemptDescription {
            step: attempt.step.as_str(),
            started: attempt.started.to_wire(),
            duration_us: attempt.duration_us,
            digest: attempt.digest.clone(),
            failure: attempt.failure.clone(),
            log: log_of(attempt.fence),
        });
        Self {
            arn: job.secret_arn.clone(),
            name: name.to_owned(),
            client_request_token: job.id.clone(),
            rotation_lambda_arn: job.function_arn.clone(),
            purpose: job.purpose.as_str(),
            state: job.state.as_str(),
            step: job.step.as_str(),
            requested_by: job.cause.who().to_owned(),
            requested: job.requested.to_wire(),
            due: job.due().map(|due| due.to_wire()),
            target: job.target.clone(),
            approval_id: job.open_request().map(|request| request.id.clone()),
            undoes: job.undoes.clone(),
            attempts: attempts.collect(),
        }
    }
}
