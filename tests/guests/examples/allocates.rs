//! Asks for memory without end, and uses it, in every step.

use keywheel_sdk::{Event, Failure, Rotator};

/// How much it asks for at a time.
const CHUNK_BYTES: usize = 1024 * 1024;

struct Allocates;

impl Rotator for Allocates {
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        let mut held = Vec::new();
        loop {
            held.push(vec![0xA5_u8; CHUNK_BYTES]);
            std::hint::black_box(&held);
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

keywheel_sdk::export!(Allocates);
