//! Breaks `survives-faults`: gives up for good when the server cannot be reached for a moment.

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
        let mut connection = planted::log_in(&current)?.ok_or_else(planted::locked_out)?;
        let changed = connection.execute(&planted::change(&pending)?, &[]);
        changed.map(drop).map_err(|error| Failure::Permanent(error.to_string()))
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.test_secret(event)
    }
}

keywheel_sdk::export!(Bad);
