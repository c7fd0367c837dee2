//! The store: compare-and-swap over an ordered key space.
//!
//! Everything Keywheel remembers is an entry here. [`Store`] is the contract; [`RedbStore`] keeps it
//! in one file on this machine, [`MemoryStore`] in memory for rehearsals. A batch is written whole or not at all, and an answer is given only
//! when the disk has it.
//!
//! Deliberately absent: any knowledge of secrets, jobs or keys; ciphertext and records are bytes.

mod batch;
mod cache;
mod create;
mod error;
mod format;
mod key;
pub mod log;
mod memory;
mod probe;
mod redb;
mod view;
mod writer;

use async_trait::async_trait;
use tokio::sync::watch;

pub use self::batch::Batch;
pub use self::cache::{Cache, Lookup, Missed};
pub use self::error::{Cause, CommitError, Limit, OpenError, StoreError};
pub use self::key::Key;
pub use self::log::{Head, Link, Log};
pub use self::memory::{MemoryImage, MemoryStore};
pub use self::redb::RedbStore;

/// The longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 2048;
/// The longest value, in bytes.
pub const VALUE_BYTES_MAX: usize = 1024 * 1024;
/// The most expectations, puts, deletes and appends of one batch, counted together.
pub const BATCH_ENTRIES_MAX: usize = 1024;
/// The most bytes of keys and values in one batch.
pub const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The most entries one scan may ask for.
pub const SCAN_ENTRIES_MAX: usize = 1000;

/// A point in the history of the store. It grows with every commit; the revision of an entry is
/// that of the commit that wrote it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

impl Revision {
    /// From its number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The revision of the next commit.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// What is stored under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// That of the commit that wrote the entry: what a batch expects to find again.
    pub revision: Revision,
    /// The bytes as they were put.
    pub value: Vec<u8>,
}

/// An ordered key space with compare-and-swap. Every implementation passes one contract suite.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The entry under `key`, as of the latest commit that was answered or a later one.
    ///
    /// Reading changes nothing, so a crash before or after it means nothing. Only durable entries
    /// are seen: what was loaded is there after a crash too, unless a later commit replaced it.
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError>;

    /// The entries with `from <= key < to` in the order of their keys, at most `limit` of them, all
    /// as of one revision.
    ///
    /// Fewer than `limit` entries mean that the range holds no more. To go on, scan from
    /// [`Key::successor`] of the last key; two scans may see different revisions.
    /// `limit` is at most [`SCAN_ENTRIES_MAX`], else [`StoreError::ScanTooLong`].
    async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError>;

    /// Writes the batch whole if every expectation holds, and answers when it is durable.
    ///
    /// - `Ok`: the batch is on disk and survives a crash. Its entries have the answered revision.
    /// - [`CommitError::Conflict`], or a limit: nothing of the batch was or will be written.
    /// - [`CommitError::Store`], a crash before the answer, or a dropped future: the batch may have
    ///   been written, but never half of it. After the restart the entries show which.
    ///
    /// What is appended to a [`Log`] is numbered in the order of commits, and within a batch in its own:
    /// an entry gets the number after that of the last one ever appended, from 1, so that there is no
    /// gap, and one of a batch that was not written takes no number. It stands under [`Log::entry`] as its
    /// [`Link`] (32 bytes) and then the value; the [`Head`] stands under [`Log::head`] and is written with
    /// it. [`log::extend`] says how. A batch that appends to a log writes none of its keys otherwise.
    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError>;

    /// The change feed: the latest revision, for waking up. It moves after the commit is durable, so
    /// that whoever wakes can load what was written, and before the commit is answered, so that what was
    /// loaded since it last moved is the latest there is. Revisions between two looks are skipped, and
    /// nothing is replayed after a crash: scan once at the start, then wait.
    ///
    /// The feed is closed when the store takes no more commits, after one that failed.
    fn changes(&self) -> watch::Receiver<Revision>;

    /// The revision of the entries that reads see: as long as it is the same, they are. The feed may still be behind it.
    fn revision(&self) -> Revision {
        *self.changes().borrow()
    }

    /// Whether this process alone can write, as long as the store is open. Then every lease that an
    /// earlier process wrote is stale: that process lost the store before this one got it.
    fn exclusive(&self) -> bool;
}

/// Refuses a scan over the limit: for implementations of [`Store`].
pub const fn check_scan_limit(limit: usize) -> Result<(), StoreError> {
    if limit > SCAN_ENTRIES_MAX { Err(StoreError::ScanTooLong { asked: limit }) } else { Ok(()) }
}
