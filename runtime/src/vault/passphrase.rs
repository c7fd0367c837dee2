//! The root key from a passphrase, by argon2id.

use argon2::{Algorithm, Argon2, Params, Version};
use keywheel_domain::envelope::{KEY_BYTES, Key};
use keywheel_domain::sensitive::Sensitive;
use serde::{Deserialize, Serialize};

use super::RootKey;
use crate::entropy::{self, Entropy};

const SALT_BYTES: usize = 16;
/// A stored record must not make the start take all memory: 4 GiB.
const MEMORY_KIB_MAX: u32 = 4 * 1024 * 1024;
/// Nor take for ever.
const PASSES_MAX: u32 = 64;
const LANES_MAX: u32 = 64;

/// Why a passphrase gives no key.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// The stored cost or salt is out of all bounds.
    #[error("the stored salt or cost of the passphrase is damaged: restore the store from a backup")]
    Damaged,
}

/// What one attempt at a passphrase costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassphraseCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl PassphraseCost {
    /// The second recommended choice of RFC 9106: 64 MiB, three passes, four lanes.
    pub const RECOMMENDED: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };
}

impl Default for PassphraseCost {
    fn default() -> Self {
        Self::RECOMMENDED
    }
}

/// How a passphrase becomes the key: in the store beside the check. It is no secret.
#[derive(Serialize, Deserialize)]
pub(super) struct Passphrase {
    salt: String,
    #[serde(flatten)]
    cost: PassphraseCost,
}

impl Passphrase {
    /// With a fresh salt.
    pub(super) fn new(cost: PassphraseCost, entropy: &dyn Entropy) -> Self {
        Self { salt: hex::encode(entropy::bytes::<SALT_BYTES>(entropy)), cost }
    }

    /// The key of this passphrase, right or wrong.
    pub(super) fn derive(&self, passphrase: &Sensitive<String>) -> Result<RootKey, PassphraseError> {
        let damaged = || PassphraseError::Damaged;
        let PassphraseCost { memory_kib, passes, lanes } = self.cost;
        if memory_kib > MEMORY_KIB_MAX || passes > PASSES_MAX || lanes > LANES_MAX {
            return Err(damaged());
        }
        let mut salt = [0; SALT_BYTES];
        hex::decode_to_slice(&self.salt, &mut salt).map_err(|_| damaged())?;
        let params = Params::new(memory_kib, passes, lanes, Some(KEY_BYTES)).map_err(|_| damaged())?;
        let mut key = Key::new([0; KEY_BYTES]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose().as_bytes(), &salt, key.expose_mut())
            .map_err(|_| damaged())?;
        Ok(RootKey::new(key))
    }
}
