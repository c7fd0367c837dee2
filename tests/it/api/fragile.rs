//! A store whose disk can be told to fail.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keywheel::store::{Batch, CommitError, Entry, Key, Revision, Store, StoreError};
use keywheel_tests::store::SimStore;
use tokio::sync::watch;

/// Neither reads nor writes while its disk fails.
pub(super) struct Fragile {
    store: Arc<SimStore>,
    fails: AtomicBool,
}

impl Fragile {
    pub(super) fn new(store: Arc<SimStore>) -> Self {
        Self { store, fails: AtomicBool::new(false) }
    }

    pub(super) fn set_fails(&self, fails: bool) {
        self.fails.store(fails, Ordering::Relaxed);
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.fails.load(Ordering::Relaxed) {
            false => Ok(()),
            true => Err(StoreError::Failed(Arc::new(io::Error::other("the disk fails")))),
        }
    }
}

#[async_trait::async_trait]
impl Store for Fragile {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.check()?;
        self.store.load(key).await
    }

    async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        self.check()?;
        self.store.scan(from, to, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        self.check().map_err(CommitError::Store)?;
        self.store.commit(batch).await
    }

    fn changes(&self) -> watch::Receiver<Revision> {
        self.store.changes()
    }

    fn exclusive(&self) -> bool {
        self.store.exclusive()
    }
}
