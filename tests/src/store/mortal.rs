//! A store whose process dies at a commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use keywheel::store::{Batch, CommitError, Entry, Key, Revision, Store, StoreError};
use tokio::sync::{Notify, watch};

use super::SimStore;

/// A store whose process dies before or after one of its commits: that future and those after it never end.
pub struct Mortal {
    store: Arc<SimStore>,
    /// Commits so far.
    commits: AtomicUsize,
    dies_at: AtomicUsize,
    /// Whether the commit that it dies at is written.
    after: bool,
    died: Notify,
}

impl Mortal {
    /// One that lives until it is told when to die.
    pub fn new(store: Arc<SimStore>, after: bool) -> Arc<Self> {
        let (commits, dies_at) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
        Arc::new(Self { store, commits, dies_at, after, died: Notify::new() })
    }

    /// Lets it die at the commit with this number, counted from now and from 0.
    pub fn die_at(&self, commit: usize) {
        self.dies_at.store(self.commits.load(Ordering::Relaxed) + commit, Ordering::Relaxed);
    }

    /// Waits for its death.
    pub async fn died(&self) {
        self.died.notified().await;
    }

    /// What it leaves.
    pub fn store(&self) -> &SimStore {
        &self.store
    }
}

#[async_trait]
impl Store for Mortal {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.store.load(key).await
    }

    async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        self.store.scan(from, to, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        let commit = self.commits.fetch_add(1, Ordering::Relaxed);
        let dies_at = self.dies_at.load(Ordering::Relaxed);
        if commit < dies_at {
            return self.store.commit(batch).await;
        }
        if self.after && commit == dies_at {
            self.store.commit(batch).await?;
        }
        self.died.notify_one();
        std::future::pending().await
    }

    fn changes(&self) -> watch::Receiver<Revision> {
        self.store.changes()
    }

    fn exclusive(&self) -> bool {
        true
    }
}
