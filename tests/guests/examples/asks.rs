//! Asks people for approval: once, twice, without heeding the answer, and with a secret value in what it says.

use keywheel_sdk::secrets::Value;
use keywheel_sdk::{Event, Failure, Rotator, approvals, log};

struct Asks;

impl Rotator for Asks {
    /// Asks twice, and is done when people agree.
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        let first = approvals::require("make a new password");
        let second = approvals::require("and another one");
        first.and(second)?;
        log::info("people agree");
        Ok(())
    }

    /// Asks, and goes on whatever the answer is.
    fn set_secret(&self, _: &Event) -> Result<(), Failure> {
        let _ = approvals::require("change the password");
        Ok(())
    }

    /// Asks with more than a person can read, which moves the cursor and holds a value.
    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        let Value::Text(known) = event.current()?.value else { return Ok(()) };
        let summary = format!("\x1b[2J log in\nwith {} {}", known.expose(), "é".repeat(2000));
        approvals::require(&summary).map_err(|error| Failure::Permanent(error.to_string()))
    }

    /// Fails. By the token, asks before it does, or asks and traps.
    fn finish_secret(&self, event: &Event) -> Result<(), Failure> {
        if event.client_request_token.starts_with("trap") {
            let _ = approvals::require("trap");
            std::process::abort();
        }
        if event.client_request_token.starts_with("asks") {
            approvals::require("fail")?;
        }
        Err(Failure::Refused("the target said no".to_owned()))
    }
}

keywheel_sdk::export!(Asks);
