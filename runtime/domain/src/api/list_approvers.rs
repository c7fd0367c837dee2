//! ListApprovers (`Keywheel.ListApprovers`).

use serde::Serialize;

use super::members::Members;
use super::{ApiError, Request};
use crate::time::{Timestamp, wire};

/// Lists the approvers of the account: users to whom the policy `KeywheelApprover` is attached. There are few enough for one
/// answer.
#[derive(Clone, Copy, Debug)]
pub struct ListApproversRequest {}

impl Request for ListApproversRequest {
    const NAME: &'static str = "ListApprovers";

    fn read(_: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {})
    }
}

/// All of them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListApproversResponse {
    /// In the order of their names, capitals or not.
    pub approvers: Vec<Approver>,
}

/// One approver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Approver {
    /// The name.
    pub user_name: String,
    /// Of the user.
    pub arn: String,
    /// What the approver signs with: the first of their keys, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    /// When it was made.
    #[serde(serialize_with = "wire::required")]
    pub created_date: Timestamp,
}
