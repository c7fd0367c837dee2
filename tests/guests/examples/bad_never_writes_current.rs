//! Breaks `never-writes-current`: wants to save itself a step, and stores as pending only when that is refused.

use keywheel_guests::planted::{self, Good};
use keywheel_sdk::secrets::{self, CURRENT};
use keywheel_sdk::{Event, Failure, Rotator};

struct Bad;

impl Rotator for Bad {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        if event.pending()?.is_some() {
            return Ok(());
        }
        let value = planted::new_value(event)?.to_value();
        let (token, proof) = (&event.client_request_token, &event.rotation_token);
        let _ = secrets::put_secret_value(&event.secret_id, token, &value, &[CURRENT], proof);
        Ok(event.put_pending(&value)?)
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.set_secret(event)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.test_secret(event)
    }
}

keywheel_sdk::export!(Bad);
