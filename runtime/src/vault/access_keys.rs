//! Access keys: what requests are signed with. Their secrets rest sealed like values.
//!
//! A key belongs to the root of an account or to a user in it. What a user may do is not said here.
//!
//! Opened keys are kept in memory, and none is used that is no longer in the store ([`Cache`]).

mod key;
mod record;
mod root;

use std::sync::Arc;

pub use self::key::AccessKey;
pub use self::record::{KeyOwner, NewAccessKey, access_key_owner, access_key_place, changed_access_key};
pub use self::root::RootAccess;
use super::{CREATE_ATTEMPTS_MAX, Vault, VaultError, lost_race};
use crate::entropy::Entropy;
use crate::store::{Cache, Lookup, Store, StoreError};

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
    opened: Cache<String, AccessKey>,
}

impl AccessKeys {
    /// The access keys of this store, sealed by this vault.
    pub fn new(store: Arc<dyn Store>, vault: Arc<Vault>, entropy: Arc<dyn Entropy>) -> Self {
        let opened = Cache::new(Arc::clone(&store), KEYS_CACHED_MAX);
        Self { store, vault, entropy, opened }
    }

    /// The key with this id, if there is one and it does not rest.
    pub async fn lookup(&self, id: &str) -> Result<Option<Arc<AccessKey>>, AccessKeyError> {
        let key = match self.opened.find(id).await? {
            Lookup::Hit(key) => key,
            Lookup::Miss(missed) => {
                let place = access_key_place(id);
                let Some(entry) = self.store.load(&place).await? else { return Ok(None) };
                let key = record::open(&self.vault, id, &entry).await?;
                self.opened.keep(id.to_owned(), missed, vec![(place, entry.revision)], key)
            }
        };
        Ok(Some(key).filter(|key| key.is_active()))
    }
}

#[cfg(test)]
mod tests;
