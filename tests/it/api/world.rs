//! Keywheel over the simulated ports, with a rotation function that does what it should.

use std::sync::Arc;

use async_trait::async_trait;
use keywheel::config::RootKeySource;
use keywheel::metrics::Metrics;
use keywheel::ops::{Caller, Functions, Operations, Principal};
use keywheel::store::Store;
use keywheel::vault::{LocalRing, PassphraseCost, Vault, open_root_key};
use keywheel::worker::{Invocation, Invoke, Report, Worker};
use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::rotation::{Outcome, Step};
use keywheel_domain::sensitive::Sensitive;
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::store::{SimImage, SimStore};
use serde_json::{Value, json};

/// The ARN of [`Obedient`], the only function there is.
pub(super) const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:obedient";

/// One Keywheel, alone with its test. All of it follows from `SEED`.
pub(super) struct World {
    pub(super) ops: Arc<Operations>,
    pub(super) store: Arc<SimStore>,
    pub(super) clock: SimClock,
    worker: Worker,
}

const SEED: u64 = 2;

impl World {
    pub(super) async fn new() -> Self {
        let (store, clock) = (Arc::new(SimStore::new()), SimClock::at_noon());
        let entropy = Arc::new(SimEntropy::new(SEED));
        let source = RootKeySource::Passphrase(Sensitive::new("a fixed passphrase".to_owned()));
        let cost = PassphraseCost { memory_kib: 8, passes: 1, lanes: 1 };
        let root = open_root_key(&*store, &source, cost, &*entropy).await.unwrap();
        let shared = Arc::clone(&store) as Arc<dyn Store>;
        let ring = Arc::new(LocalRing::new(Arc::clone(&shared), &root, entropy.clone()));
        let vault = Arc::new(Vault::new(ring, &root, entropy.clone()));
        let functions = Functions::new(["obedient".to_owned()]);
        let ops = Operations::new(shared, vault, Arc::new(clock.clone()), entropy.clone(), functions);
        let ops = Arc::new(ops);
        let function = Arc::new(Obedient(Arc::clone(&ops)));
        let metrics = Arc::new(Metrics::default());
        let worker = Worker::new(Arc::clone(&ops), Arc::new(clock.clone()), entropy, function, metrics);
        Self { ops, store, clock, worker }
    }

    /// Sends a body as the account's root.
    pub(super) async fn send(&self, target: &str, body: &[u8]) -> Result<Vec<u8>, ApiError> {
        let principal = Principal::Root { access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned() };
        let caller = Caller { account: "123456789012".to_owned(), region: "us-east-1".to_owned(), principal };
        self.ops.dispatch(&caller, target, body).await
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
            "RotationToken": invocation.rotation_token,
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
            Err(error) => Outcome::Failed { retry: false, message: error.to_string() },
        };
        Report {
            outcome,
            log: vec![format!("{} was called", invocation.step)],
            duration_us: 250,
            digest: "0".repeat(64),
        }
    }

    fn wall_ms_max(&self) -> i64 {
        60_000
    }
}
