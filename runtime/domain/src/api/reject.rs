//! Reject (`Keywheel.Reject`).

use super::members::{APPROVAL_ID_CHARS, COMMENT_CHARS, Members};
use super::{ApiError, Request};

/// Refuses what a request for approval asks, which gives the rotation up. It is answered with the job,
/// as the verbs are.
#[derive(Clone, Debug)]
pub struct RejectRequest {
    /// From ListApprovals.
    pub approval_id: String,
    /// Why; for the record.
    pub reason: Option<String>,
}

impl Request for RejectRequest {
    const NAME: &'static str = "Reject";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            approval_id: members.required_text("ApprovalId", APPROVAL_ID_CHARS)?,
            reason: members.text("Reason", COMMENT_CHARS)?,
        })
    }
}
