//! Keys of the key management service: what they are called, what is stored of them, what they encrypt.
//!
//! A key is symmetric and has versions of material: a rotation adds one, and what the earlier ones encrypted
//! stays readable. The record of a key holds its material wrapped, so that both change and go together.
//!
//! Deliberately absent: where keys rest, who may use them, and what unwraps them.

mod ciphertext;
mod context;
mod id;
mod key;

pub use uuid::Uuid;

pub use self::ciphertext::{
    CIPHERTEXT_BYTES_MAX, Ciphertext, CiphertextError, NONCE_BYTES, PLAIN_BYTES_MAX, open, seal,
};
pub use self::context::{CONTEXT_BYTES_MAX, EncryptionContext};
pub use self::id::{InvalidKeyId, KeyId, MANAGED_ALIAS, alias_arn, check_alias_name, is_reserved, key_arn};
pub use self::key::{
    ALIASES_MAX, Alias, DELETION_DAYS, DELETION_DAYS_DEFAULT, KeyManager, KeyState, KeyTag, KmsKey,
    MATERIALS_MAX, Material, MaterialCause, ON_DEMAND_ROTATIONS_MAX, PERIOD_DAYS, PERIOD_DAYS_DEFAULT,
    PeriodicRotation, TAGS_MAX, TooManyRotations, default_policy,
};

/// Customer keys of one account in one region.
pub const KEYS_MAX: usize = 10_000;

#[cfg(test)]
mod tests;
