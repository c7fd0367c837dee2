//! A rotation function that keeps every rule of the contract, in parts: each `bad_…` in `examples/` puts one
//! part of its own in the place of one of these, and so breaks one rule.

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::secrets::{self, PasswordRules};
use keywheel_sdk::sql::{Connection, Engine, ErrorKind, quote_identifier, quote_literal};
use keywheel_sdk::{Event, Failure, Rotator, scram};

/// The function itself.
pub struct Good;

impl Rotator for Good {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        if event.pending()?.is_some() {
            return Ok(());
        }
        Ok(event.put_pending(&new_value(event)?.to_value())?)
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        let (current, pending) = (current(event)?, pending(event)?);
        current.require_same_login(&pending)?;
        if log_in(&pending)?.is_some() {
            return Ok(());
        }
        let mut connection = log_in(&current)?.ok_or_else(locked_out)?;
        Ok(connection.execute(&change(&pending)?, &[]).map(drop)?)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        match log_in(&pending(event)?)? {
            Some(_) => Ok(()),
            None => Err(Failure::Refused("the server refuses the pending password".to_owned())),
        }
    }
}

/// The current value with a new password.
pub fn new_value(event: &Event) -> Result<DatabaseSecret, Failure> {
    let password = secrets::get_random_password(&PasswordRules::default())?;
    Ok(current(event)?.with_password(&password))
}

/// The value in use.
pub fn current(event: &Event) -> Result<DatabaseSecret, Failure> {
    Ok(DatabaseSecret::parse(&event.current()?.value)?)
}

/// The value of this rotation.
pub fn pending(event: &Event) -> Result<DatabaseSecret, Failure> {
    let version = event.pending()?.ok_or_else(|| Failure::Permanent("no pending value".to_owned()))?;
    Ok(DatabaseSecret::parse(&version.value)?)
}

/// Logs in; nothing when the server refuses the password.
pub fn log_in(secret: &DatabaseSecret) -> Result<Option<Connection>, Failure> {
    match Connection::open(&secret.target(Engine::Postgres)) {
        Ok(connection) => Ok(Some(connection)),
        Err(error) if error.kind == ErrorKind::Authentication => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The statement that gives the user of a value its password.
pub fn change(secret: &DatabaseSecret) -> Result<String, Failure> {
    let role = quote_identifier(secret.username())?;
    let verifier = quote_literal(&scram::verifier(secret.password()))?;
    Ok(format!("ALTER ROLE {role} PASSWORD {verifier}"))
}

/// Why nothing can be changed.
pub fn locked_out() -> Failure {
    Failure::Permanent("the server takes no password of the secret".to_owned())
}
