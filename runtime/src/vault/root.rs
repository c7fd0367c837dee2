//! The root key: it wraps the key ring's keys, and it never rests in the store.
//!
//! The store holds a check record instead, which tells whether a key is the one that this data folder was
//! made with. Order of the first start: the key is durable outside, then the check record is committed,
//! then anything is sealed. Whoever dies in between leaves a key that sealed nothing, and the next start
//! takes it; once the record is there, a missing key is never replaced by a new one.

use hmac::{Hmac, KeyInit, Mac};
use keywheel_domain::envelope::{self, KEY_BYTES};
use keywheel_domain::sensitive::Sensitive;
use serde::{Deserialize, Serialize};
use sha2::{Sha256, Sha512};

use super::lost_race;
use super::passphrase::{Passphrase, PassphraseCost, PassphraseError};
use super::root_file::{self, RootFileError};
use crate::config::RootKeySource;
use crate::entropy::Entropy;
use crate::store::{Batch, Entry, Key, Store, StoreError};

const RECORD_KEY: &str = "root-key\0";
/// The only layout of the check record so far.
const RECORD_FORMAT: u32 = 1;

const PURPOSE_CHECK: &[u8] = b"keywheel root key: check";
const PURPOSE_DERIVATION: &[u8] = b"keywheel root key: derivation";
const PURPOSE_WRAPPING: &[u8] = b"keywheel root key: wrapping";

/// Why there is no root key to go on with. The sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    /// The key file is absent, open to others or not a key.
    #[error(transparent)]
    File(#[from] RootFileError),
    /// The passphrase cannot be turned into a key.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// The key in the file is another than the one that sealed this folder.
    #[error("the root key in `{path}` does not fit this data folder: give the file that it was made with")]
    WrongFile {
        /// The key file.
        path: String,
    },
    /// Another passphrase than the one that sealed this folder.
    #[error("the passphrase does not fit this data folder: give the one that it was made with")]
    WrongPassphrase,
    /// A key file was given where a passphrase belongs.
    #[error(
        "this data folder was made with a passphrase: give it by --passphrase-file or KEYWHEEL_PASSPHRASE"
    )]
    NeedsPassphrase,
    /// A passphrase was given where a key file belongs.
    #[error("this data folder was made with a root key file, not a passphrase: give it by --root-key-file")]
    NeedsFile,
    /// A later version wrote the check record.
    #[error(
        "the check record of the root key has format {found}; this version of keywheel reads format \
         {RECORD_FORMAT}"
    )]
    UnknownFormat {
        /// What was found.
        found: u32,
    },
    /// The check record cannot be read as one.
    #[error("the check record of the root key is damaged: restore the store from a backup")]
    Damaged,
    /// The store failed.
    #[error("the check record of the root key could not be read or written")]
    Store(#[from] StoreError),
}

/// The key above all others. Only keys that are derived from it are used.
pub struct RootKey(envelope::Key);

impl RootKey {
    pub(super) const fn new(key: envelope::Key) -> Self {
        Self(key)
    }

    /// Wraps the key ring's keys.
    pub(super) fn wrapping(&self) -> envelope::Key {
        let mut mac = Hmac::<Sha512>::new_from_slice(self.0.expose()).expect("HMAC takes keys of any length");
        mac.update(PURPOSE_WRAPPING);
        let wrapping: [u8; KEY_BYTES] = mac.finalize().into_bytes().into();
        Sensitive::new(wrapping)
    }

    /// Derives keys for other purposes.
    pub(super) fn derivation(&self) -> Sensitive<[u8; 32]> {
        authenticate(self.0.expose(), PURPOSE_DERIVATION)
    }

    /// Tells this key from another and gives nothing of it away.
    fn check(&self) -> String {
        hex::encode(authenticate(self.0.expose(), PURPOSE_CHECK).expose())
    }
}

/// HMAC-SHA-256.
pub(super) fn authenticate(key: &[u8], message: &[u8]) -> Sensitive<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    let code: [u8; 32] = mac.finalize().into_bytes().into();
    Sensitive::new(code)
}

/// What the store knows of the root key.
#[derive(Serialize, Deserialize)]
struct CheckRecord {
    format: u32,
    check: String,
    /// Present when the key comes from a passphrase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    passphrase: Option<Passphrase>,
}

/// The root key of this data folder: the one it was made with, or a new one when nothing was sealed yet.
///
/// `cost` is what a new passphrase costs to try; an existing one keeps the cost that it was made with.
pub async fn open_root_key(
    store: &dyn Store,
    source: &RootKeySource,
    cost: PassphraseCost,
    entropy: &dyn Entropy,
) -> Result<RootKey, RootKeyError> {
    loop {
        if let Some(entry) = store.load(&Key::new(RECORD_KEY)).await? {
            return open_known(&entry, source);
        }
        let (key, passphrase) = match source {
            RootKeySource::File(path) => (root_file::read_or_create(path, entropy)?, None),
            RootKeySource::Passphrase(secret) => {
                let passphrase = Passphrase::new(cost, entropy);
                (passphrase.derive(secret)?, Some(passphrase))
            }
        };
        let record = CheckRecord { format: RECORD_FORMAT, check: key.check(), passphrase };
        let value = serde_json::to_vec(&record).expect("the record has string keys only");
        let batch = Batch::new().expect(Key::new(RECORD_KEY), None).put(Key::new(RECORD_KEY), value);
        match store.commit(batch).await {
            Ok(_) => return Ok(key),
            // Another process was first: its record decides. No one removes it, so this ends.
            Err(error) => lost_race(error)?,
        }
    }
}

fn open_known(entry: &Entry, source: &RootKeySource) -> Result<RootKey, RootKeyError> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format: found } = serde_json::from_slice(&entry.value).map_err(|_| RootKeyError::Damaged)?;
    if found != RECORD_FORMAT {
        return Err(RootKeyError::UnknownFormat { found });
    }
    let record: CheckRecord = serde_json::from_slice(&entry.value).map_err(|_| RootKeyError::Damaged)?;
    let (key, wrong) = match (source, record.passphrase) {
        (RootKeySource::File(path), None) => {
            (root_file::read(path)?, RootKeyError::WrongFile { path: path.display().to_string() })
        }
        (RootKeySource::Passphrase(secret), Some(passphrase)) => {
            (passphrase.derive(secret)?, RootKeyError::WrongPassphrase)
        }
        (RootKeySource::File(_), Some(_)) => return Err(RootKeyError::NeedsPassphrase),
        (RootKeySource::Passphrase(_), None) => return Err(RootKeyError::NeedsFile),
    };
    // An ordinary comparison: both sides are codes of keys, and the attempt is the operator's own.
    if key.check() == record.check { Ok(key) } else { Err(wrong) }
}
