//! The key ring of one machine: its keys rest in the store, wrapped by the root key.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use keywheel_domain::envelope::{self, KEY_BYTES, Key};

use super::{CREATE_ATTEMPTS_MAX, KeyContext, KeyError, KeyRing, RootKey, lost_race};
use crate::entropy::Entropy;
use crate::store::{self, Batch, Store, StoreError};

/// First byte of a stored key: the layout of what follows.
const RECORD_FORMAT: u8 = 1;
/// Keys kept unwrapped in memory. When there are more, all are forgotten and unwrapped again as needed.
const KEYS_CACHED_MAX: usize = 1024;
const WRAP_LABEL: &[u8] = b"keywheel key ring";

/// A ring over the store. Every key that is named for wrapping exists from then on.
pub struct LocalRing {
    store: Arc<dyn Store>,
    entropy: Arc<dyn Entropy>,
    wrapping: Key,
    unwrapped: RwLock<HashMap<String, Arc<Key>>>,
}

impl LocalRing {
    /// The ring of this root key.
    pub fn new(store: Arc<dyn Store>, root: &RootKey, entropy: Arc<dyn Entropy>) -> Self {
        Self { store, entropy, wrapping: root.wrapping(), unwrapped: RwLock::default() }
    }

    async fn load(&self, key_id: &str) -> Result<Option<Arc<Key>>, KeyError> {
        let cached = self.unwrapped.read().unwrap_or_else(PoisonError::into_inner).get(key_id).cloned();
        if cached.is_some() {
            return Ok(cached);
        }
        let Some(entry) = self.store.load(&record(key_id)).await? else { return Ok(None) };
        let damaged = || KeyError::Damaged { key_id: key_id.to_owned() };
        let Some((&RECORD_FORMAT, wrapped)) = entry.value.split_first() else { return Err(damaged()) };
        let key = envelope::unwrap_key(&self.wrapping, &[WRAP_LABEL, key_id.as_bytes()], wrapped)
            .map_err(|_| damaged())?;
        Ok(Some(self.cache(key_id, key)))
    }

    fn cache(&self, key_id: &str, key: Key) -> Arc<Key> {
        let key = Arc::new(key);
        let mut unwrapped = self.unwrapped.write().unwrap_or_else(PoisonError::into_inner);
        if unwrapped.len() >= KEYS_CACHED_MAX {
            unwrapped.clear();
        }
        unwrapped.insert(key_id.to_owned(), Arc::clone(&key));
        key
    }

    /// The key, made now if there is none. Of two that make it at once, one loses the race, and then
    /// finds the other's: nothing is wrapped under a key that is not on disk.
    async fn load_or_create(&self, key_id: &str) -> Result<Arc<Key>, KeyError> {
        for _ in 0..CREATE_ATTEMPTS_MAX {
            if let Some(key) = self.load(key_id).await? {
                return Ok(key);
            }
            let mut key = Key::new([0; KEY_BYTES]);
            self.entropy.fill(key.expose_mut());
            let wrapped = envelope::wrap_key(&self.wrapping, &[WRAP_LABEL, key_id.as_bytes()], &key)
                .expect("two strings are fewer than the cipher's limit");
            let value = [&[RECORD_FORMAT], wrapped.as_slice()].concat();
            let batch = Batch::new().expect(record(key_id), None).put(record(key_id), value);
            match self.store.commit(batch).await {
                Ok(_) => return Ok(self.cache(key_id, key)),
                Err(error) => lost_race(error)?,
            }
        }
        // Somebody writes and removes the key in turns; nothing of ours does.
        Err(KeyError::Store(StoreError::Damaged { key: record(key_id) }))
    }
}

#[async_trait]
impl KeyRing for LocalRing {
    async fn wrap(&self, key_id: &str, context: KeyContext<'_>, data_key: &Key) -> Result<Vec<u8>, KeyError> {
        let key = self.load_or_create(key_id).await?;
        envelope::wrap_key(&key, &bound(&context), data_key).map_err(KeyError::NotAuthentic)
    }

    async fn unwrap(&self, key_id: &str, context: KeyContext<'_>, wrapped: &[u8]) -> Result<Key, KeyError> {
        let not_found = || KeyError::NotFound { key_id: key_id.to_owned() };
        let key = self.load(key_id).await?.ok_or_else(not_found)?;
        envelope::unwrap_key(&key, &bound(&context), wrapped).map_err(KeyError::NotAuthentic)
    }
}

fn record(key_id: &str) -> store::Key {
    store::Key::new(format!("kms\0{key_id}"))
}

const fn bound<'a>(context: &KeyContext<'a>) -> [&'a [u8]; 2] {
    [context.resource.as_bytes(), context.version_id.as_bytes()]
}
