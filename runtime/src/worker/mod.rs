//! Carries out what is due: steps of rotations, scheduled rotations, the end of deleted secrets.
//!
//! Everything that waits for a time is an entry of the due index, ordered by time, so that a look
//! costs what is due and not what there is. The worker remembers nothing that matters: what it was
//! doing when its process died is in the store, and is due again.
//!
//! Deliberately absent: decisions about a rotation (the domain makes them) and knowledge of wasm
//! (behind [`Invoke`]).

mod drive;
mod host;
mod lease;
mod schedule;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use keywheel_domain::api::ApiError;
use keywheel_domain::rotation::{Outcome, Step};
use keywheel_domain::time::{SECOND_MS, Timestamp};
use tokio::sync::{Notify, Semaphore, watch};

pub use self::host::{HostInvoke, Source};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::metrics::Metrics;
use crate::ops::keys::{Due, DueEntry};
use crate::ops::{Caller, Operations};

/// Steps, schedules and purges that run at once.
pub const RUNNING_MAX: usize = 64;
/// Due entries looked at in one go; more than can run at once, so that those that run hide no others.
const TAKEN_MAX: usize = 4 * RUNNING_MAX;
/// How long an entry rests that could not be handled because the store failed.
const FAULT_PAUSE_MS: i64 = 10 * SECOND_MS;

/// Calls rotation functions. Outside the process nothing else is touched.
#[async_trait]
pub trait Invoke: Send + Sync + 'static {
    /// Runs one step to its end, or to a limit. It may have happened in full, in part or not at all when
    /// the process dies before this returns: the step is then called again, with the same token.
    async fn invoke(&self, invocation: Invocation) -> Report;

    /// The longest time that a step may take, in milliseconds. A lease is longer.
    fn wall_ms_max(&self) -> i64;
}

/// One call of a function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// What is called.
    pub function_arn: String,
    /// The phase.
    pub step: Step,
    /// Full ARN of the secret.
    pub secret_arn: String,
    /// Id of the version that becomes current.
    pub token: String,
    /// What the function shows when it stores the value.
    pub rotation_token: String,
    /// Who the function is when it calls back.
    pub caller: Caller,
}

/// What came of a call.
#[derive(Clone, Debug)]
pub struct Report {
    /// Done, or why not; without a secret value.
    pub outcome: Outcome,
    /// What the function logged, redacted.
    pub log: Vec<String>,
    /// How long it ran.
    pub duration_us: u64,
    /// Digest of the component that ran; empty when none did.
    pub digest: String,
}

/// The worker of one process.
pub struct Worker {
    ops: Arc<Operations>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    invoke: Arc<dyn Invoke>,
    metrics: Arc<Metrics>,
    /// Tells this process's leases from those of others.
    holder: String,
    running: Arc<Semaphore>,
    /// What is being handled, or rests after a fault.
    taken: Mutex<BTreeSet<(String, &'static str)>>,
    /// Something was let go: there may be room for what waits.
    released: Notify,
}

impl Worker {
    /// A worker over these ports.
    pub fn new(
        ops: Arc<Operations>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        invoke: Arc<dyn Invoke>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            holder: crate::entropy::uuid(entropy.as_ref()),
            ops,
            clock,
            entropy,
            invoke,
            metrics,
            running: Arc::new(Semaphore::new(RUNNING_MAX)),
            taken: Mutex::default(),
            released: Notify::new(),
        }
    }

    /// Works until `stop` turns true; steps that run then are left to the next process.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut changes = self.ops.store().changes();
        while let Err(error) = self.adopt_orphans().await {
            tracing::error!(%error, "cannot look for interrupted rotations");
            self.pause().await;
        }
        while !*stop.borrow() {
            changes.borrow_and_update();
            let wake_at = match self.start_due().await {
                Ok(wake_at) => wake_at,
                Err(error) => {
                    tracing::error!(%error, "cannot read what is due");
                    self.pause().await;
                    continue;
                }
            };
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                _ = changes.changed() => {}
                () = self.released.notified() => {}
                () = self.sleep_until(wake_at) => {}
            }
        }
    }

    /// Handles everything that is due, one after the other, and returns when something is due next. For
    /// the simulation, where nothing runs at the same time unless it is meant to.
    pub async fn tick(&self) -> Result<Option<Timestamp>, ApiError> {
        loop {
            let (due, next) = self.due_now().await?;
            if due.is_empty() {
                return Ok(next);
            }
            for entry in due {
                self.handle(&entry).await?;
            }
        }
    }

    /// Starts a task for each due entry that has room; returns when the next one is due.
    async fn start_due(self: &Arc<Self>) -> Result<Option<Timestamp>, ApiError> {
        let (due, next) = self.due_now().await?;
        for entry in due {
            let Ok(permit) = Arc::clone(&self.running).try_acquire_owned() else {
                // A task that ends wakes the loop again.
                return Ok(next);
            };
            let Some(taken) = self.take(&entry) else { continue };
            let worker = Arc::clone(self);
            tokio::spawn(async move {
                let handled = worker.handle(&entry).await;
                drop(permit);
                if let Err(error) = handled {
                    tracing::error!(%error, secret_arn = entry.secret_arn, "a due entry rests after a fault");
                    worker.pause().await;
                }
                drop(taken);
            });
        }
        Ok(next)
    }

    async fn handle(&self, entry: &DueEntry) -> Result<(), ApiError> {
        if !self.ops.confirm_due(entry).await? {
            return Ok(());
        }
        match entry.due {
            Due::Job => self.drive(&entry.secret_arn).await,
            Due::Rotation => self.ops.start_scheduled(&entry.secret_arn, self.clock.now()).await,
            Due::Purge => self.ops.purge(&entry.secret_arn, self.clock.now()).await,
        }
    }

    fn take(self: &Arc<Self>, entry: &DueEntry) -> Option<Taken> {
        let key = (entry.secret_arn.clone(), entry.due.as_str());
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.insert(key.clone()).then(|| Taken { worker: Arc::clone(self), key })
    }

    async fn sleep_until(&self, at: Option<Timestamp>) {
        match at {
            Some(at) => self.clock.sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    async fn pause(&self) {
        self.clock.sleep_until(self.clock.now().plus_millis(FAULT_PAUSE_MS)).await;
    }
}

/// An entry that is being handled; dropping it lets it go.
struct Taken {
    worker: Arc<Worker>,
    key: (String, &'static str),
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.worker.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        self.worker.released.notify_one();
    }
}
