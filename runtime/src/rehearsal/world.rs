//! A world in which single steps run: a Keywheel over a store in memory, one secret whose rotation has begun,
//! and the databases.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use keywheel_domain::api::{
    ApiError, CreateSecretRequest, NewReplicas, PutSecretValueRequest, RotateSecretRequest, SecretValue,
};
use keywheel_domain::rotation::{self, Job, Ran as StepRan, State as JobState, Step, settle};
use keywheel_domain::secret::Secret;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::time::{SECOND_MS, Timestamp};
use keywheel_domain::version::{CURRENT, PENDING, Versions};
use keywheel_host::rehearsal::{Address, Call, Fault, Rehearsal, Targets};
use keywheel_host::{Egress, Event, Function, Invocation, Limits, Report};

use super::setting::{Credentials, Kind, Setting};
use crate::clock::Clock;
use crate::config::RootKeySource;
use crate::entropy::{self, Entropy};
use crate::ops::{Caller, Change, Functions, Operations, Principal};
use crate::store::{MemoryStore, Store};
use crate::vault::{LocalRing, PassphraseCost, RootKey, Vault, open_root_key};
use crate::worker::GuestSecrets;

/// Where the secret is.
const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
/// The secret that is rotated.
const SECRET: &str = "rehearsal/secret";
/// The secret of the user who may change others.
const ADMIN_SECRET: &str = "rehearsal/admin";
const ADMIN_USER: &str = "admin";
const ADMIN_PASSWORD: &str = "rehearsal-Adm1n-Passw0rd";
/// What stands for the function.
const FUNCTION: &str = "rehearsed";
/// The first moment.
const BEGIN_MS: i64 = 1_767_225_600_000;
/// Longer than any step.
const LEASE_MS: i64 = 3_600 * SECOND_MS;
const HOLDER: &str = "rehearsal";

/// One world. [`World::fork`] makes another that goes its own way from here.
pub struct World {
    store: Arc<MemoryStore>,
    ops: Arc<Operations>,
    clock: Arc<SteadyClock>,
    entropy: Arc<dyn Entropy>,
    /// What is simulated outside; the real databases when absent.
    targets: Option<Targets>,
    egress: Egress,
    secret_arn: String,
    readable: Vec<String>,
    token: String,
}

/// What came of a step.
#[derive(Debug)]
pub struct Ran {
    /// Which.
    pub step: Step,
    /// `None` when the process died.
    pub report: Option<Report>,
    /// The calls of the host.
    pub calls: Vec<Call>,
}

impl World {
    /// A world of this setting, in which everything is simulated and repeats itself.
    ///
    /// # Errors
    ///
    /// When the secret cannot be stored, for instance because it is too long.
    pub async fn simulated(setting: &Setting) -> Result<Self, ApiError> {
        let targets = Targets::new();
        if let (Some(own), Some(kind)) = (setting.credentials(), setting.kind()) {
            match kind {
                Kind::Database(dialect) => targets.add(own.address.clone(), dialect),
                Kind::Service { is_encrypted } => targets.add_service(own.address.clone(), is_encrypted),
            }
            targets.set_user(&own.address, &own.user, &own.password, false);
            if setting.has_admin() {
                let password = Sensitive::new(ADMIN_PASSWORD.to_owned());
                targets.set_user(&own.address, ADMIN_USER, &password, true);
            }
        }
        let entropy = Arc::new(RepeatableEntropy(Mutex::new(1)));
        Self::begin(setting, Some(targets), Egress::deny_all(), entropy).await
    }

    /// A world of this secret with real databases, of which it reaches none: see [`World::reach`].
    ///
    /// # Errors
    ///
    /// As [`World::simulated`].
    pub async fn real(setting: &Setting, entropy: Arc<dyn Entropy>) -> Result<Self, ApiError> {
        Self::begin(setting, None, Egress::deny_all(), entropy).await
    }

    /// From now on, steps reach these addresses.
    pub fn reach(&mut self, egress: Egress) {
        self.egress = egress;
    }

