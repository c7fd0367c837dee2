//! The four steps of a rotation, and what a function answers.

use thiserror::Error;

use crate::http;
use crate::log;
use crate::secrets::{self, CURRENT, PENDING, PREVIOUS, Value, VersionValue};
use crate::sql;

/// The phase of a rotation, in the order in which the host calls them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Make the new value and store it as `AWSPENDING`.
    CreateSecret,
    /// Make the target accept the pending value.
    SetSecret,
    /// Log in to the target with the pending value.
    TestSecret,
    /// Move `AWSCURRENT` to the pending version.
    FinishSecret,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Self; 4] = [Self::CreateSecret, Self::SetSecret, Self::TestSecret, Self::FinishSecret];
}

/// One invocation: which step, of which secret, for which version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What to do.
    pub step: Step,
    /// The full ARN of the secret.
    pub secret_id: String,
    /// The id of the version that becomes current: the same in every step and every retry.
    pub client_request_token: String,
    /// Proves to [`secrets::put_secret_value`] that the caller is this rotation.
    pub rotation_token: String,
}

impl Event {
    /// The value in use: that of the version labelled `AWSCURRENT`.
    pub fn current(&self) -> Result<VersionValue, secrets::Error> {
        secrets::get_secret_value(&self.secret_id, None, Some(CURRENT))
    }

    /// The value of this rotation, or `None` when [`Step::CreateSecret`] has not stored it yet.
    ///
    /// Asks for the version by token *and* label, so that a late retry of an abandoned rotation is
    /// refused instead of bringing an old value back.
    pub fn pending(&self) -> Result<Option<VersionValue>, secrets::Error> {
        found(secrets::get_secret_value(&self.secret_id, Some(&self.client_request_token), Some(PENDING)))
    }

    /// The value before the one in use, or `None` when there is none.
    pub fn previous(&self) -> Result<Option<VersionValue>, secrets::Error> {
        found(secrets::get_secret_value(&self.secret_id, None, Some(PREVIOUS)))
    }

    /// Stores the value of this rotation. The same value again changes nothing; another one is refused.
    pub fn put_pending(&self, value: &Value) -> Result<(), secrets::Error> {
        secrets::put_secret_value(
            &self.secret_id,
            &self.client_request_token,
            value,
            &[PENDING],
            &self.rotation_token,
        )
        .map(drop)
    }
}

fn found(answer: Result<VersionValue, secrets::Error>) -> Result<Option<VersionValue>, secrets::Error> {
    match answer {
        Ok(version) => Ok(Some(version)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Why a step did not succeed, with a sentence for the operator. It must hold no secret value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// It may pass: the network, a target that restarts. The step runs again, with the same token.
    #[error("{0}")]
    Retry(String),
    /// The target answered, and did not take the credential: it may be behind (a login cache, a
    /// standby), or another one is in force. The step runs again a few times.
    #[error("{0}")]
    Refused(String),
    /// Retrying cannot help: the secret has the wrong shape, the target refused the statement.
    #[error("{0}")]
    Permanent(String),
    /// People have not agreed yet: what [`approvals::require`](crate::approvals::require) returns. The step
    /// runs again when they have.
    #[error("waiting for approval")]
    AwaitingApproval,
}

impl Failure {
    /// Puts what the function was doing in front of the message.
    #[must_use]
    pub fn while_doing(self, what: &str) -> Self {
        match self {
            Self::Retry(message) => Self::Retry(format!("{what}: {message}")),
            Self::Refused(message) => Self::Refused(format!("{what}: {message}")),
            Self::Permanent(message) => Self::Permanent(format!("{what}: {message}")),
            Self::AwaitingApproval => Self::AwaitingApproval,
        }
    }
}

impl From<secrets::Error> for Failure {
    fn from(error: secrets::Error) -> Self {
        if error.is_transient() { Self::Retry(error.to_string()) } else { Self::Permanent(error.to_string()) }
    }
}

impl From<http::Error> for Failure {
    fn from(error: http::Error) -> Self {
        if error.transient { Self::Retry(error.to_string()) } else { Self::Permanent(error.to_string()) }
    }
}

impl From<sql::Error> for Failure {
    fn from(error: sql::Error) -> Self {
        if error.transient { Self::Retry(error.to_string()) } else { Self::Permanent(error.to_string()) }
    }
}

/// A rotation function: one method for each step.
///
/// The host calls each step at least once, in order, with one token. Any call may be repeated after
/// it succeeded, and may have been cut off anywhere before: a step first finds out what is done
/// already, then does the rest.
pub trait Rotator {
    /// Makes the new value and stores it with [`Event::put_pending`], unless it is stored already.
    /// Touches nothing outside: when the target is changed, the value must be in the store.
    fn create_secret(&self, event: &Event) -> Result<(), Failure>;

    /// Makes the target accept the pending value.
    fn set_secret(&self, event: &Event) -> Result<(), Failure>;

    /// Logs in to the target with the pending value.
    fn test_secret(&self, event: &Event) -> Result<(), Failure>;

    /// Moves `AWSCURRENT` to the pending version. Done already: does nothing.
    fn finish_secret(&self, event: &Event) -> Result<(), Failure> {
        let token = event.client_request_token.as_str();
        let description = secrets::describe_secret(&event.secret_id)?;
        let current = description.holder(CURRENT);
        if current == Some(token) {
            return Ok(());
        }
        if description.holder(PENDING) != Some(token) {
            return Err(Failure::Permanent(format!(
                "version `{token}` is not labelled {PENDING}: another rotation or a new value came in between"
            )));
        }
        secrets::update_secret_version_stage(&event.secret_id, CURRENT, Some(token), current)?;
        log::info(&format!("moved {CURRENT} to version {token}"));
        Ok(())
    }
}

/// Runs the step that the event names.
pub fn run(rotator: &dyn Rotator, event: &Event) -> Result<(), Failure> {
    match event.step {
        Step::CreateSecret => rotator.create_secret(event),
        Step::SetSecret => rotator.set_secret(event),
        Step::TestSecret => rotator.test_secret(event),
        Step::FinishSecret => rotator.finish_secret(event),
    }
}
