//! Breaks `wrong-password-fails`: tries the pending password, and is content whatever the server says.

use keywheel_guests::planted::{self, Good};
use keywheel_sdk::{Event, Failure, Rotator};

struct Bad;

impl Rotator for Bad {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.create_secret(event)
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.set_secret(event)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        planted::log_in(&planted::pending(event)?).map(drop)
    }
}

keywheel_sdk::export!(Bad);
