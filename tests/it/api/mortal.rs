//! A store whose process dies at a commit.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use keywheel::store::{Batch, CommitError, Entry, Key, Revision, Store, StoreError};
use keywheel_tests::store::SimStore;
use tokio::sync::watch;

/// A store whose process dies before or after one of its commits: the future never ends.
pub(super) struct Mortal {
    pub(super) store: SimStore,
    pub(super) commits: AtomicUsize,
    pub(super) dies_at: AtomicUsize,
    /// Whether the commit that it dies at is written.
    pub(super) after: bool,
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
        if commit >= dies_at {
            if self.after && commit == dies_at {
                self.store.commit(batch).await?;
            }
            return std::future::pending().await;
        }
        self.store.commit(batch).await
    }

    fn changes(&self) -> watch::Receiver<Revision> {
        self.store.changes()
    }

    fn exclusive(&self) -> bool {
        true
    }
}
