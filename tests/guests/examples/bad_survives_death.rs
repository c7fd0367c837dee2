//! Breaks `survives-death`: holds a lock that a process which died holds for ever.

use keywheel_guests::planted::{self, Good};
use keywheel_sdk::sql::{Connection, ErrorKind};
use keywheel_sdk::{Event, Failure, Rotator};

struct Bad;

impl Rotator for Bad {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.create_secret(event)
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        let (current, pending) = (planted::current(event)?, planted::pending(event)?);
        current.require_same_login(&pending)?;
        if planted::log_in(&pending)?.is_some() {
            return Ok(());
        }
        let mut connection = planted::log_in(&current)?.ok_or_else(planted::locked_out)?;
        match connection.execute("CREATE TABLE rotation_lock (at text)", &[]) {
            Err(error) if error.kind == ErrorKind::Statement => {
                return Err(Failure::Retry("another rotation holds the lock".to_owned()));
            }
            locked => release_after(&mut connection, locked)?,
        };
        let changed = connection.execute(&planted::change(&pending)?, &[]);
        release_after(&mut connection, changed)?;
        Ok(connection.execute("DROP TABLE IF EXISTS rotation_lock", &[]).map(drop)?)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.test_secret(event)
    }
}

/// Lets the lock go when a statement failed.
fn release_after<T>(
    connection: &mut Connection,
    done: Result<T, keywheel_sdk::sql::Error>,
) -> Result<T, keywheel_sdk::sql::Error> {
    if done.is_err() {
        let _ = connection.execute("DROP TABLE IF EXISTS rotation_lock", &[]);
    }
    done
}

keywheel_sdk::export!(Bad);
