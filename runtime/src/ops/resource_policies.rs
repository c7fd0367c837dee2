//! What the actions on resource policies share.

use keywheel_domain::api::{ApiError, DEFAULT_POLICY, ErrorCode};
use keywheel_domain::resource_policy::{MalformedPolicy, ResourcePolicy};

/// Reads a policy; one that is none is refused.
pub(super) fn read_policy(text: &str) -> Result<ResourcePolicy, ApiError> {
    ResourcePolicy::parse(text).map_err(|error: MalformedPolicy| {
        ApiError::new(ErrorCode::MalformedPolicyDocument, error.to_string())
    })
}

/// Refuses to change another policy than the only one there is.
pub(super) fn check_policy_name(name: Option<&str>) -> Result<(), ApiError> {
    match name {
        None | Some(DEFAULT_POLICY) => Ok(()),
        Some(_) => {
            let told = "You can only change the resource policy named default.";
            Err(ApiError::new(ErrorCode::InvalidParameter, told))
        }
    }
}
