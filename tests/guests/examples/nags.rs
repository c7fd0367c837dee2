//! Calls the host without end, in every step.

use keywheel_sdk::{Event, Failure, Rotator};

struct Nags;

impl Rotator for Nags {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        loop {
            event.current()?;
        }
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        self.create_secret(event)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        self.create_secret(event)
    }

    fn finish_secret(&self, event: &Event) -> Result<(), Failure> {
        self.create_secret(event)
    }
}

keywheel_sdk::export!(Nags);
