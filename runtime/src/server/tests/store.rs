//! A store that a test can stop: its reads, or its change feed.

use std::sync::Mutex;

use async_trait::async_trait;
use redb::backends::InMemoryBackend;
use tokio::sync::{RwLock, watch};

use crate::store::{Batch, CommitError, Entry, Key, RedbStore, Revision, Store, StoreError};

pub(super) struct Stoppable {
    inner: RedbStore,
    /// Whoever holds it for writing stops the reads.
    pub(super) reads: RwLock<()>,
    /// Gone when the store takes no more writes.
    pub(super) feed: Mutex<Option<watch::Sender<Revision>>>,
    latest: watch::Receiver<Revision>,
}

impl Stoppable {
    pub(super) fn new() -> Self {
        let (feed, latest) = watch::channel(Revision::default());
        let inner = RedbStore::with_backend(InMemoryBackend::new()).unwrap();
        Self { inner, reads: RwLock::default(), feed: Mutex::new(Some(feed)), latest }
    }
}

#[async_trait]
impl Store for Stoppable {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        let _goes_on = self.reads.read().await;
        self.inner.load(key).await
    }

    async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        self.inner.scan(from, to, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        self.inner.commit(batch).await
    }

    fn changes(&self) -> watch::Receiver<Revision> {
        self.latest.clone()
    }

    fn exclusive(&self) -> bool {
        self.inner.exclusive()
    }
}
