//! Keywheel over the simulated ports, with a rotation function that does what it should.

use std::sync::Arc;

use async_trait::async_trait;
use keywheel::audit::trail::{self, Trail};
use keywheel::config::{LimitsConfig, RootAccessKey, RootKeySource};
use keywheel::metrics::Metrics;
use keywheel::ops::{Functions, Operations};
use keywheel::server::{Parts, Server};
use keywheel::store::Store;
use keywheel::vault::{AccessKeys, LocalRing, PassphraseCost, Vault, open_root_key};
use keywheel::worker::{Invocation, Invoke, Report, Worker};
use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::rotation::{Outcome, Step};
use keywheel_domain::sensitive::Sensitive;
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::{ACCESS_KEY_ID, ACCOUNT, Node, SECRET_ACCESS_KEY};
use keywheel_tests::store::{SimImage, SimStore};
use serde_json::{Value, json};

use super::fragile::Fragile;

/// The ARN of [`Obedient`], the only function there is.
pub(super) const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:obedient";

/// One Keywheel, alone with its test. All of it follows from `SEED`.
pub(super) struct World {
    pub(super) ops: Arc<Operations>,
    pub(super) store: Arc<SimStore>,
    pub(super) clock: SimClock,
    /// The door of HTTP to `ops`.
    pub(super) server: Server,
    /// Where the server writes calls down, when it is told to.
    pub(super) trail: Arc<Trail>,
    /// What is between `ops` and `store`.
    pub(super) disk: Arc<Fragile>,
    worker: Worker,
}

const SEED: u64 = 2;
/// The server draws from its own source, so that a request through it changes no name or value.
const SERVER_SEED: u64 = 3;
const DOOR_SEED: u64 = 4;

impl World {
    pub(super) async fn new() -> Self {
        let (store, clock) = (Arc::new(SimStore::new()), SimClock::at_noon());
        let entropy = Arc::new(SimEntropy::new(SEED));
        let disk = Arc::new(Fragile::new(Arc::clone(&store)));
        let shared = Arc::clone(&disk) as Arc<dyn Store>;
        let vault = vault(&shared, &entropy).await;
        let functions = Functions::new(["obedient".to_owned()]);
        let ops = Operations::new(shared, vault, Arc::new(clock.clone()), entropy.clone(), functions);
        let ops = Arc::new(ops);
        let function = Arc::new(Obedient(Arc::clone(&ops)));
        let metrics = Arc::new(Metrics::default());
        let worker = Worker::new(Arc::clone(&ops), Arc::new(clock.clone()), entropy, function, metrics);
        let trail = Trail::new(Arc::clone(&store) as _, Arc::new(clock.clone()), trail::DAYS_DEFAULT);
        let trail = Arc::new(trail);
        let server = door(&ops, &clock, SERVER_SEED, ACCOUNT, LimitsConfig::default()).await;
        let server = server.with_trail(Arc::clone(&trail));
        Self { ops, store, clock, server, trail, disk, worker }
    }

    /// Another door to the same operations, for the root of an account.
    pub(super) async fn door(&self, account: &str, limits: LimitsConfig) -> Server {
        door(&self.ops, &self.clock, DOOR_SEED, account, limits).await
    }

    /// Sends a body as the account's root.
    pub(super) async fn send(&self, target: &str, body: &[u8]) -> Result<Vec<u8>, ApiError> {
        self.ops.dispatch(&Node::root(), target, body).await
    }

    /// Calls an action of Secrets Manager.
    pub(super) async fn call(&self, action: &str, body: &Value) -> Result<Value, ApiError> {
        let target = format!("secretsmanager.{action}");
        let answer = self.send(&target, body.to_string().as_bytes()).await?;
        Ok(if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer).unwrap() })
    }

    /// Lets the worker do all that is due.
    pub(super) async fn work(&self) {
        self.worker.tick().await.unwrap();
    }

    pub(super) fn image(&self) -> SimImage {
        self.store.durable_image()
    }
}

