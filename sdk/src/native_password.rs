//! Hashes of `mysql_native_password`: what MariaDB stores in place of a password, and MySQL before its
//! version 8.
//!
//! A function that sends a hash keeps the password itself out of the server's logs and of its binary log.
//! Nobody logs in with the hash alone; a password that is weak can be guessed from it.

use std::fmt::Write as _;

use sha1::{Digest as _, Sha1};

use crate::sensitive::Sensitive;

/// Computes the hash of a password: a star and 40 hexadecimal digits.
///
/// ```
/// use keywheel_sdk::native_password;
///
/// let hash = native_password::hash(&"test".into());
/// assert_eq!(hash, "*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29");
/// ```
pub fn hash(password: &Sensitive<String>) -> String {
    let mut text = String::from("*");
    for byte in Sha1::digest(Sha1::digest(password.expose())) {
        write!(text, "{byte:02X}").expect("a string takes any text");
    }
    text
}
