//! ValidateResourcePolicy.

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS};
use super::put_resource_policy::policy;
use super::{ApiError, Request};

/// Tells whether a policy could be attached.
#[derive(Clone, Debug)]
pub struct ValidateResourcePolicyRequest {
    /// Name or ARN of the secret that is to have it.
    pub secret_id: Option<String>,
    /// The JSON text.
    pub resource_policy: String,
}

impl Request for ValidateResourcePolicyRequest {
    const NAME: &'static str = "ValidateResourcePolicy";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { secret_id: members.text("SecretId", SECRET_ID_CHARS)?, resource_policy: policy(members)? })
    }
}

/// One thing that speaks against the policy.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyValidationError {
    /// What was looked at.
    pub check_name: &'static str,
    /// What was found.
    pub error_message: String,
}

/// The verdict.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ValidateResourcePolicyResponse {
    /// Whether nothing speaks against it.
    pub policy_validation_passed: bool,
    /// What does.
    pub validation_errors: Vec<PolicyValidationError>,
}
