//! Rotation functions run natively: the SDK's host over the real actions and the simulated database.
//!
//! Unlike the sandbox it does not redact what a function logs, so that one that logs a password is
//! seen to do so.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use futures_util::FutureExt;
use keywheel::clock::Clock;
use keywheel::ops::{Caller, Operations, Principal};
use keywheel::worker::{Invocation, Invoke, Report};
use keywheel_domain::api::{
    ApiError, DescribeSecretRequest, GetRandomPasswordRequest, GetSecretValueRequest, PutSecretValueRequest,
    SecretValue, UpdateSecretVersionStageRequest,
};
use keywheel_domain::rotation::{self, FailureKind, Step};
use keywheel_domain::secret::Scope;
use keywheel_sdk::log::Level;
use keywheel_sdk::secrets::{
    self, Description, PasswordRules, StoredVersion, Value, VersionStages, VersionValue,
};
use keywheel_sdk::sql::{self, Rows, Target};
use keywheel_sdk::testing::{self, Host, Outcome, Session};
use keywheel_sdk::{Event, Failure, Rotator, Sensitive};

use super::ports::{Port, World};
use super::run::Bug;
use super::store::SECOND_WORKER;

/// The longest time that a step may take, in milliseconds.
pub(super) const WALL_MS_MAX: i64 = 60_000;
/// What stands for the digest of a component.
const DIGEST: &str = "native";

/// A step that fails some times before it succeeds.
#[derive(Clone, Copy, Debug)]
pub struct Failing {
    /// Which.
    pub step: Step,
    /// How often.
    pub times: u32,
    /// Whether the function did its work and then failed.
    pub afterwards: bool,
}

/// [`Invoke`] without a sandbox.
pub(super) struct SimInvoke {
    pub(super) world: Arc<World>,
    pub(super) ops: Arc<Operations>,
    pub(super) rotator: &'static (dyn Rotator + Sync),
    pub(super) process: usize,
    /// Failures that are still to come; all lives share them.
    pub(super) failing: Arc<Mutex<Vec<Failing>>>,
    pub(super) bug: Option<Bug>,
}

impl SimInvoke {
    fn run(&self, invocation: &Invocation) -> Option<Report> {
        self.world.call(Port::Invoke(invocation.step), || ())?;
        let lines = Rc::new(RefCell::new(Vec::new()));
        let failing = self.next_failure(invocation.step);
        let outcome = match failing {
            Some(Failing { afterwards: false, .. }) => broken_off(),
            failing => {
                let times = if self.bug == Some(Bug::StepsRunTwice) { 2 } else { 1 };
                let mut outcome = rotation::Outcome::Done;
                for _ in 0..times {
                    outcome = self.run_guest(invocation, &lines)?;
                }
                if failing.is_some() { broken_off() } else { outcome }
            }
        };
        self.world.call(Port::Return(invocation.step), || ())?;
        let log = lines.take();
        Some(Report { outcome, log, duration_us: 1_000, digest: DIGEST.to_owned() })
    }

    fn run_guest(
        &self,
        invocation: &Invocation,
        lines: &Rc<RefCell<Vec<String>>>,
    ) -> Option<rotation::Outcome> {
        let mut caller = invocation.caller.clone();
        if self.bug == Some(Bug::LeaseWithoutFence) {
            caller.principal = Principal::Root { access_key_id: "nobody-asked".to_owned() };
        }
        let host = Guest {
            world: Arc::clone(&self.world),
            ops: Arc::downgrade(&self.ops),
            caller,
            lines: Rc::clone(lines),
            approved: invocation.approved,
        };
        let event = Event {
            step: to_sdk(invocation.step),
            secret_id: invocation.secret_arn.clone(),
            client_request_token: invocation.token.clone(),
            rotation_token: invocation.rotation_token.clone(),
        };
        match testing::invoke(host, self.rotator, &event) {
            Outcome::Done => Some(rotation::Outcome::Done),
            Outcome::Failed(Failure::Retry(message)) => Some(rotation::Outcome::retry(message)),
            Outcome::Failed(Failure::Permanent(message)) => Some(rotation::Outcome::permanent(message)),
            Outcome::Failed(Failure::Refused(message)) => {
                Some(rotation::Outcome::Failed { kind: FailureKind::Refused, message })
            }
            // It says that it waits, and has asked nobody.
            Outcome::Failed(failure @ Failure::AwaitingApproval) => {
                Some(rotation::Outcome::retry(failure.to_string()))
            }
            Outcome::Asked(summary) => Some(rotation::Outcome::Asked { summary }),
            Outcome::Killed => None,
        }
    }

