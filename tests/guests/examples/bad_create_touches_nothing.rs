//! Breaks `create-touches-nothing`: tries the current password before it makes a new one.

use keywheel_guests::planted::{self, Good};
use keywheel_sdk::{Event, Failure, Rotator};

struct Bad;

impl Rotator for Bad {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        planted::log_in(&planted::current(event)?)?;
        Good.create_secret(event)
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.set_secret(event)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.test_secret(event)
    }
}

keywheel_sdk::export!(Bad);
