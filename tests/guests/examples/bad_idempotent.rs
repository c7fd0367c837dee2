//! Breaks `idempotent`: leaves a table behind each time that it runs.

use keywheel_guests::planted::{self, Good};
use keywheel_sdk::secrets::{self, PasswordRules};
use keywheel_sdk::{Event, Failure, Rotator};

struct Bad;

impl Rotator for Bad {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.create_secret(event)
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.set_secret(event)?;
        let letters = PasswordRules {
            exclude_numbers: true,
            exclude_punctuation: true,
            exclude_uppercase: true,
            ..PasswordRules::default()
        };
        let name = secrets::get_random_password(&letters)?;
        let mut connection = planted::log_in(&planted::pending(event)?)?.ok_or_else(planted::locked_out)?;
        Ok(connection.execute(&format!("CREATE TABLE run_{} (at text)", name.expose()), &[]).map(drop)?)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.test_secret(event)
    }
}

keywheel_sdk::export!(Bad);
