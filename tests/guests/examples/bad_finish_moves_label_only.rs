//! Breaks `finish-moves-label-only`: looks once more whether the new password works when it is in use.

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
        Good.test_secret(event)
    }

    fn finish_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.finish_secret(event)?;
        planted::log_in(&planted::current(event)?).map(drop)
    }
}

keywheel_sdk::export!(Bad);
