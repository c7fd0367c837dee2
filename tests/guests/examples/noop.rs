//! Does what a rotation must and nothing outside: a generated value becomes pending, then current.

use keywheel_sdk::secrets::{self, PasswordRules, Value};
use keywheel_sdk::{Event, Failure, Rotator};

struct Noop;

impl Rotator for Noop {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        if event.pending()?.is_none() {
            event.put_pending(&Value::Text(secrets::get_random_password(&PasswordRules::default())?))?;
        }
        Ok(())
    }

    fn set_secret(&self, _: &Event) -> Result<(), Failure> {
        Ok(())
    }

    fn test_secret(&self, _: &Event) -> Result<(), Failure> {
        Ok(())
    }
}

keywheel_sdk::export!(Noop);
