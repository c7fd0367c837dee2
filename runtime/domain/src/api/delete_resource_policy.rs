//! DeleteResourcePolicy.

use super::members::{Members, SECRET_ID_CHARS};
use super::put_resource_policy::{PutResourcePolicyResponse, policy_name};
use super::{ApiError, Request};

/// Takes the policy off a secret. That there is none is no error.
#[derive(Clone, Debug)]
pub struct DeleteResourcePolicyRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// Which policy; `default` when absent.
    pub policy_name: Option<String>,
}

impl Request for DeleteResourcePolicyRequest {
    const NAME: &'static str = "DeleteResourcePolicy";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            policy_name: policy_name(members)?,
        })
    }
}

/// The secret that has no policy now.
pub type DeleteResourcePolicyResponse = PutResourcePolicyResponse;
