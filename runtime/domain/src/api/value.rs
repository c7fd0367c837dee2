//! The value of a secret: text or bytes, never both.

use serde::Serializer;
use serde::ser::SerializeMap;

use crate::sensitive::Sensitive;

/// What a version holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretValue {
    /// `SecretString`.
    Text(Sensitive<String>),
    /// `SecretBinary`, decoded.
    Binary(Sensitive<Vec<u8>>),
}

/// First byte of a value's stored form.
const TEXT: u8 = b't';
const BINARY: u8 = b'b';

impl SecretValue {
    /// The form that is sealed: one byte that tells text from binary, then the bytes.
    pub fn to_stored(&self) -> Sensitive<Vec<u8>> {
        let (kind, bytes) = match self {
            Self::Text(text) => (TEXT, text.expose().as_bytes()),
            Self::Binary(bytes) => (BINARY, bytes.expose().as_slice()),
        };
        let mut stored = Vec::with_capacity(bytes.len() + 1);
        stored.push(kind);
        stored.extend_from_slice(bytes);
        stored.into()
    }

    /// Reads the stored form; `None` when it is not one.
    pub fn from_stored(stored: &Sensitive<Vec<u8>>) -> Option<Self> {
        let (kind, bytes) = stored.expose().split_first()?;
        match *kind {
            TEXT => Some(Self::Text(String::from_utf8(bytes.to_vec()).ok()?.into())),
            BINARY => Some(Self::Binary(bytes.to_vec().into())),
            _ => None,
        }
    }
}

/// For `#[serde(flatten, serialize_with)]` in responses that carry the value to its caller.
pub(super) fn expose<S: Serializer>(value: &SecretValue, serializer: S) -> Result<S::Ok, S::Error> {
    use base64::Engine as _;
    let mut map = serializer.serialize_map(Some(1))?;
    match value {
        SecretValue::Text(text) => map.serialize_entry("SecretString", text.expose())?,
        SecretValue::Binary(bytes) => map.serialize_entry(
            "SecretBinary",
            &base64::engine::general_purpose::STANDARD.encode(bytes.expose()),
        )?,
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_keeps_kind_and_bytes() {
        for value in
            [SecretValue::Text("{\"a\":1}".to_owned().into()), SecretValue::Binary(vec![0, 255].into())]
        {
            assert_eq!(SecretValue::from_stored(&value.to_stored()), Some(value));
        }
        assert_eq!(SecretValue::from_stored(&Vec::new().into()), None);
        assert_eq!(SecretValue::from_stored(&vec![b'x'].into()), None);
    }
}
