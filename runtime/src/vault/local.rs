//! The key ring of one machine: its keys rest in the store, wrapped by the root key.
//!
//! There are two kinds. A key that the ring manages has the ARN of an alias, is made at its first use, and has one
//! version. A key of the key management service has an ARN of its own and a record, which says whether it
//! may be used, and holds its versions.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use keywheel_domain::envelope::{self, KEY_BYTES, Key};
use keywheel_domain::kms::{Ciphertext, CiphertextError, EncryptionContext, KeyId};

use super::kms_keys::{self, KmsKeys};
use super::{CREATE_ATTEMPTS_MAX, KeyContext, KeyError, KeyRing, KmsKeyInUse, RootKey, lost_race};
use crate::entropy::{self, Entropy};
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
    kms_keys: KmsKeys,
}

impl LocalRing {
    /// The ring of this root key.
    pub fn new(store: Arc<dyn Store>, root: &RootKey, entropy: Arc<dyn Entropy>) -> Self {
        let kms_keys = KmsKeys::new(Arc::clone(&store), root.wrapping());
        Self { store, entropy, wrapping: root.wrapping(), unwrapped: RwLock::default(), kms_keys }
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

    /// The key of the service with this ARN, if its state lets it be used.
    async fn usable(&self, key_arn: &str) -> Result<Arc<KmsKeyInUse>, KeyError> {
        let key = self.kms_keys.find(key_arn).await?;
        let key = key.ok_or_else(|| KeyError::NotFound { key_id: key_arn.to_owned() })?;
        key.check_usable()?;
        Ok(key)
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
        if is_of_service(key_id) {
            let key = self.usable(key_id).await?;
            let nonce = entropy::bytes(&*self.entropy);
            return Ok(key.encrypt(&context_of(&context), &nonce, data_key.expose())?);
        }
        let key = self.load_or_create(key_id).await?;
        envelope::wrap_key(&key, &bound(&context), data_key).map_err(KeyError::NotAuthentic)
    }

    async fn unwrap(&self, key_id: &str, context: KeyContext<'_>, wrapped: &[u8]) -> Result<Key, KeyError> {
        if is_of_service(key_id) {
            let key = self.usable(key_id).await?;
            let opened = key.decrypt(&context_of(&context), &Ciphertext::parse(wrapped)?)?;
            let bytes = opened.expose().as_slice().try_into().map_err(|_| CiphertextError::Malformed)?;
            return Ok(Key::new(bytes));
        }
        let not_found = || KeyError::NotFound { key_id: key_id.to_owned() };
        let key = self.load(key_id).await?.ok_or_else(not_found)?;
        envelope::unwrap_key(&key, &bound(&context), wrapped).map_err(KeyError::NotAuthentic)
    }

    async fn key(&self, key_arn: &str) -> Result<Option<Arc<KmsKeyInUse>>, KeyError> {
        self.kms_keys.find(key_arn).await
    }

    async fn new_material(
        &self,
        key_arn: &str,
        number: u32,
        copied: Option<&str>,
    ) -> Result<Vec<u8>, KeyError> {
        let material = match copied {
            Some(managed) => self.load_or_create(managed).await?,
            None => {
                let mut fresh = Key::new([0; KEY_BYTES]);
                self.entropy.fill(fresh.expose_mut());
                Arc::new(fresh)
            }
        };
        kms_keys::wrap_material(&self.wrapping, key_arn, number, &material).map_err(KeyError::NotAuthentic)
    }
}

/// Whether the key is one of the key management service, and not one that the ring manages by itself.
fn is_of_service(key_id: &str) -> bool {
    matches!(KeyId::parse(key_id), Ok(KeyId::Key { .. }))
}

fn context_of(context: &KeyContext<'_>) -> EncryptionContext {
    EncryptionContext::of_secret(context.resource, context.version_id)
}

/// Where a key is that the ring manages by itself; there is one if it was ever used.
pub fn managed_key_place(key_id: &str) -> store::Key {
    record(key_id)
}

fn record(key_id: &str) -> store::Key {
    store::Key::new(format!("kms\0{key_id}"))
}

const fn bound<'a>(context: &KeyContext<'a>) -> [&'a [u8]; 2] {
    [context.resource.as_bytes(), context.version_id.as_bytes()]
}
