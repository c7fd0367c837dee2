//! The key that signs for one day, region and service.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::TERMINATOR;
use crate::sensitive::Sensitive;

/// A SHA-256 hash or signature in lower-case hexadecimal.
pub(super) type Hex = [u8; 64];

/// The key derived from a secret access key for one date, region and service.
///
/// It cannot be turned back into the secret access key, so a server may keep it, in memory only, under
/// (access key id, date, region, service) and save four of the five HMACs of a request. It must be
/// forgotten when the access key is removed or disabled.
#[derive(Clone, Debug)]
pub struct SigningKey(Sensitive<[u8; 32]>);

impl SigningKey {
    /// Derives the key. `date` is `YYYYMMDD`.
    pub fn derive(secret_access_key: &Sensitive<String>, date: &str, region: &str, service: &str) -> Self {
        let secret = secret_access_key.expose().as_bytes();
        let mut first = Zeroizing::new(Vec::with_capacity(4 + secret.len()));
        first.extend_from_slice(b"AWS4");
        first.extend_from_slice(secret);
        let of_date = authenticate(&first, date.as_bytes());
        let of_region = authenticate(of_date.expose(), region.as_bytes());
        let of_service = authenticate(of_region.expose(), service.as_bytes());
        Self(authenticate(of_service.expose(), TERMINATOR.as_bytes()))
    }

    /// The signature of a string to sign.
    pub(super) fn sign(&self, string_to_sign: &[u8]) -> Hex {
        to_hex(authenticate(self.0.expose(), string_to_sign).expose())
    }
}

/// The hash of `bytes`.
pub(super) fn sha256_hex(bytes: &[u8]) -> Hex {
    to_hex(&Sha256::digest(bytes).into())
}

fn authenticate(key: &[u8], message: &[u8]) -> Sensitive<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    Sensitive::new(mac.finalize().into_bytes().into())
}

fn to_hex(bytes: &[u8; 32]) -> Hex {
    let mut text = [0; 64];
    hex::encode_to_slice(bytes, &mut text).expect("64 digits spell 32 bytes");
    text
}
