//! Proofs of a password that do not show it: what a client answers to a server's random bytes.

use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The random bytes of a server.
pub(super) const NONCE_BYTES: usize = 20;
pub(super) type Nonce = [u8; NONCE_BYTES];

/// The plugin `mysql_native_password`. An empty password has an empty proof.
pub(super) fn native(password: &[u8], nonce: &Nonce) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let once = Sha1::digest(password);
    let twice = Sha1::digest(once);
    masked(&once, &Sha1::new().chain_update(nonce).chain_update(twice).finalize())
}

/// The plugin `caching_sha2_password`: enough for a server that has seen the password not long ago.
pub(super) fn caching(password: &[u8], nonce: &Nonce) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let once = Sha256::digest(password);
    let twice = Sha256::digest(once);
    masked(&once, &Sha256::new().chain_update(twice).chain_update(nonce).finalize())
}

fn masked(hash: &[u8], mask: &[u8]) -> Vec<u8> {
    hash.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: Nonce = *b"0123456789abcdefghij";

    /// A server holds the hash of the hash. From it and the proof follows the hash, which it checks.
    #[test]
    fn a_server_that_holds_the_hash_of_the_hash_accepts_the_proof() {
        let held = Sha1::digest(Sha1::digest(b"first"));
        let mask = Sha1::new().chain_update(NONCE).chain_update(held).finalize();
        let uncovered = masked(&native(b"first", &NONCE), &mask);
        assert_eq!(Sha1::digest(uncovered), held);

        let held = Sha256::digest(Sha256::digest(b"first"));
        let mask = Sha256::new().chain_update(held).chain_update(NONCE).finalize();
        let uncovered = masked(&caching(b"first", &NONCE), &mask);
        assert_eq!(Sha256::digest(uncovered), held);
        assert_ne!(caching(b"second", &NONCE), caching(b"first", &NONCE));
    }

    #[test]
    fn an_empty_password_has_an_empty_proof() {
        assert!(native(b"", &NONCE).is_empty() && caching(b"", &NONCE).is_empty());
    }
}
