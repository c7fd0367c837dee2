//! Takes secret values out of texts that people read.
//!
//! What counts as secret, of each value that the invocation read, stored or generated:
//!
//! - the whole text (or the bytes, in hexadecimal digits and, when they are one, as text);
//! - of a JSON text, every string and number in it, except under the keys of [`PUBLIC_KEYS`];
//! - of a text with several lines that is not JSON, every line of at least [`LINE_CHARS_MIN`] characters;
//! - each of these as it looks escaped in a JSON string or in Rust's debug output;
//! - the first [`ENCODED_MAX`] of these as they look in hexadecimal digits, percent-encoded as in a URL, and in
//!   Base64, wherever in a longer text that was encoded they stood.
//!
//! Whatever is shorter than [`SECRET_CHARS_MIN`] stays: to redact it would garble every text and hide little.
//! A value that the function takes apart before it prints it is not recognised.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use keywheel_domain::api::SecretValue;
use keywheel_domain::sensitive::Sensitive;
use serde_json::Value;
use zeroize::Zeroizing;

/// What stands in the place of a value.
const PLACEHOLDER: &str = "[redacted]";
/// Shorter texts are not redacted.
const SECRET_CHARS_MIN: usize = 4;
/// Shorter lines of a longer text are not redacted alone.
const LINE_CHARS_MIN: usize = 8;
/// Texts whose encoded forms are known; those of more would make every line of a log dear.
const ENCODED_MAX: usize = 64;
/// Keys of a secret's JSON whose values operators need to read in a log, in small letters.
const PUBLIC_KEYS: [&str; 13] = [
    "engine",
    "host",
    "port",
    "username",
    "user",
    "dbname",
    "database",
    "ssl",
    "sslmode",
    "masterarn",
    "dbinstanceidentifier",
    "dbclusteridentifier",
    "region",
];

/// The values to take out.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    /// Longest first, each once.
    secrets: Vec<Sensitive<String>>,
    /// Texts whose encoded forms are among them.
    encoded: usize,
}

impl Redactor {
    /// From now on, takes out this value of a secret and its parts.
    pub(crate) fn learn_value(&mut self, value: &SecretValue) {
        match value {
            SecretValue::Text(text) => self.learn_text(text.expose()),
            SecretValue::Binary(bytes) => {
                self.learn(&Zeroizing::new(hex::encode(bytes.expose())));
                if let Ok(text) = std::str::from_utf8(bytes.expose()) {
                    self.learn_text(text);
                }
            }
        }
    }

    /// From now on, takes out this text.
    pub(crate) fn learn(&mut self, text: &str) {
        if text.chars().count() < SECRET_CHARS_MIN {
            return;
        }
        self.insert(text);
        self.insert(&Zeroizing::new(text.escape_debug().to_string()));
        self.insert(Zeroizing::new(Value::String(text.to_owned()).to_string()).trim_matches('"'));
        if self.encoded < ENCODED_MAX {
            self.encoded += 1;
            self.learn_encoded(text.as_bytes());
        }
    }

    fn learn_encoded(&mut self, bytes: &[u8]) {
        self.insert(&Zeroizing::new(hex::encode(bytes)));
        self.insert(&Zeroizing::new(hex::encode_upper(bytes)));
        self.insert(&Zeroizing::new(percent_encoded(bytes)));
        // Three bytes are four digits: what stands before the text decides which digits are its alone.
        for before in 0..3 {
            let shifted = Zeroizing::new([&[0; 2][..before], bytes].concat());
            let digits = (before * 4).div_ceil(3)..shifted.len() * 4 / 3;
            for engine in [STANDARD, URL_SAFE] {
                let text = Zeroizing::new(engine.encode(&*shifted));
                if digits.len() >= SECRET_CHARS_MIN {
                    self.insert(&text[digits.clone()]);
                }
            }
        }
    }

    fn learn_text(&mut self, text: &str) {
        self.learn(text);
        match serde_json::from_str::<Value>(text) {
            Ok(json @ (Value::Object(_) | Value::Array(_))) => self.learn_leaves(json),
            _ => text
                .lines()
                .filter(|line| line.chars().count() >= LINE_CHARS_MIN)
                .for_each(|line| self.learn(line)),
        }
    }

