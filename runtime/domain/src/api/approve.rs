//! Approve (`Keywheel.Approve`).

use serde::Serialize;

use super::members::{APPROVAL_ID_CHARS, COMMENT_CHARS, Members};
use super::{ApiError, Request};

/// Agrees to what a request for approval asks.
#[derive(Clone, Debug)]
pub struct ApproveRequest {
    /// From ListApprovals.
    pub approval_id: String,
    /// For the record.
    pub comment: Option<String>,
}

impl Request for ApproveRequest {
    const NAME: &'static str = "Approve";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            approval_id: members.required_text("ApprovalId", APPROVAL_ID_CHARS)?,
            comment: members.text("Comment", COMMENT_CHARS)?,
        })
    }
}

/// What the approval came to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ApproveResponse {
    /// As asked.
    pub approval_id: String,
    /// Full ARN of the secret.
    #[serde(rename = "SecretARN")]
    pub secret_arn: String,
    /// How many more people have to agree.
    pub wanting: u32,
}
