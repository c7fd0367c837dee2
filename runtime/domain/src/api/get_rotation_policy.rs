//! GetRotationPolicy (`Keywheel.GetRotationPolicy`).

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS};
use super::{ApiError, Request};
use crate::rotation_policy::RotationPolicy;

/// Tells the rotation policy of a secret.
#[derive(Clone, Debug)]
pub struct GetRotationPolicyRequest {
    /// Name or ARN.
    pub secret_id: String,
}

impl Request for GetRotationPolicyRequest {
    const NAME: &'static str = "GetRotationPolicy";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { secret_id: members.required_text("SecretId", SECRET_ID_CHARS)? })
    }
}

/// The secret and its policy.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetRotationPolicyResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// With its defaults, and with full ARNs for secrets; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<RotationPolicy>,
}
