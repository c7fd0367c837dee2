//! Secret values that are recognised wherever they must not be: each begins with the same characters.
//!
//! What the tests make up as a secret is such a value, and whatever a server leaves behind is searched for their
//! beginning when it ends. Passwords that a rotation made are not among them: nobody gave them out.

use std::fs;
use std::path::Path;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keywheel::entropy::{self, SystemEntropy};

/// What each of them begins with: letters, so that it may stand in any password and needs no quotes.
pub const BEGINNING: &str = "KeywheelCanary";
/// Random characters behind it: no two are the same.
const RANDOM_CHARS: usize = 18;
/// Native code that was compiled from components alone. It is large, and no value comes near it.
const COMPILED: &str = "cwasm";

/// A new one.
pub fn value() -> String {
    format!("{BEGINNING}{}", entropy::alphanumeric(&SystemEntropy, RANDOM_CHARS))
}

/// Whether one of them is in a text or among bytes: plain, in hexadecimal, or in base64.
pub fn is_in(bytes: &[u8]) -> bool {
    // The bytes that are ASCII stay as they are.
    let text = String::from_utf8_lossy(bytes);
    forms().iter().any(|form| text.contains(form))
}

/// The files in a folder, and in the folders in it, that hold one of them.
///
/// # Errors
/// The folder cannot be read.
pub fn files_with(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_with(&path)?);
        } else if path.extension().is_none_or(|extension| extension != COMPILED) && is_in(&fs::read(&path)?) {
            found.push(path.display().to_string());
        }
    }
    Ok(found)
}

/// How the beginning may look. In base64 it depends on how many bytes are in front of it; the characters at both
/// ends, which depend on the bytes beside it too, are left out.
fn forms() -> [String; 6] {
    let hexadecimal = hex::encode(BEGINNING);
    let in_base64 = |before: usize| {
        let encoded = STANDARD.encode([&vec![0; before], BEGINNING.as_bytes()].concat());
        let whole = (before + BEGINNING.len()) / 3 * 4;
        encoded[before.div_ceil(3) * 4..whole].to_owned()
    };
    [BEGINNING.to_owned(), hexadecimal.to_uppercase(), hexadecimal, in_base64(0), in_base64(1), in_base64(2)]
}
