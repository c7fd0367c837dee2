//! Takes handles of the host and gives none back, in every step.

use std::mem;

use keywheel_sdk::{Event, Failure, Rotator};

struct Clutches;

impl Rotator for Clutches {
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        loop {
            mem::forget(wasip2::clocks::monotonic_clock::subscribe_duration(u64::MAX));
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

keywheel_sdk::export!(Clutches);
