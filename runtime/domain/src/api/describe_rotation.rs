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
    /// `Ready`, `Running`, `BackOff`, `NeedsAttention`, `Succeeded`, `Abandoned`, `Cancelled`, `Failed`.
    pub state: &'static str,
    /// The step that runs, runs next, or ran last.
    pub step: &'static str,
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
            client_request_token: job.token.clone(),
            rotation_lambda_arn: job.function_arn.clone(),
            state: job.state.as_str(),
            step: job.step.as_str(),
            attempts: attempts.collect(),
        }
    }
}
