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
use keywheel_sdk::login::{log_in, log_in_as_before, test_pending};
use keywheel_sdk::sql::Engine;
use keywheel_sdk::{Event, Failure, Rotator, log, scram};

pub use alternating::PostgresAlternatingUsers;

/// What speaks to the server.
const ENGINE: Engine = Engine::Postgres;
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
        if DatabaseSecret::current(event, ENGINE)?.store_with_new_password(event)? {
            log::info("stored a new password as the pending value");
        }
        Ok(())
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        let current = DatabaseSecret::current(event, ENGINE)?;
        let pending = DatabaseSecret::pending(event, ENGINE)?;
        current.require_same_login(&pending)?;

        let refusal = match log_in(&pending, ENGINE)? {
            Ok(_) => {
                log::info("the server accepts the pending password already");
                return Ok(());
            }
            Err(refusal) => refusal,
        };
        let mut connection = match log_in_as_before(event, &current, &pending, ENGINE)? {
            Some(connection) => connection,
            None => admin::repair(&current, &pending, &refusal)?,
        };
        let statement = sql::set_password(pending.username(), &scram::verifier(pending.password()))?;
        connection.execute(&statement, &[]).map_err(|error| Failure::from(error).while_doing(CHANGING))?;
        log::info("the server took the pending password");
        Ok(())
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        test_pending(event, ENGINE)
    }
}
