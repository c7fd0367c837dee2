//! Seals and opens what is confidential.
//!
//! Each value is encrypted under a data key of its own, which travels beside it, wrapped by a key of the
//! [`KeyRing`]; the ring's keys rest in the store wrapped by the root key, and the root key rests outside
//! of it. Nothing here is written in plain text, and no key but a data key leaves the ring.
//!
//! Deliberately absent: who may read what (`ops` decides that) and where a sealed value is stored.

mod access_keys;
mod account;
mod function_environment;
mod kms_keys;
mod local;
mod passphrase;
mod root;
mod root_file;
mod session;
mod webhook_secret;

use std::sync::Arc;

use async_trait::async_trait;
use keywheel_domain::envelope::{self, Binding, EnvelopeError, Key, NONCE_BYTES, Purpose, Sealed};
use keywheel_domain::kms::CiphertextError;
use keywheel_domain::sensitive::Sensitive;

use crate::entropy::{self, Entropy};
use crate::store::{CommitError, StoreError};

pub use self::access_keys::{
    AccessKey, AccessKeyError, AccessKeys, KeyOwner, NewAccessKey, RootAccess, access_key_owner,
    access_key_place, changed_access_key,
};
pub use self::account::{AccountError, settle_account};
pub use self::kms_keys::{KmsKeyInUse, kms_key_place};
pub use self::local::{LocalRing, managed_key_place};
pub use self::passphrase::{PassphraseCost, PassphraseError};
pub use self::root::{RootKey, RootKeyError, open_root_key};
pub use self::root_file::RootFileError;
pub use self::session::SESSION_TOKEN_CHARS_MAX;

/// How often a first-use creation is tried again when another one comes between.
const CREATE_ATTEMPTS_MAX: usize = 4;

/// What a data key is for, as a key service sees it: AWS's encryption context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyContext<'a> {
    /// The ARN of the secret or function, or the access key id.
    pub resource: &'a str,
    /// The version within it; empty where there is none.
    pub version_id: &'a str,
}

