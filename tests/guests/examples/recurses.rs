//! Calls itself without end, in every step.

use keywheel_sdk::{Event, Failure, Rotator};

struct Recurses;

impl Rotator for Recurses {
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        let _ = std::hint::black_box(deeper(1));
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

keywheel_sdk::export!(Recurses);

/// Keeps something on the stack that the compiler cannot do without.
#[expect(unconditional_recursion, reason = "what this guest is for")]
fn deeper(depth: u64) -> u64 {
    let held = std::hint::black_box([depth; 64]);
    deeper(depth + 1).wrapping_add(held[7])
}
