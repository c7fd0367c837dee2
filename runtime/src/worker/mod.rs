//! Carries out what is due: steps of rotations, scheduled rotations, the end of deleted secrets.
//!
//! Everything that waits for a time is an entry of the due index, ordered by time, so that a look
//! costs what is due and not what there is. The worker remembers nothing that matters: what it was
//! doing when its process died is in the store, and is due again.
//!
//! Deliberately absent: decisions about a rotation (the domain makes them) and knowledge of wasm
//! (behind [`Invoke`]).

mod census;
mod drive;
mod guest_secrets;
mod host;
mod invocation_logs;
mod lambda;
mod lease;
pub(crate) mod package;
mod record;
mod room;
mod schedule;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use keywheel_domain::api::ApiError;
use keywheel_domain::rotation::{Outcome, Step};
use keywheel_domain::secret::Scope;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::time::{SECOND_MS, Timestamp};
use tokio::sync::watch;

pub(crate) use self::guest_secrets::GuestSecrets;
pub use self::host::{HostInvoke, Source};
pub use self::lambda::{Lambda, LambdaAnswer, LambdaCall, LambdaHeaders};
pub use self::room::RoomLimits;
use self::room::{Needs, Room};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::metrics::Metrics;
use crate::ops::keys::{Due, DueEntry};
use crate::ops::{Caller, Operations};

/// Due entries of one look that are read at once.
const PAGE_ENTRIES: usize = 256;
/// Pages of one look: what waits for room hides what is due after it only beyond so many.
const PAGES_MAX: usize = 16;
/// Jobs that wait for room of which the bounds are remembered.
const WAITING_REMEMBERED_MAX: usize = PAGE_ENTRIES * PAGES_MAX;
/// How long an entry rests that could not be handled because the store failed.
const FAULT_PAUSE_MS: i64 = 10 * SECOND_MS;

/// Calls rotation functions. Outside the process nothing else is touched.
#[async_trait]
pub trait Invoke: Send + Sync + 'static {
    /// Runs one step to its end, or to a limit. It may have happened in full, in part or not at all when
    /// the process dies before this returns: the step is then called again, with the same token.
    async fn invoke(&self, invocation: Invocation) -> Report;

    /// The digest of the component that would run; `None` when there is no such function, it may not be
    /// invoked for this secret, or it cannot be loaded. Nothing happens.
    async fn digest(&self, function_arn: &str, secret_arn: &str) -> Option<String>;

    /// The longest time that a step may take, in milliseconds. A lease is longer.
    fn wall_ms_max(&self) -> i64;

    /// The same for one function, where its own configuration says it.
    async fn wall_ms_max_of(&self, _function_arn: &str, _scope: &Scope) -> i64 {
        self.wall_ms_max()
    }
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
    pub rotation_token: Sensitive<String>,
    /// Who the function is when it calls back.
    pub caller: Caller,
    /// People have agreed to what the function asks in this step.
    pub approved: bool,
    /// Digest of the component that the gate has let pass: no other one runs. Empty when none was found, and
    /// then none does.
    pub digest: String,
    /// Milliseconds that the lease leaves for the step.
    pub wall_ms_max: i64,
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
    room: Arc<Room>,
    /// What jobs need that found no room, by the ARN of their secrets.
    waiting: Mutex<HashMap<String, Needs>>,
    /// What is being handled, or rests after a fault.
    taken: Mutex<BTreeSet<(String, &'static str)>>,
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
            room: Room::new(RoomLimits::default()),
            waiting: Mutex::default(),
            taken: Mutex::default(),
        }
    }

    /// The door to functions that shares this worker's room.
    pub fn lambda(&self, host: Arc<HostInvoke>) -> Lambda {
        Lambda::new(Arc::clone(&self.ops), host, Arc::clone(&self.entropy), Arc::clone(&self.room))
    }

    /// The worker with other limits.
    #[must_use]
    pub fn with_room(mut self, limits: RoomLimits) -> Self {
        self.room = Room::new(limits);
        self
    }

    /// Works until `stop` turns true; steps that run then are left to the next process.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut changes = self.ops.store().changes();
        let counter = tokio::spawn({
            let (worker, stop) = (Arc::clone(&self), stop.clone());
            async move { worker.count(stop).await }
        });
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
                Ok(()) = changes.changed() => {}
                () = self.room.released() => {}
                () = self.sleep_until(wake_at) => {}
            }
        }
        counter.abort();
    }

    async fn handle(&self, entry: &DueEntry) -> Result<(), ApiError> {
        if !self.ops.confirm_due(entry).await? {
            return Ok(());
        }
        match entry.due {
            Due::Job => self.drive(&entry.secret_arn).await,
            Due::Rotation => self.ops.start_scheduled(&entry.secret_arn, self.clock.now()).await,
            Due::Purge => self.ops.purge(&entry.secret_arn, self.clock.now()).await,
            Due::Verify => self.ops.start_verification(&entry.secret_arn, self.clock.now()).await.map(drop),
            Due::KeyRotation => self.ops.rotate_due_key(&entry.secret_arn, self.clock.now()).await,
            Due::KeyDeletion => self.ops.delete_due_key(&entry.secret_arn, self.clock.now()).await,
        }
    }

    fn is_taken(&self, entry: &DueEntry) -> bool {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.contains(&(entry.secret_arn.clone(), entry.due.as_str()))
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
        self.worker.room.release();
    }
}
