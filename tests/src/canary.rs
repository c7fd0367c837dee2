//! Secret values that are recognised wherever they must not be: each begins with the same characters.
//!
//! What the tests make up as a secret is such a value, and whatever a server leaves behind is searched for their
//! beginning when it ends: together with what a rotation made up, which only the store knows.

use std::fs;
use std::path::Path;

use aho_corasick::AhoCorasick;
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

/// Looks for canaries, and for other texts that must not be seen: plain, in JSON, in SQL, in hexadecimal and in base64.
pub struct Search(AhoCorasick);

impl Search {
    /// For all canaries, and for these texts.
    ///
    /// # Errors
    /// There are too many of them.
    pub fn new(texts: &[String]) -> Result<Self> {
        let forms = texts.iter().flat_map(|text| forms(text)).chain(forms(BEGINNING));
        Ok(Self(AhoCorasick::new(forms)?))
    }

    /// Whether one of them is among these bytes.
    pub fn finds(&self, bytes: &[u8]) -> bool {
        self.0.is_match(bytes)
    }

    /// The files in a folder, and in the folders in it, that hold one of them.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn files(&self, folder: &Path) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                found.extend(self.files(&path)?);
            } else if path.extension().is_none_or(|extension| extension != COMPILED)
                && self.finds(&fs::read(&path)?)
            {
                found.push(path.display().to_string());
            }
        }
        Ok(found)
    }
}

/// Whether one of them is in a text or among bytes.
pub fn is_in(bytes: &[u8]) -> bool {
    Search::new(&[]).is_ok_and(|search| search.finds(bytes))
}

/// How a text may look: as it is or as JSON has it, and each of them encoded.
fn forms(text: &str) -> Vec<String> {
    let quoted = serde_json::Value::from(text).to_string();
    let json = &quoted[1..quoted.len() - 1];
    let mut forms = encoded(text);
    if json != text {
        forms.extend(encoded(json));
    }
    forms.push(text.replace('\'', "''"));
    forms
}

/// In base64 it depends on how many bytes are in front of a text; the characters at both ends, which depend on the
/// bytes beside it too, are left out.
fn encoded(text: &str) -> Vec<String> {
    let hexadecimal = hex::encode(text);
    let in_base64 = |before: usize| {
        let encoded = STANDARD.encode([&vec![0; before], text.as_bytes()].concat());
        let whole = (before + text.len()) / 3 * 4;
        encoded[before.div_ceil(3) * 4..whole].to_owned()
    };
    let mut forms = vec![text.to_owned(), hexadecimal.to_uppercase(), hexadecimal];
    for encoded in [in_base64(0), in_base64(1), in_base64(2)] {
        forms.push(encoded.replace('+', "-").replace('/', "_"));
        forms.push(encoded);
    }
    forms
}
