//! Keys: ordered bytes.

use std::fmt;

/// A key of the store. Keys are ordered as their bytes are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Vec<u8>);

impl Key {
    /// A key of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The least key that is greater: where a scan goes on after this one.
    #[must_use]
    pub fn successor(&self) -> Self {
        let mut bytes = self.0.clone();
        bytes.push(0);
        Self(bytes)
    }
}

/// As text, with the separator `\0` shown as `/`.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for shown in String::from_utf8_lossy(&self.0).replace('\0', "/").chars() {
            // A control character in a key must not forge a line of the log.
            if shown.is_control() { write!(f, "{}", shown.escape_default())? } else { write!(f, "{shown}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_is_one_readable_line() {
        assert_eq!(format!("{:?}", Key::new("job\0prod/Db\0v1")), "job/prod/Db/v1");
        assert_eq!(format!("{:?}", Key::new("a\nb")), "a\\nb");
        assert_eq!(format!("{:?}", Key::new([0xff])), "\u{fffd}");
    }

    #[test]
    fn nothing_stands_between_a_key_and_its_successor() {
        let key = Key::new("a");
        assert!(key < key.successor());
        assert!(key.successor() < Key::new("a\x01"));
    }
}
