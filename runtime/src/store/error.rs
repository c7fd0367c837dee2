//! Why the store refused or failed.

use std::fmt;
use std::sync::Arc;

use super::{Key, SCAN_ENTRIES_MAX};

/// What the storage engine or the disk said. Shared, since one failed sync answers many commits.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Why the store could not answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk or the engine failed. No write is taken from then on.
    #[error("the store could not be read or written")]
    Failed(#[source] Cause),
    /// A write failed before, so that memory and disk may differ: only a restart can tell.
    #[error("the store takes no writes after an earlier failure until it is opened again")]
    Stopped,
    /// The store was opened to be read.
    #[error("the store is open for reading only")]
    ReadOnly,
    /// The entry's bytes are not what this program writes.
    #[error("the entry `{key:?}` is damaged")]
    Damaged {
        /// Where it stands.
        key: Key,
    },
    /// A scan asked for too much at once.
    #[error("a scan takes at most {SCAN_ENTRIES_MAX} entries, not {asked}")]
    ScanTooLong {
        /// The limit that was asked for, in entries.
        asked: usize,
    },
}

/// Why a batch was not committed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// The entry under `key` is not as expected. Nothing was written: load and decide again.
    #[error("the entry `{key:?}` changed")]
    Conflict {
        /// The first key whose expectation failed.
        key: Key,
    },
    /// The batch is over a limit. Nothing was written.
    #[error("{limit} is {found}, at most {} is allowed", .limit.max())]
    TooLarge {
        /// Which limit.
        limit: Limit,
        /// What the batch has, in the unit of the limit.
        found: usize,
    },
    /// The batch writes or removes a key more than once, or one of a log that it appends to. Nothing was
    /// written.
    #[error("the batch writes `{key:?}` more than once")]
    RepeatedKey {
        /// The first such key.
        key: Key,
    },
    /// The store failed. The batch may have been written, whole, or not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A bound on a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Bytes of a key.
    KeyBytes,
    /// Bytes of a value.
    ValueBytes,
    /// Expectations, puts, deletes and appends of a batch.
    BatchEntries,
    /// Bytes of all keys and values of a batch.
    BatchBytes,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeyBytes => "the length of a key in bytes",
            Self::ValueBytes => "the length of a value in bytes",
            Self::BatchEntries => "the number of entries in a batch",
            Self::BatchBytes => "the length of a batch in bytes",
        })
    }
}

/// Why a store could not be opened. Nothing in the file was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or this one, has the file open.
    #[error("the store is in use by another process")]
    InUse,
    /// Another version of Keywheel wrote the file.
    #[error("the store has format {found}; this version of keywheel reads format {supported}")]
    UnknownFormat {
        /// The format of the file.
        found: u64,
        /// The format this program reads and writes.
        supported: u64,
    },
    /// The file is something else.
    #[error("the file is not a keywheel store")]
    NotAStore,
    /// The file was a store and is damaged.
    #[error("the store is damaged")]
    Damaged(#[source] Cause),
    /// The file could not be reached.
    #[error("the store's file could not be opened")]
    Io(#[source] std::io::Error),
}
