//! The store of one process: the simulated store behind numbered calls.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::FutureExt;
use keywheel::clock::Clock;
use keywheel::store::{Batch, CommitError, Entry, Key, Revision, Store, StoreError};
use tokio::sync::watch;

use super::ports::{Port, World};
use super::run::Bug;
use crate::store::{SimImage, SimStore};

/// Which process calls: the worker that the script drives.
pub(super) const FIRST_WORKER: usize = 0;
/// The worker that takes over.
pub(super) const SECOND_WORKER: usize = 1;
/// Who answers operators, where that is another process than a worker's.
pub(super) const SERVER: usize = 2;

/// A store that several processes have open, each through its own [`PortStore`].
pub(super) struct Disk {
    pub(super) store: SimStore,
    /// What a store that answers too early has on disk.
    pub(super) lagging: Mutex<SimImage>,
}

pub(super) struct PortStore {
    pub(super) world: Arc<World>,
    pub(super) disk: Arc<Disk>,
    pub(super) process: usize,
    pub(super) bug: Option<Bug>,
}

impl PortStore {
    fn write(&self, mut batch: Batch) -> Result<Revision, CommitError> {
        if self.bug == Some(Bug::StoreIgnoresExpectations) {
            batch.expect.clear();
        }
        if self.bug == Some(Bug::StoreAnswersTooEarly) {
            *self.disk.lagging.lock().expect("nobody panics while holding it") =
                self.disk.store.durable_image();
        }
        let written = at_once(self.disk.store.commit(batch.clone()));
        if written.is_ok() {
            let after = self.disk.store.durable_image();
            self.world.state().committed(self.process, after, &batch, self.world.clock.now());
        }
        written
    }
}

#[async_trait]
impl Store for PortStore {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.world.call_async(Port::Read, || at_once(self.disk.store.load(key))).await
    }

    async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        self.world.call_async(Port::Read, || at_once(self.disk.store.scan(from, to, limit))).await
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        self.world.call_async(Port::Commit, || self.write(batch)).await
    }

    fn changes(&self) -> watch::Receiver<Revision> {
        self.disk.store.changes()
    }

    fn exclusive(&self) -> bool {
        self.disk.store.exclusive()
    }
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("the simulated store never waits")
}
