//! Rotates a value that nobody outside has to be told: makes a new one, and brings it into use.
//!
//! Where somebody has to be told, `set_secret` and `test_secret` are the place.

#[cfg(test)]
mod tests;

use keywheel_sdk::secrets::{self, PasswordRules, Value};
use keywheel_sdk::{Event, Failure, Rotator, log};

struct Rotation;

keywheel_sdk::export!(Rotation);

impl Rotator for Rotation {
    /// Makes the new value and stores it. Nothing outside is touched yet.
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        if event.pending()?.is_some() {
            return Ok(()); // An earlier run got this far.
        }
        let value = secrets::get_random_password(&PasswordRules::from_environment()?)?;
        event.put_pending(&Value::Text(value))?;
        log::info("stored a new value as the pending one");
        Ok(())
    }

    /// Makes whatever the value opens take it. Try the pending value first: an earlier run may have got that far.
    fn set_secret(&self, _: &Event) -> Result<(), Failure> {
        Ok(())
    }

    /// Uses the pending value once, as applications will.
    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        match event.pending()? {
            Some(_) => Ok(()),
            None => Err(Failure::Permanent("there is no AWSPENDING value".to_owned())),
        }
    }

    // `finish_secret` moves the label AWSCURRENT: the SDK does it.
}
