//! TagResource, UntagResource and ListResourceTags.

use serde::Serialize;

use super::{ApiError, KEY_ID_CHARS, Members, PageRequest, Request};
use crate::kms::KeyTag;

/// Adds tags, or overwrites those with the same key.
#[derive(Clone, Debug)]
pub struct TagKeyRequest {
    /// Id or ARN.
    pub key_id: String,
    /// What to add.
    pub tags: Vec<KeyTag>,
}

/// Removes tags.
#[derive(Clone, Debug)]
pub struct UntagKeyRequest {
    /// Id or ARN.
    pub key_id: String,
    /// Of the tags.
    pub tag_keys: Vec<String>,
}

/// Lists the tags of a key.
#[derive(Clone, Debug)]
pub struct ListResourceTagsRequest {
    /// Id or ARN.
    pub key_id: String,
    /// Which page.
    pub page: PageRequest,
}

/// Reads the `Tags` member of a request.
pub fn read_tags(members: &mut Members) -> Result<Option<Vec<KeyTag>>, ApiError> {
    members.structures("Tags", 0..=usize::MAX, |tag| {
        let tag_key = tag.required_text("TagKey", 1..=128)?;
        let value = tag.text("TagValue", 0..=256)?;
        Ok(KeyTag { tag_key, tag_value: tag.require("TagValue", value).unwrap_or_default() })
    })
}

impl Request for TagKeyRequest {
    const NAME: &'static str = "TagResource";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let key_id = members.required_text("KeyId", KEY_ID_CHARS)?;
        let tags = read_tags(members)?;
        Ok(Self { key_id, tags: members.require("Tags", tags).unwrap_or_default() })
    }
}

impl Request for UntagKeyRequest {
    const NAME: &'static str = "UntagResource";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let key_id = members.required_text("KeyId", KEY_ID_CHARS)?;
        let tag_keys = members.list("TagKeys", 0..=usize::MAX, 1..=128)?;
        Ok(Self { key_id, tag_keys: members.require("TagKeys", tag_keys).unwrap_or_default() })
    }
}

impl Request for ListResourceTagsRequest {
    const NAME: &'static str = "ListResourceTags";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let key_id = members.required_text("KeyId", KEY_ID_CHARS)?;
        Ok(Self { key_id, page: PageRequest::read(members)? })
    }
}

/// A page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListResourceTagsResponse {
    /// In the order in which they were added.
    pub tags: Vec<KeyTag>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
    /// Whether there are more.
    pub truncated: bool,
}
