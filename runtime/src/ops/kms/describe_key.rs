//! DescribeKey, ListKeys and UpdateKeyDescription.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::kms::{
    DescribeKeyRequest, KeyEntry, KeyMetadata, KeyMetadataResponse, ListKeysRequest, ListKeysResponse,
    UpdateKeyDescriptionRequest,
};
use keywheel_domain::kms::{KeyState, key_arn};
use keywheel_domain::secret::Scope;

use super::Audience;
use super::records::pending_deletion;
use crate::ops::change::Change;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, contended, keys};
use crate::store::SCAN_ENTRIES_MAX;
use crate::vault::kms_key_place;

impl Operations {
    /// Describes a key, also one that is disabled or waits for its deletion.
    pub(super) async fn describe_kms_key(
        &self,
        caller: &Caller,
        request: DescribeKeyRequest,
    ) -> Result<KeyMetadataResponse, ApiError> {
        let key = self.kms_key_for(caller, "DescribeKey", &request.key_id, Audience::Any).await?;
        Ok(KeyMetadataResponse { key_metadata: KeyMetadata::of(&key.record) })
    }

    /// Lists the keys of the region, also the service's own once a secret has used it.
    pub(super) async fn list_kms_keys(
        &self,
        caller: &Caller,
        request: ListKeysRequest,
    ) -> Result<ListKeysResponse, ApiError> {
        self.authorize(caller, "kms:ListKeys", None)?;
        let scope = caller.scope();
        self.show_managed_kms_key(&scope).await?;
        let place = self.kms_listing(caller, "kms:ListKeys", &[], &request.page)?;
        let ids = self.kms_key_ids(&scope, place.1.as_deref(), request.page.limit + 1).await?;
        let more = ids.len() > request.page.limit;
        let shown: Vec<String> = ids.into_iter().take(request.page.limit).collect();
        let last = shown.last().filter(|_| more);
        let next_marker = last.map(|last| self.next_token(&place.0, last));
        let entry = |id: String| KeyEntry { key_arn: key_arn(&scope, &id), key_id: id };
        Ok(ListKeysResponse { keys: shown.into_iter().map(entry).collect(), next_marker, truncated: more })
    }

    /// Ids of keys in their order, after this one.
    async fn kms_key_ids(
        &self,
        scope: &Scope,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, ApiError> {
        let (mut from, to) = keys::kms_keys(scope);
        if let Some(after) = after {
            from = kms_key_place(scope, after).successor();
        }
        let mut ids = Vec::new();
        while ids.len() < limit {
            let asked = (limit - ids.len()).min(SCAN_ENTRIES_MAX);
            let entries = self.scan(&from, &to, asked).await?;
            let is_end = entries.len() < asked;
            for (key, _) in entries {
                from = key.successor();
                let id = key.as_bytes().rsplit(|byte| *byte == 0).next().unwrap_or_default();
                ids.push(String::from_utf8_lossy(id).into_owned());
            }
            if is_end {
                break;
            }
        }
        Ok(ids)
    }

    /// Changes what the owner wrote.
    pub(super) async fn update_kms_key_description(
        &self,
        caller: &Caller,
        request: UpdateKeyDescriptionRequest,
    ) -> Result<Empty, ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.kms_key_to_change(caller, "UpdateKeyDescription", &request.key_id).await?;
            let mut after = seen.record.clone();
            if let KeyState::PendingDeletion { .. } = after.state {
                return Err(pending_deletion(&after.arn()));
            }
            after.description.clone_from(&request.description);
            let row = self.audit_row(&caller.arn(), "UpdateKeyDescription", &after.arn(), None, None);
            if self.commit(Change::update_kms_key(&seen, &after).audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }
}
