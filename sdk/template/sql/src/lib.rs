//! Rotates the password of a PostgreSQL role, which changes it itself.
//!
//! The secret is a JSON object with `engine`, `host`, `username` and `password`, and optionally `port`, `dbname` and
//! `ssl`. Another kind of database needs another [`Engine`] and another statement in `set_secret`.

#[cfg(test)]
mod tests;

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::secrets::{self, PasswordRules};
use keywheel_sdk::sql::{Connection, Engine, ErrorKind, quote_identifier, quote_literal};
use keywheel_sdk::{Event, Failure, Rotator, log, scram};

struct Rotation;

keywheel_sdk::export!(Rotation);

impl Rotator for Rotation {
    /// Makes the new password and stores it. Nothing outside is touched yet.
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        if event.pending()?.is_some() {
            return Ok(()); // An earlier run got this far.
        }
        let current = DatabaseSecret::parse(&event.current()?.value)?;
        let password = secrets::get_random_password(&PasswordRules::from_environment()?)?;
        event.put_pending(&current.with_password(&password).to_value())?;
        log::info("stored a new password as the pending value");
        Ok(())
    }

    /// Makes the server take it.
    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        let current = DatabaseSecret::parse(&event.current()?.value)?;
        let pending = pending(event)?;
        // A password is sent to nobody but the server that the secret is for.
        current.require_same_login(&pending)?;
        if log_in(&pending)?.is_some() {
            return Ok(()); // An earlier run got this far.
        }
        let mut connection = log_in(&current)?.ok_or_else(|| {
            Failure::Permanent("the server takes neither the pending nor the current password".to_owned())
        })?;
        connection.execute(&statement(&pending)?, &[])?;
        log::info("the server took the pending password");
        Ok(())
    }

    /// Logs in with it.
    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        let mut connection = log_in(&pending(event)?)?
            .ok_or_else(|| Failure::Refused("the server refused the pending password".to_owned()))?;
        connection.query("SELECT 1", &[])?;
        log::info("logged in with the pending password");
        Ok(())
    }

    // `finish_secret` moves the label AWSCURRENT: the SDK does it.
}

fn pending(event: &Event) -> Result<DatabaseSecret, Failure> {
    let absent = || Failure::Permanent("there is no AWSPENDING value: createSecret has not stored one".to_owned());
    Ok(DatabaseSecret::parse(&event.pending()?.ok_or_else(absent)?.value)?)
}

/// Logs in. Nothing when the server refuses the password; any other trouble is a failure.
fn log_in(secret: &DatabaseSecret) -> Result<Option<Connection>, Failure> {
    match Connection::open(&secret.target(Engine::Postgres)) {
        Ok(connection) => Ok(Some(connection)),
        Err(error) if error.kind == ErrorKind::Authentication => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Gives the role its password: as a verifier, so that the server's log never holds the password itself.
fn statement(pending: &DatabaseSecret) -> Result<String, Failure> {
    let role = quote_identifier(pending.username())?;
    let verifier = quote_literal(&scram::verifier(pending.password()))?;
    Ok(format!("ALTER ROLE {role} WITH PASSWORD {verifier}"))
}
