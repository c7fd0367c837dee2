//! One process: the real actions, vault and worker over the world's ports.

use std::sync::{Arc, Mutex, OnceLock};

use futures_util::FutureExt;
use keywheel::config::RootKeySource;
use keywheel::metrics::Metrics;
use keywheel::ops::{Functions, Operations};
use keywheel::store::Store;
use keywheel::vault::{AccessKeys, LocalRing, PassphraseCost, RootKey, Vault, open_root_key};
use keywheel::webhooks::Webhooks;
use keywheel::worker::Worker;
use keywheel_sdk::Rotator;

use super::deliver::SimDeliver;
use super::invoke::{Failing, SimInvoke};
use super::ports::World;
use super::scenario::Bug;
use super::store::{Disk, FIRST_WORKER, PortStore, SECOND_WORKER, SERVER};
use crate::entropy::SimEntropy;
use crate::store::SimStore;

/// The cheapest there is: the passphrase of a simulated world protects nothing.
const COST: PassphraseCost = PassphraseCost { memory_kib: 8, passes: 1, lanes: 1 };

/// The stream of random numbers of the deliveries; the processes have those below.
const WEBHOOKS: usize = 7;

/// The root key of every simulated world.
pub(super) fn root_key() -> &'static RootKey {
    static KEY: OnceLock<RootKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let (store, entropy) = (SimStore::new(), SimEntropy::new(0));
        let source = RootKeySource::Passphrase("simulated".to_owned().into());
        let opened = open_root_key(&store, &source, COST, &entropy).now_or_never();
        opened.expect("the simulated store never waits").expect("a new store takes any passphrase")
    })
}

/// What a process is made with.
pub(super) struct Parts {
    pub(super) world: Arc<World>,
    pub(super) disk: Arc<Disk>,
    pub(super) rotator: &'static (dyn Rotator + Sync),
    pub(super) failing: Arc<Mutex<Vec<Failing>>>,
    pub(super) bug: Option<Bug>,
    pub(super) seed: u64,
}

/// What runs from one start to the next death.
pub(super) struct Life {
    pub(super) world: Arc<World>,
    /// Answers the operators.
    pub(super) ops: Arc<Operations>,
    pub(super) worker: Worker,
    /// What signs the requests of approvers.
    pub(super) keys: AccessKeys,
    /// The deliveries to webhooks.
    pub(super) webhooks: Arc<Webhooks>,
    /// The other worker, where the store is open to several processes.
    pub(super) second: Option<Worker>,
}

impl Life {
    /// A process over the store, or two workers and a server where it is open to several.
    pub(super) fn new(parts: &Parts) -> Self {
        let first = parts.operations(FIRST_WORKER);
        let worker = parts.worker(FIRST_WORKER, &first);
        let world = Arc::clone(&parts.world);
        let keys = parts.access_keys();
        let webhooks = parts.webhooks(&first);
        if parts.disk.store.exclusive() {
            return Self { world, ops: first, worker, keys, webhooks, second: None };
        }
        let second = parts.worker(SECOND_WORKER, &parts.operations(SECOND_WORKER));
        Self { world, ops: parts.operations(SERVER), worker, keys, webhooks, second: Some(second) }
    }
}

impl Parts {
    fn entropy(&self, process: usize) -> Arc<SimEntropy> {
        Arc::new(SimEntropy::new(self.seed.wrapping_mul(8).wrapping_add(process as u64)))
    }

    fn store(&self, process: usize) -> Arc<dyn Store> {
        let (world, disk) = (Arc::clone(&self.world), Arc::clone(&self.disk));
        Arc::new(PortStore { world, disk, process, bug: self.bug })
    }

    fn vault(&self, store: &Arc<dyn Store>, entropy: &Arc<SimEntropy>) -> Arc<Vault> {
        let ring = Arc::new(LocalRing::new(Arc::clone(store), root_key(), entropy.clone()));
        Arc::new(Vault::new(ring, root_key(), entropy.clone()))
    }

    fn access_keys(&self) -> AccessKeys {
        let (store, entropy) = (self.store(SERVER), self.entropy(SERVER));
        let vault = self.vault(&store, &entropy);
        AccessKeys::new(store, vault, entropy)
    }

    fn webhooks(&self, ops: &Arc<Operations>) -> Arc<Webhooks> {
        let (world, clock) = (Arc::clone(&self.world), Arc::new(self.world.clock.clone()));
        let deliver = Arc::new(SimDeliver(world));
        let entropy = self.entropy(WEBHOOKS);
        Arc::new(Webhooks::new(Arc::clone(ops), clock, entropy, deliver, Arc::new(Metrics::new())))
    }

    fn operations(&self, process: usize) -> Arc<Operations> {
        let (store, entropy) = (self.store(process), self.entropy(process));
        let vault = self.vault(&store, &entropy);
        let functions = Functions::new(["postgres-single-user".to_owned()]);
        let clock = Arc::new(self.world.clock.clone());
        Arc::new(Operations::new(store, vault, clock, entropy, functions))
    }

    fn worker(&self, process: usize, ops: &Arc<Operations>) -> Worker {
        // What a planted fault of reading leads to must be in no record that the worker remembers.
        let reads_wrong = self.bug == Some(Bug::RecreatesTheValue);
        let guest_ops = if reads_wrong { self.operations(process) } else { Arc::clone(ops) };
        let invoke = SimInvoke {
            world: Arc::clone(&self.world),
            disk: Arc::clone(&self.disk),
            ops: guest_ops,
            rotator: self.rotator,
            process,
            failing: Arc::clone(&self.failing),
            bug: self.bug,
        };
        let clock = Arc::new(self.world.clock.clone());
        // Its own stream, so that what the actions draw does not depend on the worker.
        let entropy = self.entropy(process + 4);
        Worker::new(Arc::clone(ops), clock, entropy, Arc::new(invoke), Arc::new(Metrics::new()))
    }
}
