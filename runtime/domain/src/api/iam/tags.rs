//! Tags of users, roles and policies.

use serde::Serialize;

use super::read::{self, PageEnd, PageRequest};
use super::{ApiError, Members};
use crate::iam::{EntityKind, TAGS_MAX, Tag};

/// What has tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tagged {
    /// A user or role, by its name.
    Entity(EntityKind, String),
    /// A managed policy, by its ARN.
    Policy(String),
}

/// Adds tags, each over one of the same key.
#[derive(Clone, Debug)]
pub struct TagRequest {
    /// What gets them.
    pub tagged: Tagged,
    /// No two with one key.
    pub tags: Vec<Tag>,
}

/// Removes tags.
#[derive(Clone, Debug)]
pub struct UntagRequest {
    /// What loses them.
    pub tagged: Tagged,
    /// Of the tags.
    pub keys: Vec<String>,
}

/// Lists tags.
#[derive(Clone, Debug)]
pub struct ListTagsRequest {
    /// What has them.
    pub tagged: Tagged,
    /// Which page.
    pub page: PageRequest,
}

impl Tagged {
    /// `None` stands for a managed policy.
    fn read(kind: Option<EntityKind>, members: &mut Members) -> Result<Self, ApiError> {
        Ok(match kind {
            Some(kind) => Self::Entity(kind, read::entity_name(members, kind)?),
            None => Self::Policy(read::arn(members, "PolicyArn")?),
        })
    }
}

impl TagRequest {
    /// Reads and checks the members; `None` stands for a managed policy.
    pub fn read(kind: Option<EntityKind>, members: &mut Members) -> Result<Self, ApiError> {
        let tagged = Tagged::read(kind, members)?;
        let tags = read::tags(members)?;
        Ok(Self { tagged, tags: members.require("Tags", tags).unwrap_or_default() })
    }
}

impl UntagRequest {
    /// Reads and checks the members; `None` stands for a managed policy.
    pub fn read(kind: Option<EntityKind>, members: &mut Members) -> Result<Self, ApiError> {
        let tagged = Tagged::read(kind, members)?;
        let keys = members.list("TagKeys", 0..=TAGS_MAX, 1..=128)?;
        Ok(Self { tagged, keys: members.require("TagKeys", keys).unwrap_or_default() })
    }
}

impl ListTagsRequest {
    /// Reads and checks the members; `None` stands for a managed policy.
    pub fn read(kind: Option<EntityKind>, members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { tagged: Tagged::read(kind, members)?, page: PageRequest::read(members)? })
    }
}

/// A page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTagsResponse {
    /// In the order of their keys.
    pub tags: Vec<Tag>,
    /// Whether there are more.
    #[serde(flatten)]
    pub end: PageEnd,
}
