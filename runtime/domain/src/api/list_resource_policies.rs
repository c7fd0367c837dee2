//! ListResourcePolicies.

use serde::Serialize;

use super::members::{Members, NEXT_TOKEN_CHARS, SECRET_ID_CHARS};
use super::{ApiError, Request};

/// Lists the names of the policies of a secret: none, or one.
#[derive(Clone, Debug)]
pub struct ListResourcePoliciesRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// Where the last page ended. Everything fits on one, so no token of ours is ever given.
    pub next_token: Option<String>,
}

impl Request for ListResourcePoliciesRequest {
    const NAME: &'static str = "ListResourcePolicies";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let secret_id = members.required_text("SecretId", SECRET_ID_CHARS)?;
        members.bounded_integer("MaxResults", 1..=100)?;
        Ok(Self { secret_id, next_token: members.text("NextToken", NEXT_TOKEN_CHARS)? })
    }
}

/// A policy, without its text.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourcePolicySummary {
    /// `default`.
    pub policy_name: &'static str,
}

/// The policies.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListResourcePoliciesResponse {
    /// None, or one.
    pub resource_policies: Vec<ResourcePolicySummary>,
}
