//! Keys of the key management service, ready for use.
//!
//! Unwrapped material is kept in memory, and none is used whose record has changed ([`Cache`]): a key that is
//! disabled or deleted is refused by the next request, whoever changed it.

use std::sync::Arc;

use keywheel_domain::envelope::{self, EnvelopeError, Key};
use keywheel_domain::kms::{
    self, Ciphertext, CiphertextError, EncryptionContext, KeyId, KeyState, KmsKey, NONCE_BYTES, Uuid,
};
use keywheel_domain::secret::Scope;
use keywheel_domain::sensitive::Sensitive;

use super::KeyError;
use crate::store::{self, Cache, Entry, Lookup, Revision, Store};

/// Keys kept unwrapped in memory. When there are more, all are forgotten and unwrapped again as needed.
const KEYS_CACHED_MAX: usize = 1024;
const MATERIAL_LABEL: &[u8] = b"keywheel kms material";

/// Where the record of a key is.
pub fn kms_key_place(scope: &Scope, id: &str) -> store::Key {
    store::Key::new(["kms-key", &scope.account, &scope.region, id].join("\0"))
}

/// A key with its material, as its record was at one revision.
#[derive(Debug)]
pub struct KmsKeyInUse {
    /// What its record says.
    pub record: KmsKey,
    /// Of the record: what a commit expects to find again.
    pub revision: Revision,
    arn: String,
    id: Uuid,
    /// In the order of the record.
    materials: Vec<Key>,
}

impl KmsKeyInUse {
    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Whether its state lets it be used.
    pub fn check_usable(&self) -> Result<(), KeyError> {
        let key_id = || self.arn.clone();
        match self.record.state {
            KeyState::Enabled => Ok(()),
            KeyState::Disabled => Err(KeyError::Disabled { key_id: key_id() }),
            KeyState::PendingDeletion { .. } => Err(KeyError::PendingDeletion { key_id: key_id() }),
        }
    }

    /// Encrypts under its current material. The state is the caller's to check.
    pub fn encrypt(
        &self,
        context: &EncryptionContext,
        nonce: &[u8; NONCE_BYTES],
        plain: &[u8],
    ) -> Result<Vec<u8>, CiphertextError> {
        let material = self.materials.last().expect("a key is made with material");
        kms::seal(material, (&self.arn, self.id, self.record.current().number), context, nonce, plain)
    }

    /// Decrypts what any of its material has encrypted. The state is the caller's to check.
    pub fn decrypt(
        &self,
        context: &EncryptionContext,
        ciphertext: &Ciphertext<'_>,
    ) -> Result<Sensitive<Vec<u8>>, CiphertextError> {
        let place = self.place_of(ciphertext).ok_or(CiphertextError::NotAuthentic)?;
        kms::open(&self.materials[place], &self.arn, context, ciphertext)
    }

    /// What callers are told of the material that encrypted this.
    pub fn material_id(&self, ciphertext: &Ciphertext<'_>) -> Option<&str> {
        self.place_of(ciphertext).map(|place| self.record.materials[place].id.as_str())
    }

    fn place_of(&self, ciphertext: &Ciphertext<'_>) -> Option<usize> {
        let is_own = ciphertext.key_id == self.id;
        let mut materials = self.record.materials.iter();
        materials.position(|material| is_own && material.number == ciphertext.material)
    }
}

/// See the module's documentation.
pub(super) struct KmsKeys {
    store: Arc<dyn Store>,
    wrapping: Key,
    opened: Cache<String, KmsKeyInUse>,
}

impl KmsKeys {
    pub(super) fn new(store: Arc<dyn Store>, wrapping: Key) -> Self {
        let opened = Cache::new(Arc::clone(&store), KEYS_CACHED_MAX);
        Self { store, wrapping, opened }
    }

    /// The key with this ARN, if there is one.
    pub(super) async fn find(&self, key_arn: &str) -> Result<Option<Arc<KmsKeyInUse>>, KeyError> {
        let missed = match self.opened.find(key_arn).await? {
            Lookup::Hit(key) => return Ok(Some(key)),
            Lookup::Miss(missed) => missed,
        };
        let Ok(KeyId::Key { scope: Some(scope), id }) = KeyId::parse(key_arn) else { return Ok(None) };
        let place = kms_key_place(&scope, &id);
        let Some(entry) = self.store.load(&place).await? else { return Ok(None) };
        let key = self.open(key_arn, &entry)?;
        Ok(Some(self.opened.keep(key_arn.to_owned(), missed, vec![(place, entry.revision)], key)))
    }

    fn open(&self, key_arn: &str, entry: &Entry) -> Result<KmsKeyInUse, KeyError> {
        let damaged = || KeyError::Damaged { key_id: key_arn.to_owned() };
        let record: KmsKey = serde_json::from_slice(&entry.value).map_err(|_| damaged())?;
        let id = Uuid::try_parse(&record.id).map_err(|_| damaged())?;
        if record.materials.is_empty() || record.arn() != key_arn {
            return Err(damaged());
        }
        let unwrapped = record.materials.iter().map(|material| {
            let wrapped = hex::decode(&material.wrapped).map_err(|_| damaged())?;
            let context = [MATERIAL_LABEL, key_arn.as_bytes(), &material.number.to_be_bytes()];
            envelope::unwrap_key(&self.wrapping, &context, &wrapped).map_err(|_| damaged())
        });
        let materials = unwrapped.collect::<Result<_, _>>()?;
        Ok(KmsKeyInUse { record, revision: entry.revision, arn: key_arn.to_owned(), id, materials })
    }
}

/// Wraps material for the record of a key.
pub(super) fn wrap_material(
    wrapping: &Key,
    key_arn: &str,
    number: u32,
    material: &Key,
) -> Result<Vec<u8>, EnvelopeError> {
    let context = [MATERIAL_LABEL, key_arn.as_bytes(), &number.to_be_bytes()];
    envelope::wrap_key(wrapping, &context, material)
}
