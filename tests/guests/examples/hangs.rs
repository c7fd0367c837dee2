//! Waits for a time that never comes, in every step.

use std::time::Duration;

use keywheel_sdk::{Event, Failure, Rotator};

/// A century.
const LONG: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

struct Hangs;

impl Rotator for Hangs {
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        std::thread::sleep(LONG);
        Ok(())
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

keywheel_sdk::export!(Hangs);