    fn next_failure(&self, step: Step) -> Option<Failing> {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let next = failing.iter_mut().find(|failing| failing.step == step && failing.times > 0)?;
        next.times -= 1;
        Some(*next)
    }
}

#[async_trait]
impl Invoke for SimInvoke {
    async fn invoke(&self, invocation: Invocation) -> Report {
        let hangs = self.process == SECOND_WORKER && self.world.state().second_worker_hangs;
        let report = if hangs { None } else { self.run(&invocation) };
        match report {
            Some(report) => report,
            None => std::future::pending().await,
        }
    }

    async fn digest(&self, _: &str, _: &Scope) -> Option<String> {
        Some(DIGEST.to_owned())
    }

    fn wall_ms_max(&self) -> i64 {
        WALL_MS_MAX
    }
}

fn broken_off() -> rotation::Outcome {
    rotation::Outcome::retry("the function was broken off")
}

const fn to_sdk(step: Step) -> keywheel_sdk::Step {
    match step {
        Step::CreateSecret => keywheel_sdk::Step::CreateSecret,
        Step::SetSecret => keywheel_sdk::Step::SetSecret,
        Step::TestSecret => keywheel_sdk::Step::TestSecret,
        Step::FinishSecret => keywheel_sdk::Step::FinishSecret,
    }
}

/// The host of one run of a step.
struct Guest {
    world: Arc<World>,
    ops: Weak<Operations>,
    caller: Caller,
    lines: Rc<RefCell<Vec<String>>>,
    approved: bool,
}

impl Guest {
    /// Runs an action to its end. When the process dies in it, the function dies here.
    fn ask<T>(
        &self,
        action: impl AsyncFnOnce(&Operations) -> Result<T, ApiError>,
    ) -> Result<T, secrets::Error> {
        let ops = self.ops.upgrade().unwrap_or_else(|| testing::kill());
        let answer = self.world.call(Port::Guest, || action(&ops).now_or_never()).flatten();
        let answer = answer.unwrap_or_else(|| testing::kill());
        answer
            .map_err(|error| secrets::Error { code: error.code.as_str().to_owned(), message: error.message })
    }
}

impl Host for Guest {
    fn get_secret_value(
        &self,
        secret_id: &str,
        version_id: Option<&str>,
        version_stage: Option<&str>,
    ) -> Result<VersionValue, secrets::Error> {
        let request = GetSecretValueRequest {
            secret_id: secret_id.to_owned(),
            version_id: version_id.map(str::to_owned),
            version_stage: version_stage.map(str::to_owned),
        };
        let found = self.ask(async |ops| ops.get_secret_value(&self.caller, request).await)?;
        Ok(VersionValue {
            arn: found.arn,
            name: found.name,
            version_id: found.version_id,
            version_stages: found.version_stages,
            value: match &found.value {
                SecretValue::Text(text) => Value::Text(Sensitive::new(text.expose().clone())),
                SecretValue::Binary(bytes) => Value::Binary(Sensitive::new(bytes.expose().clone())),
            },
        })
    }

    fn put_secret_value(
        &self,
        secret_id: &str,
        client_request_token: &str,
        value: &Value,
        version_stages: &[&str],
        rotation_token: &str,
    ) -> Result<StoredVersion, secrets::Error> {
        let value = match value {
            Value::Text(text) => SecretValue::Text(text.expose().clone().into()),
            Value::Binary(bytes) => SecretValue::Binary(bytes.expose().clone().into()),
        };
        let request = PutSecretValueRequest {
            secret_id: secret_id.to_owned(),
            client_request_token: Some(client_request_token.to_owned()),
            value: Some(value.clone()),
            version_stages: Some(version_stages.iter().map(|stage| (*stage).to_owned()).collect()),
            rotation_token: Some(rotation_token.to_owned()),
        };
        let stored = self.ask(async |ops| ops.put_secret_value(&self.caller, request).await)?;
        self.world.state().watch.was_stored(client_request_token, &value);
        Ok(StoredVersion { version_id: stored.version_id, version_stages: stored.version_stages })
    }

