//! Writes records of keys, with the due index in step.

use keywheel_domain::kms::{Alias, KeyState, KmsKey};

use crate::ops::change::{Change, to_bytes};
use crate::ops::keys::{self, Due, DueEntry};
use crate::ops::{Operations, Seen};
use crate::store::{Batch, Revision};
use crate::vault::kms_key_place;
use keywheel_domain::api::ApiError;

impl Change {
    /// Writes a new key, where there must be none.
    pub(super) fn create_kms_key(key: &KmsKey) -> Self {
        let place = kms_key_place(&key.scope, &key.id);
        let batch = Batch::new().expect(place.clone(), None).put(place, to_bytes(key));
        Self::of(batch).reindex(Vec::new(), due_of_key(key))
    }

    /// Writes a key over the one that was seen.
    pub(super) fn update_kms_key(seen: &Seen<KmsKey>, after: &KmsKey) -> Self {
        let batch = Batch::new().expect(seen.key.clone(), Some(seen.revision));
        let change = Self::of(batch.put(seen.key.clone(), to_bytes(after)));
        change.reindex(due_of_key(&seen.record), due_of_key(after))
    }

    /// Removes the key that was seen, its material and its aliases: what it encrypted is lost for good.
    pub(super) fn remove_kms_key(seen: &Seen<KmsKey>) -> Self {
        let batch = Batch::new().expect(seen.key.clone(), Some(seen.revision)).delete(seen.key.clone());
        let (scope, aliases) = (&seen.record.scope, seen.record.aliases.iter());
        let batch = aliases.fold(batch, |batch, name| batch.delete(keys::kms_alias(scope, name)));
        Self::of(batch).reindex(due_of_key(&seen.record), Vec::new())
    }

    /// Writes an alias of the scope of `key`, over what was there.
    pub(super) fn put_kms_alias(key: &KmsKey, alias: &Alias, seen: Option<Revision>) -> Self {
        let place = keys::kms_alias(&key.scope, &alias.name);
        Self::of(Batch::new().expect(place.clone(), seen).put(place, to_bytes(alias)))
    }

    /// Removes an alias that was seen.
    pub(super) fn remove_kms_alias(seen: &Seen<Alias>) -> Self {
        Self::of(Batch::new().expect(seen.key.clone(), Some(seen.revision)).delete(seen.key.clone()))
    }
}

/// When a key has to be looked at: derived from its record, so that index and record agree. One that is
/// disabled rests, and is rotated when it is enabled after its time.
fn due_of_key(key: &KmsKey) -> Vec<DueEntry> {
    let next = match key.state {
        KeyState::Enabled => key.rotation.map(|rotation| (rotation.next, Due::KeyRotation)),
        KeyState::Disabled => None,
        KeyState::PendingDeletion { due } => Some((due, Due::KeyDeletion)),
    };
    next.map(|(at, due)| DueEntry { at, due, secret_arn: key.arn() }).into_iter().collect()
}

impl Operations {
    /// The due entries of the key with this ARN, if there is one.
    pub(in crate::ops) async fn due_of_key_arn(
        &self,
        key_arn: &str,
    ) -> Result<Option<Vec<DueEntry>>, ApiError> {
        Ok(self.kms_key_by_arn(key_arn).await?.map(|key| due_of_key(&key.record)))
    }
}
