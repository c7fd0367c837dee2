//! Breaks `same-login`: trusts whatever the pending value says.

use keywheel_guests::planted::{self, Good};
use keywheel_sdk::{Event, Failure, Rotator};

struct Bad;

impl Rotator for Bad {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.create_secret(event)
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        let pending = planted::pending(event)?;
        if planted::log_in(&pending)?.is_some() {
            return Ok(());
        }
        let mut connection = planted::log_in(&planted::current(event)?)?.ok_or_else(planted::locked_out)?;
        Ok(connection.execute(&planted::change(&pending)?, &[]).map(drop)?)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.test_secret(event)
    }
}

keywheel_sdk::export!(Bad);
