//! Breaks `logs-no-value`: tells everybody the new password.

use keywheel_guests::planted::{self, Good};
use keywheel_sdk::{Event, Failure, Rotator, log};

struct Bad;

impl Rotator for Bad {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.create_secret(event)?;
        log::info(&format!("the new password is {}", planted::pending(event)?.password().expose()));
        Ok(())
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.set_secret(event)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.test_secret(event)
    }
}

keywheel_sdk::export!(Bad);
