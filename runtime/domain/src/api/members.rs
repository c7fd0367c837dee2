//! Reads the members of a request body one by one.
//!
//! A member of the wrong JSON type ends the reading (`SerializationException`); a broken constraint
//! is collected, so that the caller is told all of them at once (`ValidationException`). Neither
//! message repeats what the caller sent.

mod blobs;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use base64::Engine as _;
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::json::Distinct;
use super::{ApiError, ErrorCode, SecretValue};
use crate::sensitive::Sensitive;

/// Smallest and largest length in characters, number of items, or value of a member.
pub type Bounds = RangeInclusive<usize>;

/// `SecretId`.
pub(super) const SECRET_ID_CHARS: Bounds = 1..=2048;
/// `ClientRequestToken` and version ids.
pub(super) const TOKEN_CHARS: Bounds = 32..=64;
/// A staging label.
pub(super) const STAGE_CHARS: Bounds = 1..=256;
/// `SecretString` in bytes and `SecretBinary` in decoded bytes.
pub const VALUE_BYTES_MAX: usize = 65_536;
const VALUE_BYTES: Bounds = 1..=VALUE_BYTES_MAX;
/// `NextToken`.
pub(super) const NEXT_TOKEN_CHARS: Bounds = 1..=4096;
/// `Description` and `KmsKeyId`.
pub(super) const DESCRIPTION_CHARS: Bounds = 0..=2048;
/// Characters of the id of a request for approval.
pub(super) const APPROVAL_ID_CHARS: Bounds = 1..=64;
/// Characters of what a person writes to an answer.
pub(super) const COMMENT_CHARS: Bounds = 0..=512;

/// The members of a request that have not been read yet.
pub struct Members {
    members: Map<String, Value>,
    violations: Vec<String>,
    /// Path of the members in the request, empty at the top.
    path: String,
    /// They came as a form, in which everything is text.
    textual: bool,
}