    async fn begin(
        setting: &Setting,
        targets: Option<Targets>,
        egress: Egress,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ApiError> {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(SteadyClock(AtomicI64::new(BEGIN_MS)));
        let ops = operations(&store, &clock, &entropy);
        let token = entropy::uuid(entropy.as_ref());
        let mut world = Self {
            store,
            ops,
            clock,
            entropy,
            targets,
            egress,
            secret_arn: String::new(),
            readable: Vec::new(),
            token,
        };
        let mut value = setting.value().clone();
        if setting.has_admin() && world.targets.is_some() {
            let admin = with_members(&value, &[("username", ADMIN_USER), ("password", ADMIN_PASSWORD)]);
            let arn = world.create(ADMIN_SECRET, without_member(&admin, "masterarn")).await?;
            value = with_members(&value, &[("masterarn", arn.as_str())]);
            world.readable.push(arn);
        }
        world.secret_arn = world.create(SECRET, value).await?;
        world.rotate().await?;
        Ok(world)
    }

    async fn create(&self, name: &str, value: Sensitive<String>) -> Result<String, ApiError> {
        let request = CreateSecretRequest {
            name: name.to_owned(),
            client_request_token: Some(entropy::uuid(self.entropy.as_ref())),
            description: None,
            kms_key_id: None,
            value: Some(SecretValue::Text(value)),
            tags: Vec::new(),
            replicas: NewReplicas::default(),
            secret_type: None,
            cross_account_primary_arn: None,
        };
        Ok(self.ops.create_secret(&root(), request).await?.arn)
    }

    async fn rotate(&self) -> Result<(), ApiError> {
        let request = RotateSecretRequest {
            secret_id: self.secret_arn.clone(),
            client_request_token: Some(self.token.clone()),
            rotation_lambda_arn: Some(function_arn()),
            rotation_rules: None,
            rotate_immediately: true,
            external_metadata: None,
            external_role_arn: None,
        };
        self.ops.rotate_secret(&root(), request).await.map(drop)
    }

    /// A copy that goes its own way.
    #[must_use]
    pub fn fork(&self) -> Self {
        let store = Arc::new(MemoryStore::from_image(self.store.durable_image()));
        let clock = Arc::new(SteadyClock(AtomicI64::new(self.clock.0.load(Ordering::Relaxed))));
        let drawn = u64::from_le_bytes(entropy::bytes(self.entropy.as_ref()));
        let entropy: Arc<dyn Entropy> = Arc::new(RepeatableEntropy(Mutex::new(drawn)));
        Self {
            ops: operations(&store, &clock, &entropy),
            store,
            clock,
            entropy,
            targets: self.targets.as_ref().map(Targets::fork),
            egress: self.egress.clone(),
            secret_arn: self.secret_arn.clone(),
            readable: self.readable.clone(),
            token: self.token.clone(),
        }
    }

    /// The id of the version that the rotation makes.
    pub fn token(&self) -> &str {
        &self.token
    }

    pub(super) const fn targets(&self) -> Option<&Targets> {
        self.targets.as_ref()
    }

    /// Runs a step of the rotation, whichever ran before, as the engine would: under a lease of its own.
    ///
    /// # Errors
    ///
    /// When the rotation is over.
    pub async fn run(
        &self,
        function: &Function,
        step: Step,
        fault: Option<(usize, Fault)>,
    ) -> Result<Ran, ApiError> {
        let job = self.lease(step).await?;
        let rehearsal = Rehearsal::with_fault(self.targets.clone(), fault);
        let invocation = Invocation {
            event: Event {
                step,
                secret_id: self.secret_arn.clone(),
                client_request_token: self.token.clone(),
                rotation_token: job.rotation_token.clone(),
            },
            secrets: Arc::new(GuestSecrets { ops: Arc::clone(&self.ops), caller: self.caller(&job) }),
            egress: self.egress.clone(),
            limits: Limits::default(),
            environment: Vec::new(),
            approved: true,
        };
        let report = function.rehearse(invocation, &rehearsal).await;
        Ok(Ran { step, report, calls: rehearsal.calls() })
    }

    /// Ends the rotation as the engine does after `finishSecret`: `AWSPENDING` goes.
    ///
    /// # Errors
    ///
    /// When the rotation is over already.
    pub async fn end(&self) -> Result<(), ApiError> {
        self.lease(Step::FinishSecret).await?;
        let (Some(job), secret) = (self.ops.load_job(&self.secret_arn).await?, self.secret().await?) else {
            return Err(over());
        };
        let now = self.clock.now();
        let ran = StepRan { outcome: rotation::Outcome::Done, duration_us: 0, digest: String::new() };
        let after = rotation::apply(&job.record, &secret.record, &ran, now, 0);
        let settled = settle(&secret.record, &job.record, &after, now);
        let change = Change::new().update_job(&job, &after).update_secret(&secret, &settled);
        self.ops.commit(change).await.map(drop)
    }

    /// Stores a pending value in the function's place.
    pub(super) async fn put_pending(&self, value: Sensitive<String>) -> Result<(), ApiError> {
        let job = self.lease(Step::CreateSecret).await?;
        let request = PutSecretValueRequest {
            secret_id: self.secret_arn.clone(),
            client_request_token: Some(self.token.clone()),
            value: Some(SecretValue::Text(value)),
            version_stages: Some(vec![PENDING.to_owned()]),
            rotation_token: Some(job.rotation_token.clone()),
        };
        self.ops.put_secret_value(&self.caller(&job), request).await.map(drop)
    }

    /// The versions of the secret, and their labels.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn versions(&self) -> Result<Versions, ApiError> {
        Ok(self.secret().await?.record.versions)
    }

