//! UntagResource.

use super::members::{Members, SECRET_ID_CHARS};
use super::{ApiError, Request};

/// Removes tags by key; a key that is not there is no error.
#[derive(Clone, Debug)]
pub struct UntagResourceRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// What to remove.
    pub tag_keys: Vec<String>,
}

impl Request for UntagResourceRequest {
    const NAME: &'static str = "UntagResource";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let secret_id = members.required_text("SecretId", SECRET_ID_CHARS)?;
        let tag_keys = members.list("TagKeys", 0..=usize::MAX, 1..=128)?;
        let tag_keys = members.require("TagKeys", tag_keys).unwrap_or_default();
        Ok(Self { secret_id, tag_keys })
    }
}
