//! Asks for a secret that is not the one it rotates, in every step. What came back is its failure
//! message.

use keywheel_sdk::{Event, Failure, Rotator, secrets};

/// A name that a test gives to a secret of its own.
const OTHER_SECRET: &str = "not/yours";

struct Lies;

impl Rotator for Lies {
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        match secrets::get_secret_value(OTHER_SECRET, None, None) {
            Ok(found) => Err(Failure::Permanent(format!("got a value of {}", found.name))),
            Err(error) => Err(Failure::Permanent(error.to_string())),
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

keywheel_sdk::export!(Lies);
