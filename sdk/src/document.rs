//! A secret whose value is a JSON object, of whatever form.
//!
//! Fields that nobody asks for are kept as they were written, in their places. All text is held in
//! [`Sensitive`], because any field may be confidential.

use std::fmt;
use std::ops::RangeInclusive;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::Failure;
use crate::secrets::Value;
use crate::sensitive::Sensitive;

const PORTS: RangeInclusive<u64> = 1..=65_535;

/// Why a value cannot be read as a secret. Names the key, never the value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidSecret {
    /// The value is binary, or not a JSON object.
    #[error("the secret value is not a JSON object")]
    NotAnObject,
    /// A key that must be there is not.
    #[error("the secret has no key `{0}`")]
    Missing(&'static str),
    /// A key has a value of another form.
    #[error("the secret's key `{key}` must be {expected}")]
    WrongForm {
        /// The key.
        key: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A pending value leads to another server or user than the current one.
    #[error("the pending value has another `{0}` than the current value")]
    OtherLogin(&'static str),
}

impl From<InvalidSecret> for Failure {
    fn from(error: InvalidSecret) -> Self {
        Self::Permanent(error.to_string())
    }
}

/// The members of a JSON object in their order, each with its value as JSON text.
///
/// ```
/// use keywheel_sdk::document::Document;
/// use keywheel_sdk::secrets::Value;
///
/// let stored = r#"{"host":"api.example","key":"first","team":"blue"}"#;
/// let secret = Document::parse(&Value::Text(stored.into()))?;
/// assert_eq!(secret.required_text("host")?.expose(), "api.example");
/// assert_eq!(secret.port()?, None);
///
/// let next = secret.with_text("key", &"second".into());
/// assert_eq!(next.to_value(), Value::Text(stored.replace("first", "second").into()));
/// # Ok::<(), keywheel_sdk::document::InvalidSecret>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document(Vec<(String, Sensitive<String>)>);

impl Document {
    /// Reads a value.
    pub fn parse(value: &Value) -> Result<Self, InvalidSecret> {
        let Value::Text(text) = value else { return Err(InvalidSecret::NotAnObject) };
        // The parser's own error may quote the text, so it goes no further.
        let mut parser = serde_json::Deserializer::from_str(text.expose());
        let document = parser.deserialize_map(DocumentVisitor).map_err(|_| InvalidSecret::NotAnObject)?;
        parser.end().map_err(|_| InvalidSecret::NotAnObject)?;
        Ok(document)
    }

    /// The text under a key. Null counts as absent.
    pub fn text(&self, key: &'static str) -> Result<Option<Sensitive<String>>, InvalidSecret> {
        let wrong = |_| InvalidSecret::WrongForm { key, expected: "a text" };
        self.json(key).map(|json| serde_json::from_str(json).map(Sensitive::new).map_err(wrong)).transpose()
    }

    /// The text under a key that must be there.
    pub fn required_text(&self, key: &'static str) -> Result<Sensitive<String>, InvalidSecret> {
        self.text(key)?.ok_or(InvalidSecret::Missing(key))
    }

    /// What `port` says: a number, or a text that holds one.
    pub fn port(&self) -> Result<Option<u16>, InvalidSecret> {
        const WRONG: InvalidSecret =
            InvalidSecret::WrongForm { key: "port", expected: "a number from 1 to 65535" };
        let Some(json) = self.json("port") else { return Ok(None) };
        let number = match serde_json::from_str::<String>(json) {
            Ok(text) => text.trim().parse().ok(),
            Err(_) => json.parse().ok(),
        };
        match number {
            Some(number) if PORTS.contains(&number) => Ok(u16::try_from(number).ok()),
            _ => Err(WRONG),
        }
    }

    /// What is true or false: a truth value, or a text that spells one.
    pub fn truth(&self, key: &'static str) -> Result<Option<bool>, InvalidSecret> {
        let Some(json) = self.json(key) else { return Ok(None) };
        let text = serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned());
        match text.to_ascii_lowercase().as_str() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(InvalidSecret::WrongForm { key, expected: "true or false" }),
        }
    }

    /// The same object with another text under a key; all other members stay as they were written.
    #[must_use]
    pub fn with_text(&self, key: &str, text: &Sensitive<String>) -> Self {
        let mut next = self.clone();
        next.set(key.to_owned(), Sensitive::new(json_text(text.expose())));
        next
    }

    /// The value to store.
    pub fn to_value(&self) -> Value {
        let length = self.0.iter().map(|(name, json)| name.len() + json.expose().len() + 6).sum();
        let mut text = String::with_capacity(length);
        text.push('{');
        for (index, (name, json)) in self.0.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(&json_text(name));
            text.push(':');
            text.push_str(json.expose());
        }
        text.push('}');
        Value::Text(Sensitive::new(text))
    }

    fn json(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| name == key);
        found.map(|(_, json)| json.expose().as_str()).filter(|json| *json != "null")
    }

    /// As in other readers of JSON, the last of two members with one name counts.
    fn set(&mut self, key: String, json: Sensitive<String>) {
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, held)) => *held = json,
            None => self.0.push((key, json)),
        }
    }
}

fn json_text(text: &str) -> String {
    serde_json::to_string(text).expect("a string is always JSON")
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut document = Document(Vec::new());
        while let Some(key) = map.next_key::<String>()? {
            let json: Box<RawValue> = map.next_value()?;
            document.set(key, Sensitive::new(Box::<str>::from(json).into_string()));
        }
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Document, InvalidSecret> {
        Document::parse(&Value::Text(text.into()))
    }

    #[test]
    fn a_member_is_absent_when_it_is_null_and_of_a_wrong_form_when_it_is_another() {
        let document = parse(r#"{"a":null,"b":7,"c":"t"}"#).unwrap();
        assert_eq!(document.text("a"), Ok(None));
        assert_eq!(document.required_text("a"), Err(InvalidSecret::Missing("a")));
        let wrong = |expected| Err(InvalidSecret::WrongForm { key: "b", expected });
        assert_eq!(document.text("b"), wrong("a text"));
        assert_eq!(document.truth("b").map(|_| None), wrong("true or false"));
        assert_eq!(document.required_text("c"), Ok("t".into()));
    }

    #[test]
    fn a_new_member_goes_last_and_the_rest_keeps_its_spelling() {
        let document = parse(r#"{"z":1.50e3,"nested":{"b":[1, 2]}}"#).unwrap();
        let expected = r#"{"z":1.50e3,"nested":{"b":[1, 2]},"k\"":"n\"w"}"#;
        assert_eq!(document.with_text("k\"", &"n\"w".into()).to_value(), Value::Text(expected.into()));
    }

    #[test]
    fn no_value_is_shown() {
        let shown = format!("{:?}", parse(r#"{"key":"hunter2"}"#).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
