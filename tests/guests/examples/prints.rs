//! Logs every value that it can read, whole and in parts, to the log, standard output and standard error.

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::secrets::{self, PasswordRules, Value};
use keywheel_sdk::{Event, Failure, Rotator, Sensitive, log};

struct Prints;

impl Rotator for Prints {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        let current = event.current()?.value;
        say("current", &current);
        if let Some(pending) = event.pending()? {
            say("pending", &pending.value);
        }
        let made = secrets::get_random_password(&PasswordRules::default())?;
        say("made", &Value::Text(Sensitive::new(made.expose().clone())));
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

keywheel_sdk::export!(Prints);

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "what this guest is for")]
fn say(name: &str, value: &Value) {
    let Value::Text(text) = value else { return };
    let text = text.expose();
    log::info(&format!("{name} {text}"));
    println!("{name} {text}");
    eprintln!("{name} {text}");
    if let Ok(secret) = DatabaseSecret::parse(value) {
        log::info(&format!("password {}", secret.password().expose()));
    }
}
