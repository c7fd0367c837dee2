//! Logs: entries that are numbered without a gap and chained by hashes, in the order of commits.
//!
//! Only who writes the commits knows their order. So the number and the link of an entry are given
//! there, by [`extend`], which every implementation of [`super::Store`] calls; whoever appends expects
//! nothing and conflicts with nobody.
//!
//! Each entry's link covers the link before it, so that a copy of the latest one, kept elsewhere,
//! vouches for all that came before.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use super::{Key, StoreError};

/// Length of a link, in bytes.
pub const LINK_BYTES: usize = 32;
/// Digits of a number in a key: as text, numbers sort as they count.
const NUMBER_DIGITS: usize = 20;
const NUMBER_BYTES: usize = size_of::<u64>();
/// Added to a log's name where its head stands, outside of the range of its entries.
const HEAD_SUFFIX: &[u8] = b"-head";

/// The name of a log. It holds no zero byte.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Log(Key);

impl Log {
    /// A log of this name.
    pub fn new(name: impl Into<Vec<u8>>) -> Self {
        Self(Key::new(name))
    }

    /// Where the entry of this number is: the name, a zero byte, the number in 20 digits.
    pub fn entry(&self, number: u64) -> Key {
        let mut bytes = self.0.as_bytes().to_vec();
        bytes.extend_from_slice(format!("\0{number:0NUMBER_DIGITS$}").as_bytes());
        Key::new(bytes)
    }

    /// The number of the entry under this key; `None` for other keys.
    pub fn number(&self, key: &Key) -> Option<u64> {
        let digits = key.as_bytes().strip_prefix(self.0.as_bytes())?.strip_prefix(b"\0")?;
        if digits.len() != NUMBER_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        str::from_utf8(digits).ok()?.parse().ok()
    }

    /// Where the head is.
    pub fn head(&self) -> Key {
        Key::new([self.0.as_bytes(), HEAD_SUFFIX].concat())
    }

    /// Whether only the log itself writes under this key.
    pub(super) fn owns(&self, key: &Key) -> bool {
        *key == self.head() || self.number(key).is_some()
    }

    /// Bytes of an entry's key.
    pub(super) fn key_bytes(&self) -> usize {
        self.0.as_bytes().len() + 1 + NUMBER_DIGITS
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// SHA-256 over the link before, the number as eight bytes big-endian, and the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link([u8; LINK_BYTES]);

impl Link {
    /// Takes the bytes of an entry apart: its link, and the value that was appended.
    pub fn split(stored: &[u8]) -> Option<(Self, &[u8])> {
        let (link, value) = stored.split_first_chunk::<LINK_BYTES>()?;
        Some((Self(*link), value))
    }
}

/// Lower-case hexadecimal.
impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The last entry of a log: its number and its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The entries that were ever appended.
    pub number: u64,
    /// Vouches for each of them.
    pub link: Link,
}

impl Head {
    /// Before the first entry.
    pub const START: Self = Self { number: 0, link: Link([0; LINK_BYTES]) };

    /// The head after this value; `None` when the numbers are used up.
    #[must_use]
    pub fn next(self, value: &[u8]) -> Option<Self> {
        let number = self.number.checked_add(1)?;
        let mut hash = Sha256::new();
        hash.update(self.link.0);
        hash.update(number.to_be_bytes());
        hash.update(value);
        Some(Self { number, link: Link(hash.finalize().into()) })
    }

    /// As it is stored.
    pub fn to_bytes(self) -> Vec<u8> {
        [self.number.to_be_bytes().as_slice(), &self.link.0].concat()
    }

    /// Reads what [`Head::to_bytes`] made.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (number, link) = bytes.split_first_chunk::<NUMBER_BYTES>()?;
        Some(Self { number: u64::from_be_bytes(*number), link: Link(link.try_into().ok()?) })
    }
}

/// For people: the number, a space, the link.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.link)
    }
}

/// A text is not the number and the link of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a head is a number, a space and {} hexadecimal digits", 2 * LINK_BYTES)]
pub struct InvalidHead;

