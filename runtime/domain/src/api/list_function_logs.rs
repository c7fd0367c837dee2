//! ListFunctionLogs (`Keywheel.ListFunctionLogs`).

use serde::Serialize;

use super::members::Members;
use super::{ApiError, Request};
use crate::time::{Timestamp, wire};

/// Asks what the last invocations of a function logged.
#[derive(Clone, Debug)]
pub struct ListFunctionLogsRequest {
    /// Name or ARN.
    pub function_name: String,
    /// Only invocations after the one of this number.
    pub after: Option<u64>,
}

impl Request for ListFunctionLogsRequest {
    const NAME: &'static str = "ListFunctionLogs";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let function_name = members.required_text("FunctionName", 1..=256)?;
        let after = members.bounded_integer("After", 0..=usize::MAX)?;
        Ok(Self { function_name, after: after.map(|number| number as u64) })
    }
}

/// What is remembered; there are few enough for one answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListFunctionLogsResponse {
    /// Oldest first.
    pub invocations: Vec<InvocationDescription>,
}

/// One invocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InvocationDescription {
    /// Grows with each invocation of the function.
    pub number: u64,
    /// When it ended.
    #[serde(serialize_with = "wire::required")]
    pub time: Timestamp,
    /// `$LATEST` or a number.
    pub version: String,
    /// Digest of the component that ran.
    pub digest: String,
    /// The phase.
    pub step: String,
    /// Full ARN of the secret.
    #[serde(rename = "SecretARN")]
    pub secret_arn: String,
    /// Id of the version that it worked on.
    pub client_request_token: String,
    /// How long it ran, in microseconds.
    pub duration_us: u64,
    /// Why it failed; absent when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// What it logged, redacted.
    pub log: Vec<String>,
}
