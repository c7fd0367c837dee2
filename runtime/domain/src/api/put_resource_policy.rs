//! PutResourcePolicy, and the policy's name, which all actions on policies share.

use serde::Serialize;

use super::members::{Bounds, Members, SECRET_ID_CHARS};
use super::{ApiError, Request};

/// The only policy that a secret can have.
pub const DEFAULT_POLICY: &str = "default";
/// Characters of `ResourcePolicy`.
pub const POLICY_CHARS_MAX: usize = 20_480;
const POLICY_BYTES: Bounds = 1..=POLICY_CHARS_MAX;
/// `PolicyName`.
const POLICY_NAME_CHARS: Bounds = 1..=64;

/// Attaches a policy to a secret, in place of the one that it has.
#[derive(Clone, Debug)]
pub struct PutResourcePolicyRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// The JSON text.
    pub resource_policy: String,
    /// Which policy; `default` when absent.
    pub policy_name: Option<String>,
    /// Refuse a policy that lets anybody in.
    pub block_public_policy: bool,
}

impl Request for PutResourcePolicyRequest {
    const NAME: &'static str = "PutResourcePolicy";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            resource_policy: policy(members)?,
            policy_name: policy_name(members)?,
            block_public_policy: members.boolean("BlockPublicPolicy")?.unwrap_or(false),
        })
    }
}

/// `ResourcePolicy`.
pub(super) fn policy(members: &mut Members) -> Result<String, ApiError> {
    let policy = members.required_text("ResourcePolicy", POLICY_BYTES)?;
    // A character may take several bytes.
    if policy.len() > *POLICY_BYTES.end() && policy.chars().count() <= *POLICY_BYTES.end() {
        let end = POLICY_BYTES.end();
        members.violation("ResourcePolicy", &format!("have length less than or equal to {end}"));
    }
    Ok(policy)
}

/// `PolicyName`.
pub(super) fn policy_name(members: &mut Members) -> Result<Option<String>, ApiError> {
    let name = members.text("PolicyName", POLICY_NAME_CHARS)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if name.as_ref().is_some_and(|name| !name.bytes().all(allowed)) {
        members.violation("PolicyName", "satisfy regular expression pattern: [0-9A-Za-z\\-\\_]+");
    }
    Ok(name)
}

/// The secret that has the policy now.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutResourcePolicyResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// `default`.
    pub policy_name: &'static str,
}
