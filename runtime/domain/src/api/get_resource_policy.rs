//! GetResourcePolicy.

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS};
use super::put_resource_policy::policy_name;
use super::{ApiError, Request};

/// Tells the policy of a secret.
#[derive(Clone, Debug)]
pub struct GetResourcePolicyRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// Which policy; `default` when absent.
    pub policy_name: Option<String>,
}

impl Request for GetResourcePolicyRequest {
    const NAME: &'static str = "GetResourcePolicy";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            policy_name: policy_name(members)?,
        })
    }
}

/// The policy, as it was written.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetResourcePolicyResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// The JSON text; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_policy: Option<String>,
    /// `default`.
    pub policy_name: &'static str,
}
