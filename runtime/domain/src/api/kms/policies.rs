//! GetKeyPolicy, PutKeyPolicy and ListKeyPolicies.

use serde::Serialize;

use super::{ApiError, Bounds, KEY_ID_CHARS, Members, PageRequest, Request};

/// The only policy that a key has.
pub const DEFAULT_POLICY_NAME: &str = "default";
/// `Policy`.
pub(super) const POLICY_CHARS: Bounds = 1..=131_072;

/// Reads a key policy.
#[derive(Clone, Debug)]
pub struct GetKeyPolicyRequest {
    /// Id or ARN.
    pub key_id: String,
    /// `default`.
    pub policy_name: String,
}

/// Replaces a key policy.
#[derive(Clone, Debug)]
pub struct PutKeyPolicyRequest {
    /// Id or ARN.
    pub key_id: String,
    /// `default`.
    pub policy_name: String,
    /// A policy document.
    pub policy: String,
    /// Whether the policy may keep out whoever puts it. It always may; conditions ask for it.
    pub bypasses_lockout_check: bool,
}

/// Lists the names of the policies of a key.
#[derive(Clone, Debug)]
pub struct ListKeyPoliciesRequest {
    /// Id or ARN.
    pub key_id: String,
    /// Which page.
    pub page: PageRequest,
}

pub(super) fn policy_text(members: &mut Members, chars: Bounds) -> Result<Option<String>, ApiError> {
    let allowed = |char: char| matches!(char, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}');
    members.matching_text("Policy", chars, (r"[\u0009\u000A\u000D\u0020-\u00FF]+", allowed))
}

fn policy_name(members: &mut Members) -> Result<String, ApiError> {
    let word = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let name = members.matching_text("PolicyName", 1..=128, (r"[\w]+", word))?;
    Ok(name.unwrap_or_else(|| DEFAULT_POLICY_NAME.to_owned()))
}

impl Request for GetKeyPolicyRequest {
    const NAME: &'static str = "GetKeyPolicy";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let key_id = members.required_text("KeyId", KEY_ID_CHARS)?;
        Ok(Self { key_id, policy_name: policy_name(members)? })
    }
}

impl Request for PutKeyPolicyRequest {
    const NAME: &'static str = "PutKeyPolicy";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let key_id = members.required_text("KeyId", KEY_ID_CHARS)?;
        let bypasses_lockout_check = members.boolean("BypassPolicyLockoutSafetyCheck")?.unwrap_or_default();
        let policy = policy_text(members, POLICY_CHARS)?;
        let policy = members.require("Policy", policy).unwrap_or_default();
        Ok(Self { key_id, policy_name: policy_name(members)?, policy, bypasses_lockout_check })
    }
}

impl Request for ListKeyPoliciesRequest {
    const NAME: &'static str = "ListKeyPolicies";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let key_id = members.required_text("KeyId", KEY_ID_CHARS)?;
        Ok(Self { key_id, page: PageRequest::read(members)? })
    }
}

/// A policy.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetKeyPolicyResponse {
    /// As it was put.
    pub policy: String,
    /// `default`.
    pub policy_name: &'static str,
}

/// The names of policies.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListKeyPoliciesResponse {
    /// `default`.
    pub policy_names: [&'static str; 1],
    /// There are no more.
    pub truncated: bool,
}