/// Why the key ring did not wrap or unwrap.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The ring has no such key and does not make it.
    #[error("there is no key `{key_id}`")]
    NotFound {
        /// The ARN that was asked for.
        key_id: String,
    },
    /// The stored key is damaged, or was wrapped by another root key.
    #[error("the key `{key_id}` does not open with the root key")]
    Damaged {
        /// The ARN of the key.
        key_id: String,
    },
    /// The wrapped data key is not one of this key in this context.
    #[error("the data key does not open with its key")]
    NotAuthentic(#[source] EnvelopeError),
    /// The key is disabled.
    #[error("the key `{key_id}` is disabled")]
    Disabled {
        /// The ARN of the key.
        key_id: String,
    },
    /// The key waits for its deletion.
    #[error("the key `{key_id}` is pending deletion")]
    PendingDeletion {
        /// The ARN of the key.
        key_id: String,
    },
    /// What the key encrypts was too long, or what it should decrypt is not of it.
    #[error("the key does not take this")]
    Ciphertext(#[from] CiphertextError),
    /// The store failed.
    #[error("the keys could not be read or written")]
    Store(#[from] StoreError),
}

/// Wraps and unwraps data keys under keys that never leave it: a local ring, or a key service.
#[async_trait]
pub trait KeyRing: Send + Sync + 'static {
    /// Wraps a data key. A key that the ring manages by itself is made at its first use.
    ///
    /// A crash before or after leaves at most a key that wraps nothing yet. Whoever uses the answer may
    /// rely on it: the key that wrapped is durable before this returns.
    async fn wrap(&self, key_id: &str, context: KeyContext<'_>, data_key: &Key) -> Result<Vec<u8>, KeyError>;

    /// Opens a data key that `wrap` made with the same key and context. It changes nothing.
    async fn unwrap(&self, key_id: &str, context: KeyContext<'_>, wrapped: &[u8]) -> Result<Key, KeyError>;

    /// The key with this ARN as its record says now, its material ready for use. It changes nothing, and an
    /// answer is never older than a change of the record that was answered before the question.
    async fn key(&self, key_arn: &str) -> Result<Option<Arc<KmsKeyInUse>>, KeyError>;

    /// New material for a record of the key, wrapped for this number; that of the key which the ring
    /// manages under `copied`, where one is named. A crash before or after leaves at most that managed key.
    async fn new_material(
        &self,
        key_arn: &str,
        number: u32,
        copied: Option<&str>,
    ) -> Result<Vec<u8>, KeyError>;
}

/// Which version of which secret a value belongs to: it opens with exactly these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// The account, twelve digits.
    pub account: &'a str,
    /// The region, whose default key wraps.
    pub region: &'a str,
    /// The full ARN of the secret.
    pub secret_arn: &'a str,
    /// The version.
    pub version_id: &'a str,
}

impl<'a> Address<'a> {
    const fn binding(self, key_id: &'a str) -> Binding<'a> {
        Binding {
            purpose: Purpose::SecretValue,
            account: self.account,
            resource: self.secret_arn,
            version_id: self.version_id,
            key_id,
        }
    }
}

/// Why a value was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The data key could not be wrapped or unwrapped.
    #[error("the data key could not be had from the key ring")]
    Key(#[from] KeyError),
    /// The value is too long, or the sealed bytes are damaged or belong to something else.
    #[error("the value could not be sealed or opened")]
    Envelope(#[from] EnvelopeError),
}

/// Seals and opens values.
pub struct Vault {
    ring: Arc<dyn KeyRing>,
    entropy: Arc<dyn Entropy>,
    derivation: Sensitive<[u8; 32]>,
}

impl Vault {
    /// A vault over this ring. The root key serves for [`Vault::derive`] only.
    pub fn new(ring: Arc<dyn KeyRing>, root: &RootKey, entropy: Arc<dyn Entropy>) -> Self {
        Self { ring, entropy, derivation: root.derivation() }
    }

    /// Seals the value of a version under a fresh data key, wrapped by the default key of its region.
    pub async fn seal(
        &self,
        address: &Address<'_>,
        value: &Sensitive<Vec<u8>>,
    ) -> Result<Vec<u8>, VaultError> {
        let key_id = default_key_id(address.account, address.region);
        self.seal_bound(&address.binding(&key_id), value.expose()).await
    }

    /// The same, wrapped by the key with this ARN.
    pub async fn seal_with(
        &self,
        address: &Address<'_>,
        key_arn: &str,
        value: &Sensitive<Vec<u8>>,
    ) -> Result<Vec<u8>, VaultError> {
        self.seal_bound(&address.binding(key_arn), value.expose()).await
    }

    /// The keys that wrap.
    pub const fn ring(&self) -> &Arc<dyn KeyRing> {
        &self.ring
    }

    /// Opens the value of a version. Which key sealed it is written in it.
    pub async fn open(&self, address: &Address<'_>, sealed: &[u8]) -> Result<Sensitive<Vec<u8>>, VaultError> {
        let sealed = Sealed::parse(sealed)?;
        self.open_bound(&address.binding(sealed.key_id), &sealed).await
    }

    async fn seal_bound(&self, binding: &Binding<'_>, value: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut data_key = Key::new([0; envelope::KEY_BYTES]);
        self.entropy.fill(data_key.expose_mut());
        let nonce: [u8; NONCE_BYTES] = entropy::bytes(&*self.entropy);
        let wrapped = self.ring.wrap(binding.key_id, context_of(binding), &data_key).await?;
        Ok(envelope::seal(&data_key, &wrapped, binding, &nonce, value)?)
    }

    async fn open_bound(
        &self,
        binding: &Binding<'_>,
        sealed: &Sealed<'_>,
    ) -> Result<Sensitive<Vec<u8>>, VaultError> {
        let wrapped = sealed.wrapped_data_key;
        let data_key = self.ring.unwrap(binding.key_id, context_of(binding), wrapped).await?;
        Ok(envelope::open(&data_key, sealed, binding)?)
    }

    /// A key for a purpose beside sealing, always the same for one root key: to authenticate what this
    /// process wrote itself, a compiled component or a pagination token.
    pub fn derive(&self, purpose: &str) -> Sensitive<[u8; 32]> {
        root::authenticate(self.derivation.expose(), purpose.as_bytes())
    }
}

/// The key that seals where the caller named none: one for each account and region.
pub fn default_key_id(account: &str, region: &str) -> String {
    format!("arn:aws:kms:{region}:{account}:alias/aws/secretsmanager")
}

const fn context_of<'a>(binding: &Binding<'a>) -> KeyContext<'a> {
    KeyContext { resource: binding.resource, version_id: binding.version_id }
}

/// A commit that loses a race is for its caller to repeat; every other failure is the store's.
fn lost_race(error: CommitError) -> Result<(), StoreError> {
    match error {
        CommitError::Conflict { .. } => Ok(()),
        CommitError::Store(error) => Err(error),
        error @ (CommitError::TooLarge { .. } | CommitError::RepeatedKey { .. }) => {
            Err(StoreError::Failed(Arc::new(error)))
        }
    }
}

#[cfg(test)]
mod tests;
