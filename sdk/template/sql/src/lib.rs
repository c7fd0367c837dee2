//! Rotates the password of a PostgreSQL role, which changes it itself.
//!
//! The secret is a JSON object with `engine`, `host`, `username` and `password`, and optionally `port`, `dbname` and
//! `ssl`. Another kind of database needs another [`Engine`] and another statement in `set_secret`.

#[cfg(test)]
mod tests;

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::login::{log_in, test_pending};
use keywheel_sdk::sql::{Engine, quote_identifier, quote_literal};
use keywheel_sdk::{Event, Failure, Rotator, log, scram};

const ENGINE: Engine = Engine::Postgres;

struct Rotation;

keywheel_sdk::export!(Rotation);

impl Rotator for Rotation {
    /// Makes the new password and stores it, unless an earlier run did. Nothing outside is touched yet.
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        if DatabaseSecret::current(event, ENGINE)?.store_with_new_password(event)? {
            log::info("stored a new password as the pending value");
        }
        Ok(())
    }

    /// Makes the server take it.
    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        let current = DatabaseSecret::current(event, ENGINE)?;
        let pending = DatabaseSecret::pending(event, ENGINE)?;
        // A password is sent to nobody but the server that the secret is for.
        current.require_same_login(&pending)?;
        if log_in(&pending, ENGINE)?.is_ok() {
            return Ok(()); // An earlier run got this far.
        }
        let mut connection = log_in(&current, ENGINE)?.map_err(|_| {
            Failure::Permanent("the server takes neither the pending nor the current password".to_owned())
        })?;
        connection.execute(&statement(&pending)?, &[])?;
        log::info("the server took the pending password");
        Ok(())
    }

    /// Logs in with it.
    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        test_pending(event, ENGINE)
    }

    // `finish_secret` moves the label AWSCURRENT: the SDK does it.
}

/// Gives the role its password: as a verifier, so that the server's log never holds the password itself.
fn statement(pending: &DatabaseSecret) -> Result<String, Failure> {
    let role = quote_identifier(pending.username())?;
    let verifier = quote_literal(&scram::verifier(pending.password()))?;
    Ok(format!("ALTER ROLE {role} WITH PASSWORD {verifier}"))
}
