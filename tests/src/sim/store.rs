//! The store of one process: the simulated store behind numbered calls.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::FutureExt;
use keywheel::clock::Clock;
use keywheel::store::{Batch, CommitError, Entry, Key, Revision, Store, StoreError};
use keywheel_domain::rotation::{Job, State as JobState};
use tokio::sync::watch;

use super::ports::{Port, World};
use super::records;
use super::scenario::Bug;
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
    /// What is on disk, when that is less than what can be read.
    lagging: Mutex<Option<SimImage>>,
}

impl Disk {
    pub(super) fn new(store: SimStore) -> Self {
        Self { store, lagging: Mutex::default() }
    }

    /// What a crash would leave.
    pub(super) fn durable(&self) -> SimImage {
        let lagging = self.lagging.lock().unwrap_or_else(PoisonError::into_inner).clone();
        lagging.unwrap_or_else(|| self.store.durable_image())
    }
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
        if self.bug == Some(Bug::EventsAreLeftOut) {
            for (_, value) in batch.puts.iter_mut().filter(|(key, _)| records::is(key, "webhook")) {
                *value = records::with_next_event(value);
            }
        }
        self.lag(&batch);
        let written = at_once(self.disk.store.commit(batch.clone()));
        if written.is_ok() {
            let after = self.disk.store.durable_image();
            self.world.state().committed(self.process, after, &batch, self.world.clock.now());
        }
        written
    }

    /// What is on disk after a commit, where a fault is planted in that.
    fn lag(&self, batch: &Batch) {
        let before = || Some(self.disk.store.durable_image());
        let mut lagging = self.disk.lagging.lock().unwrap_or_else(PoisonError::into_inner);
        *lagging = match self.bug {
            Some(Bug::StoreAnswersTooEarly) => before(),
            Some(Bug::LeaseInTheTransaction) if is_lease(batch) => before(),
            // The step is in the transaction; its outcome ends it.
            Some(Bug::LeaseInTheTransaction) if !is_of_job(batch) => lagging.take(),
            _ => None,
        };
    }

    fn read(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        let mut found = at_once(self.disk.store.load(key))?;
        if self.world.state().forgets_values
            && records::is(key, "secret")
            && let Some(entry) = &mut found
        {
            entry.value = records::without_pending_values(&entry.value);
        }
        if self.bug == Some(Bug::PoliciesAreForgotten)
            && records::is(key, "secret")
            && let Some(entry) = &mut found
        {
            entry.value = records::without_policy(&entry.value);
        }
        Ok(found)
    }
}

/// Whether this batch changes a job.
fn is_of_job(batch: &Batch) -> bool {
    let mut written = batch.puts.iter().map(|(key, _)| key).chain(&batch.deletes);
    written.any(|key| records::is(key, "job"))
}

/// Whether this batch writes that a step runs.
fn is_lease(batch: &Batch) -> bool {
    let mut jobs = batch.puts.iter().filter(|(key, _)| records::is(key, "job"));
    jobs.any(|(_, job)| matches!(records::read::<Job>(job).state, JobState::Running { .. }))
}

#[async_trait]
impl Store for PortStore {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.world.call_async(Port::Read, || self.read(key)).await
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
