//! The contract of [`Store`] over a map in memory: for rehearsals and simulations.
//!
//! It has no threads and never waits, so that what runs on it is deterministic. Every commit counts as durable
//! at once: a crash is a new store made from the old one's image.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use super::{Batch, CommitError, Entry, Key, Revision, Store, StoreError, check_scan_limit, log};

/// What would be on disk: the whole durable state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryImage {
    entries: BTreeMap<Key, Entry>,
    latest: Revision,
}

impl MemoryImage {
    /// The entries, for invariants to look at.
    pub const fn entries(&self) -> &BTreeMap<Key, Entry> {
        &self.entries
    }
}

/// A store in memory.
#[derive(Debug)]
pub struct MemoryStore {
    image: Mutex<MemoryImage>,
    latest: watch::Sender<Revision>,
    exclusive: bool,
}

impl MemoryStore {
    /// An empty store that one process has for itself.
    pub fn new() -> Self {
        Self::from_image(MemoryImage::default())
    }

    /// The store as a process finds it that starts after a crash.
    pub fn from_image(image: MemoryImage) -> Self {
        let latest = watch::Sender::new(image.latest);
        Self { image: Mutex::new(image), latest, exclusive: true }
    }

    /// The same store, but open to other processes too.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.exclusive = false;
        self
    }

    /// What a crash at this moment would leave.
    pub fn durable_image(&self) -> MemoryImage {
        self.image().clone()
    }

    fn image(&self) -> MutexGuard<'_, MemoryImage> {
        self.image.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        Ok(self.image().entries.get(key).cloned())
    }

    async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        check_scan_limit(limit)?;
        if from >= to {
            return Ok(Vec::new());
        }
        let image = self.image();
        let range = image.entries.range(from.clone()..to.clone());
        Ok(range.take(limit).map(|(key, entry)| (key.clone(), entry.clone())).collect())
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        batch.check()?;
        let mut image = self.image();
        for (key, expected) in &batch.expect {
            if image.entries.get(key).map(|entry| entry.revision) != *expected {
                return Err(CommitError::Conflict { key: key.clone() });
            }
        }
        let head = |key: &Key| Ok(image.entries.get(key).map(|entry| entry.value.clone()));
        let appended = log::extend(&batch.appends, head)?;
        let revision = image.latest.next();
        image.latest = revision;
        for (key, value) in batch.puts.into_iter().chain(appended) {
            image.entries.insert(key, Entry { revision, value });
        }
        for key in &batch.deletes {
            image.entries.remove(key);
        }
        drop(image);
        self.latest.send_replace(revision);
        Ok(revision)
    }

    fn changes(&self) -> watch::Receiver<Revision> {
        self.latest.subscribe()
    }

    fn revision(&self) -> Revision {
        self.image().latest
    }

    fn exclusive(&self) -> bool {
        self.exclusive
    }
}
