//! DescribeApproval (`Keywheel.DescribeApproval`).

use serde::Serialize;

use super::list_approvals::ApprovalSummary;
use super::members::{APPROVAL_ID_CHARS, Members};
use super::{ApiError, Request};
use crate::rotation::Approval;

/// Tells everything about a request for approval but the value.
#[derive(Clone, Debug)]
pub struct DescribeApprovalRequest {
    /// From ListApprovals.
    pub approval_id: String,
}

impl Request for DescribeApprovalRequest {
    const NAME: &'static str = "DescribeApproval";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { approval_id: members.required_text("ApprovalId", APPROVAL_ID_CHARS)? })
    }
}

/// What a person has to know to answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeApprovalResponse {
    /// The request.
    #[serde(flatten)]
    pub approval: ApprovalSummary,
    /// The friendly name of the secret.
    pub secret_name: String,
    /// What would run.
    #[serde(rename = "RotationLambdaARN")]
    pub rotation_lambda_arn: String,
    /// SHA-256 of its component; another one needs another approval.
    pub digest: String,
    /// `host:port` that would change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Keys of the secret's JSON that the pending value adds, removes or changes; absent as long as there
    /// is no pending value, or when a value is no JSON object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_keys: Option<Vec<String>>,
    /// Patterns of those who may answer; empty for everyone with the permission.
    pub approvers: Vec<String>,
    /// Who has agreed.
    pub given: Vec<GivenApproval>,
    /// What the function has logged so far in this rotation, redacted.
    pub log: Vec<String>,
}

/// Somebody agreed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GivenApproval {
    /// ARN of who agreed.
    pub by: String,
    /// Seconds since the epoch.
    pub at: serde_json::Number,
    /// What they wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl From<&Approval> for GivenApproval {
    fn from(given: &Approval) -> Self {
        Self { by: given.by.clone(), at: given.at.to_wire(), comment: given.comment.clone() }
    }
}