/// The vault of this store.
async fn vault(store: &Arc<dyn Store>, entropy: &Arc<SimEntropy>) -> Arc<Vault> {
    let source = RootKeySource::Passphrase(Sensitive::new("a fixed passphrase".to_owned()));
    let cost = PassphraseCost { memory_kib: 8, passes: 1, lanes: 1 };
    let root = open_root_key(&**store, &source, cost, &**entropy).await.unwrap();
    let ring = Arc::new(LocalRing::new(Arc::clone(store), &root, entropy.clone()));
    Arc::new(Vault::new(ring, &root, entropy.clone()))
}

async fn door(
    ops: &Arc<Operations>,
    clock: &SimClock,
    seed: u64,
    account: &str,
    limits: LimitsConfig,
) -> Server {
    let entropy = Arc::new(SimEntropy::new(seed));
    Server::new(Parts {
        operations: Arc::clone(ops),
        access_keys: Arc::new(access_keys(&entropy, account).await),
        clock: Arc::new(clock.clone()),
        entropy,
        metrics: Arc::default(),
        limits,
    })
}

/// The root's access key, in a store of its own: [`World::store`] holds what the test put there.
async fn access_keys(entropy: &Arc<SimEntropy>, account: &str) -> AccessKeys {
    let store: Arc<dyn Store> = Arc::new(SimStore::new());
    let vault = vault(&store, entropy).await;
    let access_keys = AccessKeys::new(store, vault, entropy.clone());
    let secret = Sensitive::new(SECRET_ACCESS_KEY.to_owned());
    let given = RootAccessKey { id: ACCESS_KEY_ID.to_owned(), secret };
    access_keys.settle_root(account, Some(&given)).await.unwrap();
    access_keys
}

/// A rotation function without a target.
struct Obedient(Arc<Operations>);

impl Obedient {
    async fn call(&self, invocation: &Invocation, action: &str, body: Value) -> Result<Value, ApiError> {
        let target = format!("secretsmanager.{action}");
        let answer = self.0.dispatch(&invocation.caller, &target, body.to_string().as_bytes()).await?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    async fn create(&self, invocation: &Invocation) -> Result<(), ApiError> {
        let (secret_id, token) = (&invocation.secret_arn, &invocation.token);
        let pending = json!({"SecretId": secret_id, "VersionId": token, "VersionStage": "AWSPENDING"});
        match self.call(invocation, "GetSecretValue", pending).await {
            Err(error) if error.code == ErrorCode::ResourceNotFound => {}
            found => return found.map(drop),
        }
        let put = json!({
            "SecretId": secret_id,
            "ClientRequestToken": token,
            "SecretString": format!("rotated {token}"),
            "VersionStages": ["AWSPENDING"],
            "RotationToken": invocation.rotation_token.expose(),
        });
        self.call(invocation, "PutSecretValue", put).await.map(drop)
    }

    async fn finish(&self, invocation: &Invocation) -> Result<(), ApiError> {
        let (secret_id, token) = (&invocation.secret_arn, &invocation.token);
        let described = self.call(invocation, "DescribeSecret", json!({"SecretId": secret_id})).await?;
        let versions = described["VersionIdsToStages"].as_object().unwrap();
        let current = versions.iter().find(|(_, stages)| stages.to_string().contains("AWSCURRENT"));
        let moved = json!({
            "SecretId": secret_id,
            "VersionStage": "AWSCURRENT",
            "MoveToVersionId": token,
            "RemoveFromVersionId": current.map(|(id, _)| id),
        });
        self.call(invocation, "UpdateSecretVersionStage", moved).await.map(drop)
    }
}

#[async_trait]
impl Invoke for Obedient {
    async fn invoke(&self, invocation: Invocation) -> Report {
        let done = match invocation.step {
            Step::CreateSecret => self.create(&invocation).await,
            Step::SetSecret | Step::TestSecret => Ok(()),
            Step::FinishSecret => self.finish(&invocation).await,
        };
        let outcome = match done {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::permanent(error.to_string()),
        };
        Report {
            outcome,
            log: vec![format!("{} was called", invocation.step)],
            duration_us: 250,
            digest: "0".repeat(64),
        }
    }

    async fn digest(&self, _: &str, _: &str) -> Option<String> {
        Some("0".repeat(64))
    }

    fn wall_ms_max(&self) -> i64 {
        60_000
    }
}
