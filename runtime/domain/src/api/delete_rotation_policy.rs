//! DeleteRotationPolicy (`Keywheel.DeleteRotationPolicy`).

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS};
use super::slot_description::SlotDescription;
use super::{ApiError, Request};

/// Takes the rotation policy off a secret. That there is none is no error.
#[derive(Clone, Debug)]
pub struct DeleteRotationPolicyRequest {
    /// Name or ARN.
    pub secret_id: String,
}

impl Request for DeleteRotationPolicyRequest {
    const NAME: &'static str = "DeleteRotationPolicy";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { secret_id: members.required_text("SecretId", SECRET_ID_CHARS)? })
    }
}

/// The secret, and when it rotates now.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteRotationPolicyResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// The next scheduled rotation; absent when none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<SlotDescription>,
}