    /// Takes the JSON apart, so that each text in it is wiped as soon as it is learnt.
    fn learn_leaves(&mut self, json: Value) {
        match json {
            Value::String(text) => self.learn(&Zeroizing::new(text)),
            Value::Number(number) => self.learn(&Zeroizing::new(number.to_string())),
            Value::Array(items) => items.into_iter().for_each(|item| self.learn_leaves(item)),
            Value::Object(members) => {
                for (key, value) in members {
                    let public = PUBLIC_KEYS.contains(&key.to_ascii_lowercase().as_str());
                    if !public || value.is_object() || value.is_array() {
                        self.learn_leaves(value);
                    }
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn insert(&mut self, text: &str) {
        let longer = self.secrets.partition_point(|known| known.expose().len() > text.len());
        let same_length =
            self.secrets[longer..].iter().take_while(|known| known.expose().len() == text.len());
        if same_length.into_iter().all(|known| known.expose() != text) {
            self.secrets.insert(longer, Sensitive::new(text.to_owned()));
        }
    }

    /// The text without the values. Values that overlap are taken out together.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut covered = vec![false; text.len()];
        let mut found = false;
        for secret in self.secrets.iter().map(Sensitive::expose) {
            let mut from = 0;
            while let Some(at) = text.get(from..).and_then(|rest| rest.find(secret.as_str())) {
                let start = from + at;
                covered[start..start + secret.len()].fill(true);
                from = text.ceil_char_boundary(start + 1);
                found = true;
            }
        }
        if !found {
            return text.to_owned();
        }
        let mut clean = String::with_capacity(text.len());
        for (at, character) in text.char_indices() {
            if !covered[at] {
                clean.push(character);
            } else if at == 0 || !covered[at - 1] {
                clean.push_str(PLACEHOLDER);
            }
        }
        clean
    }
}

/// As in a URL: letters, digits and four signs stay.
fn percent_encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len()), |mut text, byte| {
        match byte {
            b'-' | b'.' | b'_' | b'~' => text.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => text.push(char::from(*byte)),
            byte => text.extend(format!("%{byte:02X}").chars()),
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, text: &str, expected: &str) {
        let mut redactor = Redactor::default();
        redactor.learn_value(&SecretValue::Text(value.to_owned().into()));
        assert_eq!(redactor.redact(text), expected);
    }

    const DATABASE: &str =
        r#"{"engine":"postgres","host":"db.internal","port":5432,"username":"app","password":"hunter2!"}"#;

    #[test]
    fn where_it_connects_stays_readable_and_the_password_does_not() {
        check(
            DATABASE,
            "postgres app@db.internal:5432 hunter2! xhunter2!x",
            "postgres app@db.internal:5432 [redacted] x[redacted]x",
        );
        check(DATABASE, DATABASE, PLACEHOLDER);
    }

    #[test]
    fn every_other_leaf_is_secret() {
        check(
            r#"{"keys":[{"id":"AKIA1234"},{"pin":908070}],"on":true}"#,
            "AKIA1234 908070 true",
            "[redacted] [redacted] true",
        );
        check(r#"{"host":{"token":"abcd"}}"#, "abcd", PLACEHOLDER);
    }

    #[test]
    fn a_value_that_is_not_json_is_secret_as_a_whole_and_by_line() {
        check("plain text", "the plain text", "the [redacted]");
        check("-----BEGIN\nMIIEvQIBADAN\nxx\n", "line MIIEvQIBADAN xx", "line [redacted] xx");
    }

    #[test]
    fn escaped_forms_are_recognised() {
        check(r#"{"password":"a\"b\\c"}"#, r#"{"p":"a\"b\\c"} a"b\c"#, r#"{"p":"[redacted]"} [redacted]"#);
    }

    #[test]
    fn short_values_stay_and_overlapping_ones_go_together() {
        check("abc", "abc abc", "abc abc");
        check(r#"["abcdef","defghi"]"#, "xabcdefghix", "x[redacted]x");
        check("aaaa", "aaaaaa", PLACEHOLDER);
        check("größe", "die größe da", "die [redacted] da");
    }

    #[test]
    fn encoded_forms_are_recognised() {
        let secret = "p\u{e4}ss/w+rd 1";
        check(secret, &format!("x{}x", hex::encode(secret)), "x[redacted]x");
        check(secret, &format!("x{}x", hex::encode_upper(secret)), "x[redacted]x");
        check(secret, "u?p=p%C3%A4ss%2Fw%2Brd%201&x", "u?p=[redacted]&x");
        for engine in [STANDARD, URL_SAFE] {
            // Whatever stands before and behind, at most one digit at each end is not the secret's alone.
            for (before, after) in [("", ""), ("a", ""), ("ab", ":z"), ("app:", ""), ("abcde", "wxyz")] {
                let text = engine.encode(format!("{before}{secret}{after}"));
                let mut redactor = Redactor::default();
                redactor.learn(secret);
                let clean = redactor.redact(&text);
                let longest = before.len() * 4 / 3 + 1 + after.len() * 4 / 3 + 4;
                assert!(clean.contains(PLACEHOLDER), "{text}: {clean}");
                assert!(clean.len() <= longest + PLACEHOLDER.len(), "{text}: {clean}");
            }
        }
    }

    #[test]
    fn a_value_of_many_texts_is_not_learnt_in_all_forms() {
        let many: Vec<String> = (10_000..11_000).map(|number| number.to_string()).collect();
        let mut redactor = Redactor::default();
        redactor.learn_value(&SecretValue::Text(serde_json::to_string(&many).unwrap().into()));
        assert!(redactor.secrets.len() <= 1001 * 3 + ENCODED_MAX * 9, "{}", redactor.secrets.len());
        assert_eq!(redactor.redact("10999"), PLACEHOLDER);
    }

    #[test]
    fn bytes_are_secret_in_hexadecimal() {
        let mut redactor = Redactor::default();
        redactor.learn_value(&SecretValue::Binary(vec![0xde, 0xad, 0xff].into()));
        assert_eq!(redactor.redact("deadff"), PLACEHOLDER);
    }
}
