//! Values that must not reach a log, an error or a trace.
//!
//! Deliberately absent: `Display`, `Serialize`, `Deref` and an ordinary comparison. Where the wire
//! needs a value, [`Sensitive::expose`] is written there and can be searched for.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A secret value: wiped when dropped, shown as `[sensitive]`.
#[derive(Clone)]
pub struct Sensitive<T: Zeroize>(T);

impl<T: Zeroize> Sensitive<T> {
    /// Takes a value into custody.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The plain value. Each call site is a place to review.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The plain value, to be filled in place (random bytes, a derived key).
    pub const fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Zeroize> Drop for Sensitive<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> From<T> for Sensitive<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Zeroize> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sensitive]")
    }
}

/// Compares in constant time for values of the same length.
impl<T: Zeroize + AsRef<[u8]>> PartialEq for Sensitive<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_ref().ct_eq(other.0.as_ref()).into()
    }
}

impl<T: Zeroize + AsRef<[u8]>> Eq for Sensitive<T> {}

/// Texts in records of the store, for `#[serde(with)]`: the field that has it says that the store holds it
/// in plain, and why nothing else may.
pub mod stored {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Sensitive;

    /// Writes the plain text.
    pub fn serialize<S: Serializer>(text: &Sensitive<String>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text.expose())
    }

    /// Takes a text into custody.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sensitive<String>, D::Error> {
        String::deserialize(deserializer).map(Sensitive::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let value = Sensitive::new("hunter2".to_owned());
        assert_eq!(format!("{value:?}"), "[sensitive]");
        assert_eq!(format!("{:?}", Some(&value)), "Some([sensitive])");
    }

    #[test]
    fn equality_is_of_the_bytes() {
        assert_eq!(Sensitive::new(b"abc".to_vec()), Sensitive::new(b"abc".to_vec()));
        assert_ne!(Sensitive::new(b"abc".to_vec()), Sensitive::new(b"abd".to_vec()));
        assert_ne!(Sensitive::new(b"abc".to_vec()), Sensitive::new(b"ab".to_vec()));
    }
}
