//! DeleteApprover (`Keywheel.DeleteApprover`).

use serde::Serialize;

use super::create_approver::user_name;
use super::members::Members;
use super::{ApiError, Request};

/// Takes an approver away. Its access key is refused from then on; what it agreed to stays agreed.
#[derive(Clone, Debug)]
pub struct DeleteApproverRequest {
    /// As in CreateApprover.
    pub user_name: String,
}

impl Request for DeleteApproverRequest {
    const NAME: &'static str = "DeleteApprover";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { user_name: user_name(members)? })
    }
}

/// Who was taken away.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteApproverResponse {
    /// As asked.
    pub user_name: String,
    /// Of the user.
    pub arn: String,
}
