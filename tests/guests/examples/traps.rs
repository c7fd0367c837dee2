//! Panics, in every step.

use keywheel_sdk::{Event, Failure, Rotator};

struct Traps;

impl Rotator for Traps {
    #[expect(clippy::panic, reason = "what this guest is for")]
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        panic!("this guest panics")
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

keywheel_sdk::export!(Traps);
