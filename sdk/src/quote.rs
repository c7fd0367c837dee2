//! Identifiers and literals for statements that take no bound parameters, such as `ALTER ROLE`.
//!
//! The rules are PostgreSQL's. They assume a client encoding in which no byte of a longer character
//! is a quote or a backslash; UTF-8 is one.

use thiserror::Error;

/// The text holds a zero byte, which no PostgreSQL text can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the text holds a zero byte")]
pub struct EmbeddedNul;

impl From<EmbeddedNul> for crate::Failure {
    fn from(error: EmbeddedNul) -> Self {
        Self::Permanent(error.to_string())
    }
}

/// Quotes a name: `"…"`, with each quote doubled.
///
/// ```
/// use keywheel_sdk::sql::quote_identifier;
///
/// assert_eq!(quote_identifier("app").unwrap(), r#""app""#);
/// assert_eq!(quote_identifier(r#"my "app""#).unwrap(), r#""my ""app""""#);
/// assert!(quote_identifier("a\0b").is_err());
/// ```
pub fn quote_identifier(name: &str) -> Result<String, EmbeddedNul> {
    enclosed(name, '"', &['"'])
}

/// Quotes a text: `'…'`, with each quote doubled. With a backslash in it: `E'…'`, with each backslash
/// doubled too, which means the same whatever `standard_conforming_strings` says.
///
/// ```
/// use keywheel_sdk::sql::quote_literal;
///
/// assert_eq!(quote_literal("it's").unwrap(), "'it''s'");
/// assert_eq!(quote_literal(r"a\b").unwrap(), r" E'a\\b'");
/// assert!(quote_literal("a\0b").is_err());
/// ```
pub fn quote_literal(text: &str) -> Result<String, EmbeddedNul> {
    if text.contains('\\') {
        // The space keeps a preceding word from swallowing the E.
        return Ok(format!(" E{}", enclosed(text, '\'', &['\'', '\\'])?));
    }
    enclosed(text, '\'', &['\''])
}

fn enclosed(text: &str, quote: char, doubled: &[char]) -> Result<String, EmbeddedNul> {
    if text.contains('\0') {
        return Err(EmbeddedNul);
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for character in text.chars() {
        if doubled.contains(&character) {
            quoted.push(character);
        }
        quoted.push(character);
    }
    quoted.push(quote);
    Ok(quoted)
}
