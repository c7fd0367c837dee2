//! CreateAlias, UpdateAlias, DeleteAlias and ListAliases.

use serde::Serialize;

use super::{ApiError, KEY_ID_CHARS, Members, PageRequest, Request};
use crate::time::{Timestamp, wire};

/// Makes an alias.
#[derive(Clone, Debug)]
pub struct CreateAliasRequest {
    /// With its prefix `alias/`.
    pub alias_name: String,
    /// Id or ARN of the key.
    pub target_key_id: String,
}

/// Lets an alias stand for another key.
#[derive(Clone, Debug)]
pub struct UpdateAliasRequest {
    /// With its prefix `alias/`.
    pub alias_name: String,
    /// Id or ARN of the key.
    pub target_key_id: String,
}

/// Removes an alias.
#[derive(Clone, Debug)]
pub struct DeleteAliasRequest {
    /// With its prefix `alias/`.
    pub alias_name: String,
}

/// Lists the aliases of the region, or of a key.
#[derive(Clone, Debug)]
pub struct ListAliasesRequest {
    /// Id or ARN of the key.
    pub key_id: Option<String>,
    /// Which page.
    pub page: PageRequest,
}

fn alias_name(members: &mut Members) -> Result<String, ApiError> {
    let allowed = |char: char| char.is_ascii_alphanumeric() || ":/_-".contains(char);
    let name = members.matching_text("AliasName", 1..=256, ("^[a-zA-Z0-9:/_-]+$", allowed))?;
    Ok(members.require("AliasName", name).unwrap_or_default())
}

impl Request for CreateAliasRequest {
    const NAME: &'static str = "CreateAlias";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let target_key_id = members.required_text("TargetKeyId", KEY_ID_CHARS)?;
        Ok(Self { alias_name: alias_name(members)?, target_key_id })
    }
}

impl Request for UpdateAliasRequest {
    const NAME: &'static str = "UpdateAlias";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let target_key_id = members.required_text("TargetKeyId", KEY_ID_CHARS)?;
        Ok(Self { alias_name: alias_name(members)?, target_key_id })
    }
}

impl Request for DeleteAliasRequest {
    const NAME: &'static str = "DeleteAlias";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { alias_name: alias_name(members)? })
    }
}

impl Request for ListAliasesRequest {
    const NAME: &'static str = "ListAliases";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { key_id: members.text("KeyId", KEY_ID_CHARS)?, page: PageRequest::read(members)? })
    }
}

/// A page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAliasesResponse {
    /// In the order of their names.
    pub aliases: Vec<AliasEntry>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
    /// Whether there are more.
    pub truncated: bool,
}

/// An alias.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AliasEntry {
    /// With its prefix.
    pub alias_name: String,
    /// Its ARN.
    pub alias_arn: String,
    /// Id of the key.
    pub target_key_id: String,
    /// When it was made.
    #[serde(serialize_with = "wire::required")]
    pub creation_date: Timestamp,
    /// When it last came to stand for another key.
    #[serde(serialize_with = "wire::required")]
    pub last_updated_date: Timestamp,
}
