//! Rotates passwords of PostgreSQL. This crate is two functions:
//!
//! - `postgres-single-user`: the role changes its own password. Between `setSecret` and `finishSecret` the server
//!   accepts the pending password only; at every moment it accepts one that the store holds.
//! - `postgres-alternating-users`: two roles take turns, so that `AWSCURRENT` logs in at every moment; see
//!   [`PostgresAlternatingUsers`].
//!
//! The secret is a JSON object with `engine` (`postgres`), `host`, `username` and `password`, and
//! optionally `port`, `dbname`, `ssl` and `masterarn`.
//!
//! When the server takes none of the role's passwords any more, somebody has changed it outside. The user in
//! the secret that `masterarn` names then sets it, if there is one and the function may read it.
//!
//! The server is sent a SCRAM verifier, so that the password is in none of its logs.

mod admin;
mod alternating;
mod sql;
#[cfg(test)]
mod tests;

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::login::{log_in, log_in_as_before};
use keywheel_sdk::secrets::{self, CURRENT, PENDING, PasswordRules, VersionValue};
use keywheel_sdk::sql::Engine;
use keywheel_sdk::{Event, Failure, Rotator, log, scram};

pub use alternating::PostgresAlternatingUsers;

/// What a secret's `engine` must say.
const ENGINE: &str = "postgres";
/// What is going on when a statement that sets a password fails.
const CHANGING: &str = "changing the password";

/// `postgres-single-user`.
#[derive(Debug, Clone, Copy, Default)]
pub struct PostgresSingleUser;

#[cfg(not(feature = "alternating-users"))]
keywheel_sdk::export!(PostgresSingleUser);
#[cfg(feature = "alternating-users")]
keywheel_sdk::export!(PostgresAlternatingUsers);

impl Rotator for PostgresSingleUser {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        let current = read(&event.current()?, CURRENT)?;
        if event.pending()?.is_some() {
            log::info("the pending value is stored already");
            return Ok(());
        }
        let password = secrets::get_random_password(&PasswordRules::from_environment()?)?;
        event.put_pending(&current.with_password(&password).to_value())?;
        log::info("stored a new password as the pending value");
        Ok(())
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        let current = read(&event.current()?, CURRENT)?;
        let pending = read_pending(event)?;
        current.require_same_login(&pending)?;

        let refusal = match log_in(&pending, Engine::Postgres)? {
            Ok(_) => {
                log::info("the server accepts the pending password already");
                return Ok(());
            }
            Err(refusal) => refusal,
        };
        let mut connection = match log_in_as_before(event, &current, &pending, Engine::Postgres)? {
            Some(connection) => connection,
            None => admin::repair(&current, &pending, &refusal)?,
        };
        let statement = sql::set_password(pending.username(), &scram::verifier(pending.password()))?;
        connection.execute(&statement, &[]).map_err(|error| Failure::from(error).while_doing(CHANGING))?;
        log::info("the server took the pending password");
        Ok(())
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        let pending = read_pending(event)?;
        // After setSecret, more likely than not a cache or a standby is behind.
        let mut connection = log_in(&pending, Engine::Postgres)?.map_err(|refusal| {
            Failure::Refused(format!("the server refused the pending password: {refusal}"))
        })?;
        connection
            .query(sql::PROBE, &[])
            .map_err(|error| Failure::from(error).while_doing("reading with the pending password"))?;
        log::info("logged in with the pending password");
        Ok(())
    }
}

fn read(version: &VersionValue, stage: &str) -> Result<DatabaseSecret, Failure> {
    let secret = DatabaseSecret::parse(&version.value)
        .map_err(|error| Failure::from(error).while_doing(&format!("reading the {stage} value")))?;
    if secret.engine() == ENGINE {
        return Ok(secret);
    }
    Err(Failure::Permanent(format!(
        "the {stage} value is not for this function: its `engine` must be `{ENGINE}`"
    )))
}

fn read_pending(event: &Event) -> Result<DatabaseSecret, Failure> {
    let pending = event.pending()?;
    let absent =
        || Failure::Permanent(format!("there is no {PENDING} value: createSecret has not stored one"));
    read(&pending.ok_or_else(absent)?, PENDING)
}
