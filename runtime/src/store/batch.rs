//! What one commit expects and writes.

use std::collections::HashSet;

use super::log::{LINK_BYTES, Log};
use super::{
    BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, CommitError, KEY_BYTES_MAX, Key, Limit, Revision, VALUE_BYTES_MAX,
};

/// One atomic change: expectations, and what is written if all of them hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The revision each of these keys must have; `None`: the key must be absent.
    pub expect: Vec<(Key, Option<Revision>)>,
    /// What to write.
    pub puts: Vec<(Key, Vec<u8>)>,
    /// What to remove. Removing an absent key is no error; expect it if it matters.
    pub deletes: Vec<Key>,
    /// What to add to the end of logs, in this order.
    pub appends: Vec<(Log, Vec<u8>)>,
}

impl Batch {
    /// A batch that expects and writes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Requires that the entry under `key` still has this revision; `None`: that there is none.
    #[must_use]
    pub fn expect(mut self, key: Key, revision: Option<Revision>) -> Self {
        self.expect.push((key, revision));
        self
    }

    /// Writes `value` under `key`.
    #[must_use]
    pub fn put(mut self, key: Key, value: impl Into<Vec<u8>>) -> Self {
        self.puts.push((key, value.into()));
        self
    }

    /// Removes the entry under `key`.
    #[must_use]
    pub fn delete(mut self, key: Key) -> Self {
        self.deletes.push(key);
        self
    }

    /// Adds `value` to the end of `log`.
    #[must_use]
    pub fn append(mut self, log: Log, value: impl Into<Vec<u8>>) -> Self {
        self.appends.push((log, value.into()));
        self
    }

    /// Bytes of all keys and values.
    pub fn bytes(&self) -> usize {
        let expected = self.expect.iter().map(|(key, _)| key.as_bytes().len());
        let put = self.puts.iter().map(|(key, value)| key.as_bytes().len() + value.len());
        let deleted = self.deletes.iter().map(|key| key.as_bytes().len());
        let appended = self.appends.iter().map(|(log, value)| log.key_bytes() + LINK_BYTES + value.len());
        expected.chain(put).chain(deleted).chain(appended).sum()
    }

    /// Refuses a batch over a limit, or one that writes a key twice: for implementations of
    /// [`super::Store`], before anything is looked at.
    pub fn check(&self) -> Result<(), CommitError> {
        let entries = self.expect.len() + self.puts.len() + self.deletes.len() + self.appends.len();
        Limit::BatchEntries.check(entries)?;
        let expected = self.expect.iter().map(|(key, _)| key);
        let written = self.puts.iter().map(|(key, _)| key).chain(&self.deletes);
        for key in expected.chain(written.clone()) {
            Limit::KeyBytes.check(key.as_bytes().len())?;
        }
        for (_, value) in &self.puts {
            Limit::ValueBytes.check(value.len())?;
        }
        for (log, value) in &self.appends {
            Limit::KeyBytes.check(log.key_bytes())?;
            Limit::ValueBytes.check(LINK_BYTES + value.len())?;
        }
        Limit::BatchBytes.check(self.bytes())?;
        let mut seen = HashSet::new();
        let of_a_log = |key: &Key| self.appends.iter().any(|(log, _)| log.owns(key));
        match written.into_iter().find(|key| !seen.insert(*key) || of_a_log(key)) {
            Some(key) => Err(CommitError::RepeatedKey { key: key.clone() }),
            None => Ok(()),
        }
    }
}

impl Limit {
    /// The most that is allowed, in bytes or entries.
    pub const fn max(self) -> usize {
        match self {
            Self::KeyBytes => KEY_BYTES_MAX,
            Self::ValueBytes => VALUE_BYTES_MAX,
            Self::BatchEntries => BATCH_ENTRIES_MAX,
            Self::BatchBytes => BATCH_BYTES_MAX,
        }
    }

    const fn check(self, found: usize) -> Result<(), CommitError> {
        if found > self.max() { Err(CommitError::TooLarge { limit: self, found }) } else { Ok(()) }
    }
}
