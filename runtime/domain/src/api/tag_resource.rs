//! TagResource.

use serde::{Deserialize, Serialize};

use super::members::{Members, SECRET_ID_CHARS};
use super::{ApiError, Request};

/// A key with a value, for finding and for policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// 1 to 128 characters.
    pub key: String,
    /// 0 to 256 characters.
    #[serde(default)]
    pub value: String,
}

impl Tag {
    /// Reads the `Tags` member of a request.
    pub fn read_list(members: &mut Members) -> Result<Option<Vec<Self>>, ApiError> {
        members.structures("Tags", 0..=usize::MAX, |tag| {
            Ok(Self {
                key: tag.required_text("Key", 1..=128)?,
                value: tag.text("Value", 0..=256)?.unwrap_or_default(),
            })
        })
    }
}

/// Adds tags, or overwrites those with the same key.
#[derive(Clone, Debug)]
pub struct TagResourceRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// What to add.
    pub tags: Vec<Tag>,
}

impl Request for TagResourceRequest {
    const NAME: &'static str = "TagResource";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let secret_id = members.required_text("SecretId", SECRET_ID_CHARS)?;
        let tags = Tag::read_list(members)?;
        let tags = members.require("Tags", tags).unwrap_or_default();
        Ok(Self { secret_id, tags })
    }
}
