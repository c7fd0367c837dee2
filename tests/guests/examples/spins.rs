//! Computes without end, in every step.

use keywheel_sdk::{Event, Failure, Rotator};

struct Spins;

impl Rotator for Spins {
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        let mut state = 1_u64;
        while state != 0 {
            // An odd multiplier never makes zero of an odd number; the compiler is not told.
            state = std::hint::black_box(state).wrapping_mul(6_364_136_223_846_793_005);
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

keywheel_sdk::export!(Spins);
