//! Identifiers and literals for statements that take no bound parameters, such as `ALTER ROLE`.
//!
//! The rules are those of PostgreSQL, and of MySQL and MariaDB where a name says so. They assume a client
//! encoding in which no byte of a longer character is a quote or a backslash; UTF-8 is one.

use thiserror::Error;

/// The text holds a zero byte, which no PostgreSQL text and no MySQL name can.
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

/// What a backslash in a text means to a MySQL or MariaDB session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backslash {
    /// It escapes what comes after it.
    Escapes,
    /// Itself: the session's `sql_mode` holds `NO_BACKSLASH_ESCAPES`.
    IsItself,
}

impl Backslash {
    /// The meaning under a `sql_mode`, as `SELECT @@SESSION.sql_mode` shows it.
    pub fn under(sql_mode: &str) -> Self {
        let is_itself = sql_mode.split(',').any(|mode| mode.eq_ignore_ascii_case("NO_BACKSLASH_ESCAPES"));
        if is_itself { Self::IsItself } else { Self::Escapes }
    }
}

/// Quotes a name for MySQL and MariaDB, also the user and the host of an account: `` `…` ``, with each
/// backtick doubled. It means the same under every `sql_mode`.
///
/// ```
/// use keywheel_sdk::sql::quote_mysql_identifier;
///
/// assert_eq!(quote_mysql_identifier("my `app`").unwrap(), "`my ``app```");
/// assert!(quote_mysql_identifier("a\0b").is_err());
/// ```
pub fn quote_mysql_identifier(name: &str) -> Result<String, EmbeddedNul> {
    enclosed(name, '`', &['`'])
}

/// Quotes a text for MySQL and MariaDB: `'…'`, with each quote doubled, and each backslash too where it
/// escapes. A text without a backslash is the same in every session.
///
/// ```
/// use keywheel_sdk::sql::{Backslash, quote_mysql_literal};
///
/// assert_eq!(quote_mysql_literal("it's", Backslash::Escapes).unwrap(), "'it''s'");
/// assert_eq!(quote_mysql_literal(r"a\b", Backslash::Escapes).unwrap(), r"'a\\b'");
/// assert_eq!(quote_mysql_literal(r"a\b", Backslash::IsItself).unwrap(), r"'a\b'");
/// ```
pub fn quote_mysql_literal(text: &str, backslash: Backslash) -> Result<String, EmbeddedNul> {
    match backslash {
        Backslash::Escapes => enclosed(text, '\'', &['\'', '\\']),
        Backslash::IsItself => enclosed(text, '\'', &['\'']),
    }
}