    /// The value with a label, if there is one.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn value(&self, stage: &str) -> Result<Option<SecretValue>, ApiError> {
        let secret = self.secret().await?.record;
        match secret.versions.holder(stage).filter(|version| version.filled) {
            Some(version) => Ok(Some(self.ops.open(&secret, &version.id).await?)),
            None => Ok(None),
        }
    }

    /// Whether the value with this label logs in. `None` when it is for no target.
    pub(super) async fn logs_in(&self, stage: &str) -> Result<Option<bool>, ApiError> {
        let (Some(targets), Some(value)) = (&self.targets, self.value(stage).await?) else { return Ok(None) };
        Ok(Credentials::of(&value).map(|own| targets.accepts(&own.address, &own.user, &own.password)))
    }

    /// Where the current value logs in.
    pub(super) async fn address(&self) -> Result<Option<Address>, ApiError> {
        Ok(self.value(CURRENT).await?.as_ref().and_then(Credentials::of).map(|own| own.address))
    }

    /// Whether neither the current nor the pending value logs in.
    pub(super) async fn is_locked_out(&self) -> Result<bool, ApiError> {
        Ok(self.logs_in(CURRENT).await? != Some(true) && self.logs_in(PENDING).await? != Some(true))
    }

    async fn secret(&self) -> Result<crate::ops::Seen<Secret>, ApiError> {
        self.ops.secret_by_arn(&self.secret_arn).await?.ok_or_else(over)
    }

    /// The job, about to run this step.
    async fn lease(&self, step: Step) -> Result<Job, ApiError> {
        let seen = self.ops.load_job(&self.secret_arn).await?.ok_or_else(over)?;
        let now = self.clock.now();
        let ready = Job { step, state: JobState::Ready { since: now }, ..seen.record.clone() };
        let leased = ready.leased(HOLDER, now, LEASE_MS);
        self.ops.commit(Change::new().update_job(&seen, &leased)).await?;
        Ok(leased)
    }

    fn caller(&self, job: &Job) -> Caller {
        let principal = Principal::Rotation {
            function_arn: job.function_arn.clone(),
            secret_arn: self.secret_arn.clone(),
            secret_name: SECRET.to_owned(),
            readable: self.readable.clone(),
            fence: job.fence,
            touched: job.touched,
        };
        Caller::new(ACCOUNT.to_owned(), REGION.to_owned(), principal)
    }
}

/// A JSON object with other texts under these keys.
pub(super) fn with_members(json: &Sensitive<String>, members: &[(&str, &str)]) -> Sensitive<String> {
    changed(json, |object| {
        for (key, text) in members {
            object.insert((*key).to_owned(), (*text).into());
        }
    })
}

fn without_member(json: &Sensitive<String>, key: &str) -> Sensitive<String> {
    changed(json, |object| {
        object.remove(key);
    })
}

fn changed(
    json: &Sensitive<String>,
    change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>),
) -> Sensitive<String> {
    let Ok(serde_json::Value::Object(mut object)) = serde_json::from_str(json.expose()) else {
        return json.clone();
    };
    change(&mut object);
    Sensitive::new(serde_json::Value::Object(object).to_string())
}

fn operations(
    store: &Arc<MemoryStore>,
    clock: &Arc<SteadyClock>,
    entropy: &Arc<dyn Entropy>,
) -> Arc<Operations> {
    let store: Arc<dyn Store> = Arc::clone(store) as _;
    let ring = Arc::new(LocalRing::new(Arc::clone(&store), &ROOT_KEY, Arc::clone(entropy)));
    let vault = Arc::new(Vault::new(ring, &ROOT_KEY, Arc::clone(entropy)));
    let functions = Functions::new([FUNCTION.to_owned()]);
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    Arc::new(Operations::new(store, vault, clock, Arc::clone(entropy), functions))
}

fn function_arn() -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}")
}

fn root() -> Caller {
    let principal = Principal::Root { access_key_id: String::new() };
    Caller::new(ACCOUNT.to_owned(), REGION.to_owned(), principal)
}

fn over() -> ApiError {
    ApiError::new(keywheel_domain::api::ErrorCode::InvalidRequest, "the rotation is over")
}

/// What worlds seal under. They are in memory only, so that its passphrase guards nothing and may cost nothing.
static ROOT_KEY: LazyLock<RootKey> = LazyLock::new(|| {
    let source = RootKeySource::Passphrase(Sensitive::new("rehearsal".to_owned()));
    let cost = PassphraseCost { memory_kib: 8, passes: 1, lanes: 1 };
    let (store, entropy) = (MemoryStore::new(), RepeatableEntropy(Mutex::new(0)));
    let opened = open_root_key(&store, &source, cost, &entropy).now_or_never();
    opened.expect("a store in memory never waits").expect("a new store takes any passphrase")
});

/// A clock on which a millisecond passes each time somebody looks.
struct SteadyClock(AtomicI64);

#[async_trait]
impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }

    async fn sleep_until(&self, _: Timestamp) {}
}

/// The same bytes in each rehearsal, by SplitMix64, so that a verdict repeats itself. Not for real passwords.
struct RepeatableEntropy(Mutex<u64>);

impl Entropy for RepeatableEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}
