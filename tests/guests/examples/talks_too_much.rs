//! Gives more back than anybody wants: a failure message of megabytes, a value, a password, a header.

use keywheel_sdk::http::{Method, Request};
use keywheel_sdk::secrets::{PasswordRules, Value, get_random_password};
use keywheel_sdk::{Event, Failure, Rotator};

/// More than any limit on a text.
const BYTES: usize = 4 * 1024 * 1024;

struct TalksTooMuch;

impl Rotator for TalksTooMuch {
    /// A failure message, with the secret at its start.
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        let Value::Text(known) = event.current()?.value else { return Ok(()) };
        Err(Failure::Permanent(format!("{}{}", known.expose(), "a".repeat(BYTES))))
    }

    /// A value.
    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        Ok(event.put_pending(&Value::Text("a".repeat(BYTES).into()))?)
    }

    /// A header.
    fn test_secret(&self, _: &Event) -> Result<(), Failure> {
        let request = Request::new(Method::Get, "https://api.example")?;
        request.header("x-long", &"a".repeat(BYTES)).send()?;
        Ok(())
    }

    /// A password.
    fn finish_secret(&self, _: &Event) -> Result<(), Failure> {
        get_random_password(&PasswordRules { length: Some(u32::MAX), ..PasswordRules::default() })?;
        Ok(())
    }
}

keywheel_sdk::export!(TalksTooMuch);
