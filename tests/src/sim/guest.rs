//! The host of a rotation function that runs natively: the SDK's host over the real actions and the
//! simulated database.
//!
//! Unlike the sandbox it does not redact what a function logs, so that one that logs a password is
//! seen to do so.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Weak};

use futures_util::FutureExt;
use keywheel::clock::Clock;
use keywheel::ops::{Caller, Operations};
use keywheel_domain::api::{
    ApiError, DescribeSecretRequest, GetRandomPasswordRequest, GetSecretValueRequest, PutSecretValueRequest,
    SecretValue, UpdateSecretVersionStageRequest,
};
use keywheel_sdk::Sensitive;
use keywheel_sdk::log::Level;
use keywheel_sdk::secrets::{
    self, Description, PasswordRules, StoredVersion, Value, VersionStages, VersionValue,
};
use keywheel_sdk::sql::{self, Rows, Target};
use keywheel_sdk::testing::{self, Host, Session};

use super::ports::{Port, World};

/// The host of one run of a step.
pub(super) struct Guest {
    pub(super) world: Arc<World>,
    pub(super) ops: Weak<Operations>,
    pub(super) caller: Caller,
    pub(super) lines: Rc<RefCell<Vec<String>>>,
    pub(super) approved: bool,
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
            rotation_token: Some(rotation_token.to_owned().into()),
        };
        let stored = self.ask(async |ops| ops.put_secret_value(&self.caller, request).await)?;
        self.world.state().watch.was_stored_by_function(secret_id, client_request_token, &value);
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
