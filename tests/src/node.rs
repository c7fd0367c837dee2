//! Keywheel in the process of the test: the real actions over a store that the caller chooses.

use std::path::Path;
use std::sync::Arc;

use keywheel::audit::trail::{self, Trail};
use keywheel::clock::Clock;
use keywheel::config::{LimitsConfig, RootAccessKey, RootKeySource};
use keywheel::entropy::Entropy;
use keywheel::metrics::Metrics;
use keywheel::ops::{Caller, Functions, Operations, Principal};
use keywheel::server::{Parts, Server};
use keywheel::store::Store;
use keywheel::vault::{AccessKeys, LocalRing, PassphraseCost, Vault, open_root_key};
use keywheel::worker::{HostInvoke, Invoke, RoomLimits, Source, Worker};
use keywheel_domain::sensitive::Sensitive;
use keywheel_host::{Catalog, Engine, EngineOptions, Limits};

/// The account of every test.
pub const ACCOUNT: &str = "123456789012";
/// The region of every test.
pub const REGION: &str = "us-east-1";
/// The access key of every test.
pub const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
/// The secret of [`ACCESS_KEY_ID`].
pub const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// One Keywheel.
pub struct Node {
    /// The API's actions.
    pub ops: Arc<Operations>,
    /// What requests are signed with.
    pub access_keys: Arc<AccessKeys>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Node {
    /// Opens a node over a store, with a root key file in `folder` and the functions named.
    pub async fn open(
        store: Arc<dyn Store>,
        folder: &Path,
        functions: &[&str],
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> anyhow::Result<Self> {
        let source = RootKeySource::File(folder.join("root.key"));
        let root =
            open_root_key(store.as_ref(), &source, PassphraseCost::RECOMMENDED, entropy.as_ref()).await?;
        let ring = Arc::new(LocalRing::new(Arc::clone(&store), &root, Arc::clone(&entropy)));
        let vault = Arc::new(Vault::new(ring, &root, Arc::clone(&entropy)));
        let access_keys = AccessKeys::new(Arc::clone(&store), Arc::clone(&vault), Arc::clone(&entropy));
        let secret = Sensitive::new(SECRET_ACCESS_KEY.to_owned());
        let given = RootAccessKey { id: ACCESS_KEY_ID.to_owned(), secret };
        access_keys.settle_root(ACCOUNT, Some(&given)).await?;
        let functions = Functions::new(functions.iter().map(|name| (*name).to_owned()));
        let ops =
            Operations::new(store, Arc::clone(&vault), Arc::clone(&clock), Arc::clone(&entropy), functions);
        Ok(Self {
            ops: Arc::new(ops),
            access_keys: Arc::new(access_keys),
            metrics: Arc::default(),
            vault,
            clock,
            entropy,
        })
    }

    /// The account's root.
    pub fn root() -> Caller {
        let principal = Principal::Root { access_key_id: ACCESS_KEY_ID.to_owned() };
        Caller::new(ACCOUNT.to_owned(), REGION.to_owned(), principal)
    }

    /// Calls an action as root: of Secrets Manager, unless a target says of what.
    pub async fn call(&self, action: &str, body: &serde_json::Value) -> anyhow::Result<serde_json::Value> {
        let service = if action.contains('.') { "" } else { "secretsmanager." };
        let target = format!("{service}{action}");
        let answer = self.ops.dispatch(&Self::root(), &target, body.to_string().as_bytes()).await?;
        // An action without an output answers nothing at all.
        Ok(if answer.is_empty() { serde_json::json!({}) } else { serde_json::from_slice(&answer)? })
    }

    /// A server for this node.
    pub fn server(&self) -> Arc<Server> {
        Arc::new(self.new_server())
    }

    /// A server that writes down who called, and where it does. The caller runs that.
    pub fn server_with_trail(&self) -> (Arc<Server>, Arc<Trail>) {
        let store = Arc::clone(self.ops.store());
        let trail = Arc::new(Trail::new(store, Arc::clone(&self.clock), trail::DAYS_DEFAULT));
        (Arc::new(self.new_server().with_trail(Arc::clone(&trail))), trail)
    }

    fn new_server(&self) -> Server {
        Server::new(Parts {
            operations: Arc::clone(&self.ops),
            access_keys: Arc::clone(&self.access_keys),
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            metrics: Arc::clone(&self.metrics),
            limits: LimitsConfig::default(),
        })
    }

    /// A worker that runs these components in the sandbox; they are compiled when this returns.
    pub async fn worker(&self, sources: Vec<Source>) -> anyhow::Result<Arc<Worker>> {
        self.worker_with_room(sources, RoomLimits::default()).await
    }

    /// The same, with other limits.
    pub async fn worker_with_room(
        &self,
        sources: Vec<Source>,
        room: RoomLimits,
    ) -> anyhow::Result<Arc<Worker>> {
        let engine = Engine::new(&EngineOptions::default())?;
        let catalog = Catalog::new(engine, None, self.vault.derive("compiled components"));
        let host = HostInvoke::new(Arc::clone(&self.ops), catalog, sources, Limits::default());
        host.preload().await;
        Ok(Arc::new(self.new_worker(Arc::new(host)).with_room(room)))
    }

    /// A worker and a server for functions that are deployed; they share one sandbox and its room.
    pub fn with_lambda(&self) -> anyhow::Result<(Arc<Worker>, Arc<Server>)> {
        let engine = Engine::new(&EngineOptions::default())?;
        let catalog = Catalog::new(engine, None, self.vault.derive("compiled components"));
        let host = HostInvoke::new(Arc::clone(&self.ops), catalog, Vec::new(), Limits::default());
        let host = Arc::new(host.with_clock(Arc::clone(&self.clock)));
        let worker = Arc::new(self.new_worker(Arc::clone(&host) as Arc<dyn Invoke>));
        let server = self.new_server().with_lambda(Arc::new(worker.lambda(host)));
        Ok((worker, Arc::new(server)))
    }

    /// A worker that calls functions through this port.
    pub fn worker_over(&self, invoke: Arc<dyn Invoke>) -> Arc<Worker> {
        Arc::new(self.new_worker(invoke))
    }

    fn new_worker(&self, invoke: Arc<dyn Invoke>) -> Worker {
        Worker::new(
            Arc::clone(&self.ops),
            Arc::clone(&self.clock),
            Arc::clone(&self.entropy),
            invoke,
            Arc::clone(&self.metrics),
        )
    }
}
