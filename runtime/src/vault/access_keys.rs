//! Access keys: what requests are signed with. Their secrets rest sealed like values.
//!
//! A key belongs to the root of an account or to a user in it. What a user may do is not said here.
//!
//! Opened keys are kept in memory, and none is used that is no longer in the store: the change feed
//! moves with every commit, before it is answered, so a key that was looked at since it moved is as it
//! was, and any other is looked at again. That is one read after a commit and none between two. It asks
//! nothing of whoever deletes a key, not even that the deleting request lives to its end. Today one
//! process has the store for itself; where several share one, a deleted key stays good for as long as
//! the feed of a process is behind.

mod key;
mod record;
mod root;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

pub use self::key::AccessKey;
pub use self::record::{KeyOwner, NewAccessKey, access_key_owner, access_key_place, changed_access_key};
pub use self::root::RootAccess;
use super::{CREATE_ATTEMPTS_MAX, Vault, VaultError, lost_race};
use crate::entropy::Entropy;
use crate::store::{Revision, Store, StoreError};

/// Access keys kept open in memory. When there are more, all are forgotten and opened again as needed.
const KEYS_CACHED_MAX: usize = 1024;

/// Why an access key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum AccessKeyError {
    /// The secret cannot be sealed or opened.
    #[error("the secret of access key `{id}` could not be sealed or opened")]
    Vault {
        /// The access key.
        id: String,
        /// Why.
        #[source]
        source: VaultError,
    },
    /// The record cannot be read as one.
    #[error("the record of access key `{id}` is damaged")]
    Damaged {
        /// The access key.
        id: String,
    },
    /// The key that was given for the root is another one's.
    #[error("the access key `{id}` belongs to a user: give the root another one")]
    OfAUser {
        /// The access key.
        id: String,
    },
    /// Others changed the key at each attempt.
    #[error("the root access key is being changed by another process")]
    Contended,
    /// The store failed.
    #[error("the access keys could not be read or written")]
    Store(#[from] StoreError),
}

/// The access keys of the store.
pub struct AccessKeys {
    store: Arc<dyn Store>,
    vault: Arc<Vault>,
    entropy: Arc<dyn Entropy>,
    /// The store's revision: behind it, nothing that was looked at counts.
    changes: watch::Receiver<Revision>,
    opened: RwLock<HashMap<String, Opened>>,
}

/// A key as it was opened.
#[derive(Clone)]
struct Opened {
    key: Arc<AccessKey>,
    /// Of the entry that it was opened from.
    revision: Revision,
    /// The store's revision when the entry was last looked at, or an earlier one.
    checked: Revision,
}

impl AccessKeys {
    /// The access keys of this store, sealed by this vault.
    pub fn new(store: Arc<dyn Store>, vault: Arc<Vault>, entropy: Arc<dyn Entropy>) -> Self {
        let changes = store.changes();
        Self { store, vault, entropy, changes, opened: RwLock::default() }
    }

    /// The key with this id, if there is one and it does not rest.
    pub async fn lookup(&self, id: &str) -> Result<Option<Arc<AccessKey>>, AccessKeyError> {
        // Before the entry is loaded: what is committed meanwhile makes the next lookup look again.
        let checked = *self.changes.borrow();
        let known = self.opened.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some(known) = known.as_ref().filter(|known| known.checked == checked) {
            return Ok(Some(Arc::clone(&known.key)).filter(|key| key.is_active()));
        }
        let Some(entry) = self.store.load(&access_key_place(id)).await? else {
            self.opened.write().unwrap_or_else(PoisonError::into_inner).remove(id);
            return Ok(None);
        };
        let key = match known {
            Some(known) if known.revision == entry.revision => known.key,
            _ => Arc::new(record::open(&self.vault, id, &entry).await?),
        };
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        if opened.len() >= KEYS_CACHED_MAX && !opened.contains_key(id) {
            opened.clear();
        }
        let kept = Opened { key: Arc::clone(&key), revision: entry.revision, checked };
        opened.insert(id.to_owned(), kept);
        Ok(Some(key).filter(|key| key.is_active()))
    }
}

#[cfg(test)]
mod tests;
