//! ListApprovals (`Keywheel.ListApprovals`).

use serde::Serialize;

use super::members::{Members, NEXT_TOKEN_CHARS};
use super::{ApiError, Request};
use crate::rotation::{ApprovalRequest, AskedBy, Job};

/// Lists the requests for approval that nobody has settled, in the caller's region.
#[derive(Clone, Debug)]
pub struct ListApprovalsRequest {
    /// 1 to 100.
    pub max_results: Option<usize>,
    /// From the answer before.
    pub next_token: Option<String>,
}

impl Request for ListApprovalsRequest {
    const NAME: &'static str = "ListApprovals";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            max_results: members.bounded_integer("MaxResults", 1..=100)?,
            next_token: members.text("NextToken", NEXT_TOKEN_CHARS)?,
        })
    }
}

/// A page of them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListApprovalsResponse {
    /// In the order of their ids.
    pub approvals: Vec<ApprovalSummary>,
    /// Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A request for approval.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ApprovalSummary {
    /// For Approve and Reject.
    pub approval_id: String,
    /// Full ARN of the secret.
    #[serde(rename = "SecretARN")]
    pub secret_arn: String,
    /// The rotation.
    pub client_request_token: String,
    /// What it is for.
    pub purpose: &'static str,
    /// Before which step.
    pub step: &'static str,
    /// `Policy` or `Function`.
    pub asked_by: &'static str,
    /// Who asked for the rotation.
    pub requested_by: String,
    /// How many people have to agree.
    pub count: u32,
    /// How many have.
    pub agreed: u32,
    /// What the function says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Since when; seconds since the epoch.
    pub since: serde_json::Number,
    /// When it expires; seconds since the epoch.
    pub until: serde_json::Number,
}

impl ApprovalSummary {
    /// The request that a job waits for.
    pub fn new(job: &Job, request: &ApprovalRequest) -> Self {
        Self {
            approval_id: request.id.clone(),
            secret_arn: job.secret_arn.clone(),
            client_request_token: job.id.clone(),
            purpose: job.purpose.as_str(),
            step: request.step.as_str(),
            asked_by: match request.asked_by {
                AskedBy::Policy => "Policy",
                AskedBy::Function => "Function",
            },
            requested_by: job.cause.who().to_owned(),
            count: request.count,
            agreed: job.agreed(&request.id),
            summary: request.summary.clone(),
            since: request.since.to_wire(),
            until: request.until.to_wire(),
        }
    }
}
