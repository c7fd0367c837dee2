//! Breaks `rotates`: never changes anything.

use keywheel_guests::planted::Good;
use keywheel_sdk::{Event, Failure, Rotator};

struct Bad;

impl Rotator for Bad {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.create_secret(event)
    }

    fn set_secret(&self, _: &Event) -> Result<(), Failure> {
        Err(Failure::Permanent("passwords are not changed on Fridays".to_owned()))
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.test_secret(event)
    }
}

keywheel_sdk::export!(Bad);
