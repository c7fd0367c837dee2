//! Breaks `never-locked-out`: goes to the pending password by way of another one, which it alone knows.

use keywheel_guests::planted::{self, Good};
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
        let between =
            current.with_password(&format!("between-{}", event.client_request_token).as_str().into());
        let connection = match planted::log_in(&current)? {
            Some(connection) => Some(connection),
            None => planted::log_in(&between)?,
        };
        let mut connection = connection.ok_or_else(planted::locked_out)?;
        connection.execute(&planted::change(&between)?, &[])?;
        Ok(connection.execute(&planted::change(&pending)?, &[]).map(drop)?)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.test_secret(event)
    }
}

keywheel_sdk::export!(Bad);
