//! Breaks `tests-pending`: takes a refusal of the current password for a proof that the pending one works.

use keywheel_guests::planted::{self, Good};
use keywheel_sdk::{Event, Failure, Rotator};

struct Bad;

impl Rotator for Bad {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.create_secret(event)
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.set_secret(event)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        match planted::log_in(&planted::current(event)?)? {
            Some(_) => Err(Failure::Refused("the current password still works".to_owned())),
            None => Ok(()),
        }
    }
}

keywheel_sdk::export!(Bad);
