//! ListGrants and ListRetirableGrants: there are no grants.

use serde::Serialize;

use super::{ApiError, KEY_ID_CHARS, Members, PageRequest, Request};

/// Lists the grants of a key.
#[derive(Clone, Debug)]
pub struct ListGrantsRequest {
    /// Id or ARN.
    pub key_id: String,
}

impl Request for ListGrantsRequest {
    const NAME: &'static str = "ListGrants";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let key_id = members.required_text("KeyId", KEY_ID_CHARS)?;
        members.text("GrantId", 1..=128)?;
        members.text("GranteePrincipal", 1..=256)?;
        PageRequest::read(members)?;
        Ok(Self { key_id })
    }
}

/// Lists the grants that somebody may retire.
#[derive(Clone, Copy, Debug)]
pub struct ListRetirableGrantsRequest {}

impl Request for ListRetirableGrantsRequest {
    const NAME: &'static str = "ListRetirableGrants";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        members.required_text("RetiringPrincipal", 1..=256)?;
        PageRequest::read(members)?;
        Ok(Self {})
    }
}

/// The only page of no grants.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListGrantsResponse {
    grants: [(); 0],
    truncated: bool,
}
