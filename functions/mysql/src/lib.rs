//! Rotates passwords of MySQL and MariaDB. This crate is two functions:
//!
//! - `mysql-single-user`: the user changes its own password. Between `setSecret` and `finishSecret` the server
//!   accepts the pending password only; at every moment it accepts one that the store holds.
//! - `mysql-alternating-users`: two users take turns, so that `AWSCURRENT` logs in at every moment; see
//!   [`MysqlAlternatingUsers`].
//!
//! The secret is a JSON object with `engine` (`mysql` or `mariadb`), `host`, `username` and `password`, and
//! optionally `port`, `dbname`, `ssl` and `masterarn`.
//!
//! When the server takes none of the user's passwords any more, somebody has changed it outside. The user in
//! the secret that `masterarn` names then sets it, if there is one and the function may read it.
//!
//! MariaDB is sent the hash of `mysql_native_password`, and its general log and its binary log show that hash.
//! MySQL is sent the password over an encrypted connection, and leaves it out of its logs itself.

mod admin;
mod alternating;
mod grants;
mod session;
mod sql;
#[cfg(test)]
mod tests;

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::login::{log_in, log_in_as_before, test_pending};
use keywheel_sdk::sql::Engine;
use keywheel_sdk::{Event, Failure, Rotator, log};

pub use alternating::MysqlAlternatingUsers;
use session::Session;

/// What speaks to the server.
const ENGINE: Engine = Engine::Mysql;
/// What is going on when a statement that sets a password fails.
const CHANGING: &str = "changing the password";

/// `mysql-single-user`.
#[derive(Debug, Clone, Copy, Default)]
pub struct MysqlSingleUser;

#[cfg(not(feature = "alternating-users"))]
keywheel_sdk::export!(MysqlSingleUser);
#[cfg(feature = "alternating-users")]
keywheel_sdk::export!(MysqlAlternatingUsers);

impl Rotator for MysqlSingleUser {
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
        let (mut session, statement) = match log_in_as_before(event, &current, &pending, ENGINE)? {
            Some(connection) => {
                let session = Session::of(connection)?;
                let statement = sql::set_own_password(session.server, pending.password())?;
                (session, statement)
            }
            None => {
                let (session, account) = admin::repair(&current, &pending, &refusal)?;
                let statement = sql::set_password(session.server, &account, pending.password())?;
                (session, statement)
            }
        };
        session.run(&statement, CHANGING)?;
        log::info("the server took the pending password");
        Ok(())
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        test_pending(event, ENGINE)
    }
}
