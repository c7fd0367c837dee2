//! ListSecretVersionIds.

use serde::Serialize;

use super::members::{Members, NEXT_TOKEN_CHARS, SECRET_ID_CHARS};
use super::{ApiError, Request};
use crate::time::{Timestamp, wire};

/// Lists the versions that hold a value.
#[derive(Clone, Debug)]
pub struct ListSecretVersionIdsRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// 1 to 100 in a page.
    pub max_results: Option<usize>,
    /// Where the last page ended.
    pub next_token: Option<String>,
    /// Versions without a label as well.
    pub include_deprecated: bool,
}

impl Request for ListSecretVersionIdsRequest {
    const NAME: &'static str = "ListSecretVersionIds";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            max_results: members.bounded_integer("MaxResults", 1..=100)?,
            next_token: members.text("NextToken", NEXT_TOKEN_CHARS)?,
            include_deprecated: members.boolean("IncludeDeprecated")?.unwrap_or(false),
        })
    }
}

/// One version.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecretVersionsListEntry {
    /// The version's id.
    pub version_id: String,
    /// Its labels; absent when it has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub version_stages: Vec<String>,
    /// Midnight of the day of the last read.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wire::option")]
    pub last_accessed_date: Option<Timestamp>,
    /// When it was made.
    #[serde(serialize_with = "wire::required")]
    pub created_date: Timestamp,
    /// The keys that seal it.
    pub kms_key_ids: Vec<String>,
}

/// A page of versions.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListSecretVersionIdsResponse {
    /// The versions, newest first.
    pub versions: Vec<SecretVersionsListEntry>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
}
