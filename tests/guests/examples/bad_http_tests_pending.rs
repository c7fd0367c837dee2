//! Breaks `tests-pending` over HTTP: takes a refusal of the current password for a proof that the pending one works.

use keywheel_guests::planted_http::{self, Good};
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
        if planted_http::logs_in(&planted_http::current(event)?)? {
            return Err(Failure::Refused("the current password still works".to_owned()));
        }
        Ok(())
    }
}

keywheel_sdk::export!(Bad);
