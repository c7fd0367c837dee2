//! SCRAM-SHA-256 verifiers: what PostgreSQL stores in place of a password.
//!
//! A function that sends a verifier in `ALTER ROLE … PASSWORD` keeps the password itself out of the
//! server's statement log, its statistics and its memory.

use postgres_protocol::password::scram_sha_256;

use crate::sensitive::Sensitive;

/// Computes a verifier with a fresh random salt. Two calls give two texts that accept one password.
///
/// ```
/// use keywheel_sdk::scram;
///
/// let verifier = scram::verifier(&"open sesame".into());
/// assert!(verifier.starts_with("SCRAM-SHA-256$4096:"));
/// assert_ne!(verifier, scram::verifier(&"open sesame".into()));
/// ```
pub fn verifier(password: &Sensitive<String>) -> String {
    scram_sha_256(password.expose().as_bytes())
}