    fn describe_secret(&self, secret_id: &str) -> Result<Description, secrets::Error> {
        let request = DescribeSecretRequest { secret_id: secret_id.to_owned() };
        let found = self.ask(async |ops| ops.describe_secret(&self.caller, request).await)?;
        let versions = found.version_ids_to_stages.unwrap_or_default().into_iter();
        Ok(Description {
            arn: found.arn,
            name: found.name,
            rotation_enabled: found.rotation_enabled.unwrap_or(false),
            versions: versions.map(|(version_id, stages)| VersionStages { version_id, stages }).collect(),
        })
    }

    fn update_secret_version_stage(
        &self,
        secret_id: &str,
        version_stage: &str,
        move_to_version_id: Option<&str>,
        remove_from_version_id: Option<&str>,
    ) -> Result<(), secrets::Error> {
        let request = UpdateSecretVersionStageRequest {
            secret_id: secret_id.to_owned(),
            version_stage: version_stage.to_owned(),
            remove_from_version_id: remove_from_version_id.map(str::to_owned),
            move_to_version_id: move_to_version_id.map(str::to_owned),
        };
        self.ask(async |ops| ops.update_secret_version_stage(&self.caller, request).await).map(drop)
    }

    fn get_random_password(&self, rules: &PasswordRules) -> Result<Sensitive<String>, secrets::Error> {
        let request = GetRandomPasswordRequest {
            password_length: rules.length.map_or(32, |length| length as usize),
            exclude_characters: rules.exclude_characters.clone(),
            exclude_numbers: rules.exclude_numbers,
            exclude_punctuation: rules.exclude_punctuation,
            exclude_uppercase: rules.exclude_uppercase,
            exclude_lowercase: rules.exclude_lowercase,
            include_space: rules.include_space,
            require_each_included_type: rules.require_each_included_type,
        };
        let made = self.ask(async |ops| ops.get_random_password(&self.caller, request).await)?;
        let password = made.random_password.expose();
        self.world.state().watch.must_not_appear(password);
        Ok(Sensitive::new(password.clone()))
    }

    fn open(&self, target: &Target) -> Result<Box<dyn Session>, sql::Error> {
        let now = self.world.clock.now();
        let opened = self.world.call(Port::Login, || {
            self.world.state().database.log_in(&target.username, target.password.expose(), now)
        });
        opened.unwrap_or_else(|| testing::kill())?;
        Ok(Box::new(Connected {
            world: Arc::clone(&self.world),
            user: target.username.clone(),
            is_broken: false,
        }))
    }

    fn require_approval(&self, _: &str) -> bool {
        self.approved
    }

    fn log(&self, _: Level, message: &str) {
        self.lines.borrow_mut().push(message.to_owned());
    }
}

/// A session with the database.
struct Connected {
    world: Arc<World>,
    user: String,
    is_broken: bool,
}

impl Connected {
    fn run(&mut self, statement: &str) -> Result<Rows, sql::Error> {
        let broken = sql::Error {
            kind: sql::ErrorKind::Connection,
            sqlstate: None,
            message: "the connection is closed".to_owned(),
            transient: true,
        };
        if self.is_broken {
            return Err(broken);
        }
        let now = self.world.clock.now();
        let answer = self.world.call(Port::Statement, || {
            let mut state = self.world.state();
            let answer = state.database.run(&self.user, statement, now);
            state.check_access();
            answer
        });
        let answer = answer.unwrap_or_else(|| testing::kill());
        self.is_broken = matches!(&answer, Err(error) if error.kind == sql::ErrorKind::Connection);
        answer
    }
}

impl Session for Connected {
    fn execute(&mut self, statement: &str, _: &[sql::Value]) -> Result<u64, sql::Error> {
        self.run(statement).map(|_| 0)
    }

    fn query(&mut self, statement: &str, _: &[sql::Value]) -> Result<Rows, sql::Error> {
        self.run(statement)
    }
}