/// Tells nothing of what the members hold.
impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Members").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Members {
    /// Parses a body. An empty body has no members, as with the real service.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let value = if body.is_empty() {
            Value::Object(Map::new())
        } else {
            let Distinct(value) = serde_json::from_slice(body).map_err(|error| not_read(&error))?;
            value
        };
        match value {
            Value::Object(members) => Ok(Self::of(members, String::new(), false)),
            other => Err(serialization(format!("the body must be a JSON object, not {}", kind(&other)))),
        }
    }

    /// The members of a form.
    pub fn of_form(members: Map<String, Value>) -> Self {
        Self::of(members, String::new(), true)
    }

    fn of(members: Map<String, Value>, path: String, textual: bool) -> Self {
        Self { members, violations: Vec::new(), path, textual }
    }

    /// Tells every broken constraint, in the service's form.
    pub fn finish(self) -> Result<(), ApiError> {
        if self.violations.is_empty() {
            return Ok(());
        }
        let count = self.violations.len();
        let noun = if count == 1 { "error" } else { "errors" };
        Err(ApiError::new(
            ErrorCode::Validation,
            format!("{count} validation {noun} detected: {}", self.violations.join("; ")),
        ))
    }

    /// An optional string of so many characters.
    pub fn text(&mut self, name: &str, chars: Bounds) -> Result<Option<String>, ApiError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let Value::String(text) = value else { return Err(self.wrong_type(name, "a string", &value)) };
        self.check_length(name, text.chars().count(), &chars);
        Ok(Some(text))
    }

    /// A string that must be there; an empty one stands in when it is not, and `finish` refuses.
    pub fn required_text(&mut self, name: &str, chars: Bounds) -> Result<String, ApiError> {
        let text = self.text(name, chars)?;
        Ok(self.require(name, text).unwrap_or_default())
    }

    /// An optional boolean.
    pub fn boolean(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(Value::String(text)) if self.textual && text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if self.textual && text == "false" => Ok(Some(false)),
            Some(other) => Err(self.wrong_type(name, "true or false", &other)),
        }
    }

    /// An optional whole number without bounds.
    pub fn integer(&mut self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let number = match &value {
            Value::String(text) if self.textual => text.parse().ok(),
            value => value.as_i64(),
        };
        match number {
            Some(number) => Ok(Some(number)),
            None => Err(self.wrong_type(name, "a whole number of at most 63 bits", &value)),
        }
    }

    /// An optional number.
    pub fn number(&mut self, name: &str) -> Result<Option<f64>, ApiError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        value.as_f64().map(Some).ok_or_else(|| self.wrong_type(name, "a number", &value))
    }

    /// An optional whole number within bounds.
    pub fn bounded_integer(&mut self, name: &str, bounds: Bounds) -> Result<Option<usize>, ApiError> {
        let Some(number) = self.integer(name)? else { return Ok(None) };
        match usize::try_from(number) {
            Ok(number) if bounds.contains(&number) => return Ok(Some(number)),
            Ok(number) if number > *bounds.end() => {
                self.violation(name, &format!("have value less than or equal to {}", bounds.end()));
            }
            _ => self.violation(name, &format!("have value greater than or equal to {}", bounds.start())),
        }
        Ok(Some(*bounds.start()))
    }

    /// `SecretString` or `SecretBinary`; both together are refused.
    pub fn secret_value(&mut self) -> Result<Option<SecretValue>, ApiError> {
        let text = match self.take("SecretString") {
            None => None,
            Some(Value::String(text)) => {
                self.check_length("SecretString", text.len(), &VALUE_BYTES);
                Some(SecretValue::Text(text.into()))
            }
            Some(other) => return Err(self.wrong_type("SecretString", "a string", &other)),
        };
        let binary = match self.take("SecretBinary") {
            None => None,
            Some(Value::String(encoded)) => {
                let encoded = Sensitive::new(encoded);
                let bytes = base64::engine::general_purpose::STANDARD
                    .decode(encoded.expose())
                    .map_err(|_| serialization("`SecretBinary` must be base64".to_owned()))?;
                self.check_length("SecretBinary", bytes.len(), &VALUE_BYTES);
                Some(SecretValue::Binary(bytes.into()))
            }
            Some(other) => return Err(self.wrong_type("SecretBinary", "a base64 string", &other)),
        };
        match (text, binary) {
            (Some(_), Some(_)) => Err(ApiError::new(
                ErrorCode::InvalidParameter,
                "You can't specify both a binary secret value and a string secret value in the same secret.",
            )),
            (text, binary) => Ok(text.or(binary)),
        }
    }

    /// An optional list of strings: so many items, each of so many characters.
    pub fn list(
        &mut self,
        name: &str,
        items: Bounds,
        chars: Bounds,
    ) -> Result<Option<Vec<String>>, ApiError> {
        let Some(values) = self.array(name, items)? else { return Ok(None) };
        let mut list = Vec::with_capacity(values.len());
        for value in values {
            let Value::String(text) = value else {
                return Err(self.wrong_type(name, "a list of strings", &value));
            };
            self.check_length(name, text.chars().count(), &chars);
            list.push(text);
        }
        Ok(Some(list))
    }

    /// An optional binary member, in base64.
    pub fn blob(&mut self, name: &str) -> Result<Option<Vec<u8>>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(encoded)) => {
                let decoded = base64::engine::general_purpose::STANDARD.decode(&encoded);
                decoded.map(Some).map_err(|_| serialization(format!("`{name}` must be base64")))
            }
            Some(other) => Err(self.wrong_type(name, "a base64 string", &other)),
        }
    }

    /// An optional map of strings.
    pub fn texts(&mut self, name: &str) -> Result<Option<BTreeMap<String, String>>, ApiError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let Value::Object(members) = value else { return Err(self.wrong_type(name, "an object", &value)) };
        let mut texts = BTreeMap::new();
        for (key, value) in members {
            let Value::String(text) = value else {
                return Err(self.wrong_type(name, "an object of strings", &value));
            };
            texts.insert(key, text);
        }
        Ok(Some(texts))
    }

    /// How many members an optional object has.
    pub fn count(&mut self, name: &str) -> Result<Option<usize>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(members.len())),
            Some(other) => Err(self.wrong_type(name, "an object", &other)),
        }
    }

    /// An optional list of structures, each read by `read`.
    pub fn structures<T>(
        &mut self,
        name: &str,
        items: Bounds,
        read: impl Fn(&mut Self) -> Result<T, ApiError>,
    ) -> Result<Option<Vec<T>>, ApiError> {
        let Some(values) = self.array(name, items)? else { return Ok(None) };
        let mut list = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            list.push(self.nested(&format!("{name}.{}.member", index + 1), value, &read)?);
        }
        Ok(Some(list))
    }

    /// An optional structure, read by `read`.
    pub fn structure<T>(
        &mut self,
        name: &str,
        read: impl Fn(&mut Self) -> Result<T, ApiError>,
    ) -> Result<Option<T>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => self.nested(name, value, &read).map(Some),
        }
    }

    /// One of a set of words; `None` when absent, or when `finish` will refuse it.
    pub fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name, 0..=usize::MAX)? else { return Ok(None) };
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let set: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.violation(name, &format!("satisfy enum value set: [{}]", set.join(", ")));
        }
        Ok(found)
    }

    /// One of a set of words that must be there; `None` when `finish` will refuse it.
    pub fn required_word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, ApiError> {
        let told = self.violations.len();
        let found = self.word(name, words)?;
        if found.is_none() && self.violations.len() == told {
            self.violation(name, "not be null");
        }
        Ok(found)
    }

    /// Notes that `name` breaks a constraint: "Member must `constraint`".
    pub fn violation(&mut self, name: &str, constraint: &str) {
        let member = self.wire_path(name);
        self.violations
            .push(format!("Value at '{member}' failed to satisfy constraint: Member must {constraint}"));
    }

    /// Notes that `name` is missing when `value` is `None`.
    pub fn require<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.violation(name, "not be null");
        }
        value
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    fn array(&mut self, name: &str, items: Bounds) -> Result<Option<Vec<Value>>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(values)) => {
                self.check_length(name, values.len(), &items);
                Ok(Some(values))
            }
            // So clients write an empty list.
            Some(Value::String(text)) if self.textual && text.is_empty() => {
                self.check_length(name, 0, &items);
                Ok(Some(Vec::new()))
            }
            Some(other) => Err(self.wrong_type(name, "a list", &other)),
        }
    }

    fn nested<T>(
        &mut self,
        name: &str,
        value: Value,
        read: impl Fn(&mut Self) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let Value::Object(members) = value else {
            return Err(self.wrong_type(name, "an object", &value));
        };
        let mut inner = Self::of(members, self.wire_path(name), self.textual);
        let read = read(&mut inner)?;
        self.violations.append(&mut inner.violations);
        Ok(read)
    }

    /// Notes that `name` is shorter or longer than `bounds`.
    pub fn check_length(&mut self, name: &str, length: usize, bounds: &Bounds) {
        if length < *bounds.start() {
            self.violation(name, &format!("have length greater than or equal to {}", bounds.start()));
        } else if length > *bounds.end() {
            self.violation(name, &format!("have length less than or equal to {}", bounds.end()));
        }
    }

    /// Validation messages spell members in camel case: `secretId`, `tags.1.member.key`.
    fn wire_path(&self, name: &str) -> String {
        let mut chars = name.chars();
        let first = chars.next().map(|first| first.to_ascii_lowercase());
        let dot = if self.path.is_empty() { "" } else { "." };
        format!("{}{dot}{}{}", self.path, first.map(String::from).unwrap_or_default(), chars.as_str())
    }

    fn wrong_type(&self, name: &str, wanted: &str, found: &Value) -> ApiError {
        let dot = if self.path.is_empty() { "" } else { "." };
        serialization(format!("`{}{dot}{name}` must be {wanted}, not {}", self.path, kind(found)))
    }
}

/// The parser's message may repeat a part of the body, so only the place is told.
fn not_read(error: &serde_json::Error) -> ApiError {
    let what = match error.classify() {
        Category::Data => "the body names a member twice",
        Category::Eof => "the body is not JSON: it ends too early",
        Category::Io | Category::Syntax => "the body is not JSON, or nested too deeply",
    };
    serialization(format!("{what}: line {}, column {}", error.line(), error.column()))
}

fn serialization(message: String) -> ApiError {
    ApiError::new(ErrorCode::Serialization, message)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
