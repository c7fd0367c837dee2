//! Breaks `pending-first`: makes the new value in `setSecret`, when it has logged in.

use keywheel_guests::planted::{self, Good};
use keywheel_sdk::{Event, Failure, Rotator};

struct Bad;

impl Rotator for Bad {
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        Ok(())
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        planted::log_in(&planted::current(event)?)?;
        Good.create_secret(event)?;
        Good.set_secret(event)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.test_secret(event)
    }
}

keywheel_sdk::export!(Bad);