impl FromStr for Head {
    type Err = InvalidHead;

    fn from_str(text: &str) -> Result<Self, InvalidHead> {
        let (number, link) = text.trim().split_once(' ').ok_or(InvalidHead)?;
        let mut bytes = [0; LINK_BYTES];
        hex::decode_to_slice(link.trim(), &mut bytes).map_err(|_| InvalidHead)?;
        Ok(Self { number: number.parse().map_err(|_| InvalidHead)?, link: Link(bytes) })
    }
}

/// What appending writes: each entry under its key and the new heads, given the heads as they are
/// stored. For implementations of [`super::Store`].
///
/// # Errors
/// A head cannot be loaded, or is not what this function wrote.
pub fn extend(
    appends: &[(Log, Vec<u8>)],
    mut load_head: impl FnMut(&Key) -> Result<Option<Vec<u8>>, StoreError>,
) -> Result<Vec<(Key, Vec<u8>)>, StoreError> {
    let mut heads: BTreeMap<&Log, Head> = BTreeMap::new();
    let mut written = Vec::with_capacity(appends.len() + 1);
    for (log, value) in appends {
        let damaged = || StoreError::Damaged { key: log.head() };
        let before = match heads.get(log) {
            Some(head) => *head,
            None => match load_head(&log.head())? {
                Some(bytes) => Head::from_bytes(&bytes).ok_or_else(damaged)?,
                None => Head::START,
            },
        };
        let after = before.next(value).ok_or_else(damaged)?;
        written.push((log.entry(after.number), [after.link.0.as_slice(), value].concat()));
        heads.insert(log, after);
    }
    written.extend(heads.into_iter().map(|(log, head)| (log.head(), head.to_bytes())));
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_reads_back_and_nothing_else_does() {
        let head = Head::START.next(b"one").unwrap();
        assert_eq!(Head::from_bytes(&head.to_bytes()), Some(head));
        assert_eq!(head.to_string().parse(), Ok(head));
        assert_eq!(format!("  {head}\n").parse(), Ok(head));
        let hash = "0".repeat(2 * LINK_BYTES);
        for text in ["", "1", &hash, &format!("x {hash}"), &format!("1 {hash}0"), &format!("-1 {hash}")] {
            assert_eq!(text.parse::<Head>(), Err(InvalidHead), "{text}");
        }
        assert_eq!(Head::from_bytes(&head.to_bytes()[1..]), None);
    }

    /// By another program: `printf '%064d0000000000000001%s' 0 $(printf one | xxd -p) | xxd -r -p | sha256sum`.
    #[test]
    fn a_link_is_a_hash_of_the_link_before_the_number_and_the_value() {
        let head = Head::START.next(b"one").unwrap();
        assert_eq!(head.to_string(), "1 06d248ca9388b1c076a3058094c374a5dd73cac9378225829e5b316364570a50");
    }

    #[test]
    fn keys_sort_by_number_and_the_head_stands_outside() {
        let log = Log::new("audit");
        assert!(log.entry(9) < log.entry(10) && log.entry(10) < log.entry(u64::MAX));
        assert_eq!(log.number(&log.entry(u64::MAX)), Some(u64::MAX));
        assert!(log.head() > Key::new("audit\x01"));
        for key in [
            "audit\x00001763899200000\0id",
            "audit\0",
            "audit",
            "audit-head",
            "auditor\0",
            "audit\0+0000000000000000001",
        ] {
            assert_eq!(log.number(&Key::new(key)), None, "{key:?}");
        }
    }

    #[test]
    fn a_log_that_cannot_go_on_is_damaged() {
        let append = [(Log::new("a"), b"x".to_vec())];
        let last = Head { number: u64::MAX, ..Head::START }.to_bytes();
        for head in [last, b"short".to_vec(), Vec::new()] {
            let extended = extend(&append, |_| Ok(Some(head.clone())));
            assert!(matches!(extended, Err(StoreError::Damaged { .. })), "{extended:?}");
        }
    }
}
