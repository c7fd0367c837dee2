//! TagResource, UntagResource and ListResourceTags.

use std::collections::BTreeSet;

use keywheel_domain::api::ApiError;
use keywheel_domain::api::kms::{
    KmsErrorCode, ListResourceTagsRequest, ListResourceTagsResponse, TagKeyRequest, UntagKeyRequest,
    kms_error,
};
use keywheel_domain::kms::{KeyTag, KmsKey, TAGS_MAX};
use keywheel_domain::time::Timestamp;

use super::Audience;
use super::key_state::check_not_pending;
use crate::ops::access::Access;
use crate::ops::{Caller, Empty, Operations};

impl Operations {
    /// Adds tags, or overwrites those with the same key.
    pub(super) async fn tag_kms_key(
        &self,
        caller: &Caller,
        request: TagKeyRequest,
    ) -> Result<Empty, ApiError> {
        let tagged = |key: &mut KmsKey, _: Timestamp| {
            check_tags(&request.tags)?;
            check_not_pending(key)?;
            if !key.add_tags(&request.tags) {
                let told = format!("A key can have at most {TAGS_MAX} tags.");
                return Err(kms_error(KmsErrorCode::LimitExceeded, told));
            }
            Ok(())
        };
        let access = Access::new("kms:TagResource", None).with_tags(named(&request.tags));
        self.change_kms_key_as(caller, &access, &request.key_id, tagged).await.map(|_| Empty {})
    }

    /// Removes tags.
    pub(super) async fn untag_kms_key(
        &self,
        caller: &Caller,
        request: UntagKeyRequest,
    ) -> Result<Empty, ApiError> {
        let untagged = |key: &mut KmsKey, _: Timestamp| {
            check_not_pending(key)?;
            key.tags.retain(|tag| !request.tag_keys.contains(&tag.tag_key));
            Ok(())
        };
        let keys = request.tag_keys.iter().map(String::as_str);
        let access = Access::new("kms:UntagResource", None).with_tag_keys(keys);
        self.change_kms_key_as(caller, &access, &request.key_id, untagged).await.map(|_| Empty {})
    }

    /// Lists the tags of a key.
    pub(super) async fn list_kms_key_tags(
        &self,
        caller: &Caller,
        request: ListResourceTagsRequest,
    ) -> Result<ListResourceTagsResponse, ApiError> {
        let key = self.kms_key_for(caller, "ListResourceTags", &request.key_id, Audience::Any).await?;
        let place = self.kms_listing(caller, "kms:ListResourceTags", &[key.arn()], &request.page)?;
        let tags = key.record.tags.clone();
        let (tags, next_marker) = self.kms_page(tags, request.page.limit, &place, |tag| tag.tag_key.clone());
        Ok(ListResourceTagsResponse { tags, truncated: next_marker.is_some(), next_marker })
    }
}

/// Tags as conditions read them.
pub(super) fn named(tags: &[KeyTag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str()))
}

/// Refuses tags that are the service's own, and one that is named twice.
pub(super) fn check_tags(tags: &[KeyTag]) -> Result<(), ApiError> {
    let mut known = BTreeSet::new();
    for tag in tags {
        if tag.tag_key.to_ascii_lowercase().starts_with("aws:") {
            return Err(kms_error(KmsErrorCode::Tag, "Tags beginning with aws: are reserved"));
        }
        if !known.insert(&tag.tag_key) {
            return Err(kms_error(KmsErrorCode::Tag, "Duplicate tag keys are not allowed"));
        }
    }
    Ok(())
}
