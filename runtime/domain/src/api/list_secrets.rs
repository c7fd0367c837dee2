//! ListSecrets.

use std::collections::BTreeMap;

use serde::Serialize;

use super::members::{Members, NEXT_TOKEN_CHARS};
use super::{ApiError, DescribeSecretResponse, Request};

/// What a filter looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterKey {
    /// The description, without regard to case.
    Description,
    /// The name.
    Name,
    /// A tag's key.
    TagKey,
    /// A tag's value.
    TagValue,
    /// The primary region of a replicated secret.
    PrimaryRegion,
    /// The service that owns the secret.
    OwningService,
    /// All of them, word by word, without regard to case.
    All,
}

/// Keeps the secrets in which a value begins with one of `values`; a leading `!` negates.
#[derive(Clone, Debug)]
pub struct Filter {
    /// What it looks at.
    pub key: FilterKey,
    /// 1 to 10 prefixes.
    pub values: Vec<String>,
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    /// When the secret was made.
    #[default]
    CreatedDate,
    /// When it was last read.
    LastAccessedDate,
    /// When it was last changed.
    LastChangedDate,
    /// Its name.
    Name,
}

/// Lists secrets.
#[derive(Clone, Debug)]
pub struct ListSecretsRequest {
    /// Secrets that wait for deletion as well.
    pub include_planned_deletion: bool,
    /// 1 to 100 in a page.
    pub max_results: Option<usize>,
    /// Where the last page ended.
    pub next_token: Option<String>,
    /// At most 10; a secret must pass all of them.
    pub filters: Vec<Filter>,
    /// Ascending when true; newest first when absent.
    pub ascending: bool,
    /// What to sort by.
    pub sort_by: SortBy,
}

impl Request for ListSecretsRequest {
    const NAME: &'static str = "ListSecrets";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            include_planned_deletion: members.boolean("IncludePlannedDeletion")?.unwrap_or(false),
            max_results: members.bounded_integer("MaxResults", 1..=100)?,
            next_token: members.text("NextToken", NEXT_TOKEN_CHARS)?,
            filters: filters(members)?.unwrap_or_default(),
            ascending: members.word("SortOrder", &[("asc", true), ("desc", false)])?.unwrap_or(false),
            sort_by: members
                .word(
                    "SortBy",
                    &[
                        ("created-date", SortBy::CreatedDate),
                        ("last-accessed-date", SortBy::LastAccessedDate),
                        ("last-changed-date", SortBy::LastChangedDate),
                        ("name", SortBy::Name),
                    ],
                )?
                .unwrap_or_default(),
        })
    }
}

/// `Filters`.
pub(super) fn filters(members: &mut Members) -> Result<Option<Vec<Filter>>, ApiError> {
    let filters = members.structures("Filters", 0..=10, filter)?;
    Ok(filters.map(|filters| filters.into_iter().flatten().collect()))
}

/// `None` when a constraint was broken; `finish` then refuses the request.
fn filter(members: &mut Members) -> Result<Option<Filter>, ApiError> {
    let key = members.required_word(
        "Key",
        &[
            ("description", FilterKey::Description),
            ("name", FilterKey::Name),
            ("tag-key", FilterKey::TagKey),
            ("tag-value", FilterKey::TagValue),
            ("primary-region", FilterKey::PrimaryRegion),
            ("owning-service", FilterKey::OwningService),
            ("all", FilterKey::All),
        ],
    )?;
    let values = members.list("Values", 1..=10, 0..=512)?;
    let values = members.require("Values", values).unwrap_or_default();
    for value in &values {
        let body = value.strip_prefix('!').unwrap_or(value);
        if !body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" :_@/+=.-!".contains(&byte)) {
            members.violation(
                "Values",
                "satisfy regular expression pattern: ^\\!?[a-zA-Z0-9 :_@\\/\\+\\=\\.\\-\\!]*$",
            );
        }
    }
    Ok(key.map(|key| Filter { key, values }))
}

/// One secret: as DescribeSecret tells it, with another name for the map of labels.
#[derive(Clone, Debug, Serialize)]
pub struct SecretListEntry {
    /// All but the labels.
    #[serde(flatten)]
    pub description: DescribeSecretResponse,
    /// The labels of each version that has any.
    #[serde(rename = "SecretVersionsToStages", skip_serializing_if = "Option::is_none")]
    pub secret_versions_to_stages: Option<BTreeMap<String, Vec<String>>>,
}

/// A page of secrets.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListSecretsResponse {
    /// The secrets.
    pub secret_list: Vec<SecretListEntry>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}
