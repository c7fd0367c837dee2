//! Logging in to a database as the user of a secret, with whichever of its passwords the server takes.

use crate::database::DatabaseSecret;
use crate::sql::{Connection, Engine, ErrorKind};
use crate::{Event, Failure, log};

/// Proves that a session works, and needs no privilege.
const PROBE: &str = "SELECT 1";

/// Logs in. The inner error is the server's refusal of user or password; only that one says that another
/// password is worth a try. A server that cannot be reached has refused nothing.
///
/// ```
/// # use keywheel_sdk::{Failure, database::DatabaseSecret, login, secrets::Value, sql::Engine, testing};
/// # let host = testing::InMemory::new();
/// # host.server("db", 5432).user("app", "first");
/// # testing::with_host(host, || -> Result<(), Failure> {
/// let stored = r#"{"engine":"postgres","host":"db","username":"app","password":"first"}"#;
/// let secret = DatabaseSecret::parse(&Value::Text(stored.into()))?;
/// assert!(login::log_in(&secret, Engine::Postgres)?.is_ok());
/// let other = secret.with_password(&"second".into());
/// assert!(login::log_in(&other, Engine::Postgres)?.is_err());
/// # Ok(())
/// # }).unwrap();
/// ```
pub fn log_in(secret: &DatabaseSecret, engine: Engine) -> Result<Result<Connection, String>, Failure> {
    match Connection::open(&secret.target(engine)) {
        Ok(connection) => Ok(Ok(connection)),
        Err(error) if error.kind == ErrorKind::Authentication => Ok(Err(error.message)),
        Err(error) => Err(Failure::from(error).while_doing("connecting to the server")),
    }
}

/// Logs in with the current password, or with the one before it where that is for the login of `pending` too.
/// Nothing when the server refuses both.
pub fn log_in_as_before(
    event: &Event,
    current: &DatabaseSecret,
    pending: &DatabaseSecret,
    engine: Engine,
) -> Result<Option<Connection>, Failure> {
    if let Ok(connection) = log_in(current, engine)? {
        return Ok(Some(connection));
    }
    let Some(version) = event.previous()? else { return Ok(None) };
    // What an old version looks like must not decide how this rotation ends.
    let Ok(previous) = DatabaseSecret::parse(&version.value) else { return Ok(None) };
    if previous.require_same_login(pending).is_err() {
        return Ok(None);
    }
    let connection = log_in(&previous, engine)?.ok();
    if connection.is_some() {
        log::warn("the server refused the current password and took the previous one");
    }
    Ok(connection)
}

/// Logs in with the pending value and reads something: what `testSecret` is for. A refusal may pass, since after
/// `setSecret` more likely than not a cache, a standby or a replica is behind.
pub fn test_pending(event: &Event, engine: Engine) -> Result<(), Failure> {
    let pending = DatabaseSecret::pending(event, engine)?;
    let mut connection = log_in(&pending, engine)?
        .map_err(|refusal| Failure::Refused(format!("the server refused the pending password: {refusal}")))?;
    connection
        .query(PROBE, &[])
        .map_err(|error| Failure::from(error).while_doing("reading with the pending password"))?;
    log::info("logged in with the pending password");
    Ok(())
}
