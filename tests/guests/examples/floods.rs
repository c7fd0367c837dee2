//! Writes more log than anybody wants, in every step, and succeeds.

use keywheel_sdk::{Event, Failure, Rotator, log};

/// About nine megabytes.
const LINES: u32 = 100_000;

struct Floods;

impl Rotator for Floods {
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        for number in 0..LINES {
            log::info(&format!("{number:06} {}", "all work and no play ".repeat(4)));
        }
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

keywheel_sdk::export!(Floods);
