//! Tries, in every step, everything that is not for it to do, logs what it was told, and says that it is done.

use keywheel_sdk::secrets::{self, Error, Value};
use keywheel_sdk::{Event, Failure, Rotator, log};

/// A name that a test gives to a secret of its own.
const OTHER_SECRET: &str = "not/yours";
/// A version that is none of this rotation.
const OTHER_TOKEN: &str = "99999999-9999-4999-8999-999999999999";

struct Oversteps;

fn tried<T>(what: &str, answer: Result<T, Error>) {
    match answer {
        Ok(_) => log::warn(&format!("{what}: done")),
        Err(error) => log::info(&format!("{what}: {error}")),
    }
}

impl Rotator for Oversteps {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        let (own, token) = (event.secret_id.as_str(), event.client_request_token.as_str());
        let value = Value::Text("taken over".to_owned().into());
        let put = |token: &str, stages: &[&str]| {
            secrets::put_secret_value(own, token, &value, stages, &event.rotation_token)
        };
        let label = |stage: &str, to: Option<&str>, from: Option<&str>| {
            secrets::update_secret_version_stage(own, stage, to, from)
        };
        let current = secrets::describe_secret(own).ok();
        let current = current.as_ref().and_then(|secret| secret.holder("AWSCURRENT")).unwrap_or_default();
        tried("reads another secret", secrets::get_secret_value(OTHER_SECRET, None, None));
        tried("describes another secret", secrets::describe_secret(OTHER_SECRET));
        tried("stores another version", put(OTHER_TOKEN, &["AWSPENDING"]));
        tried("stores the current value", put(token, &["AWSCURRENT"]));
        tried("stores beside the labels", put(token, &["AWSPENDING", "MINE"]));
        tried("makes another version current", label("AWSCURRENT", Some(OTHER_TOKEN), Some(current)));
        tried("takes AWSCURRENT off", label("AWSCURRENT", None, Some(current)));
        tried("makes its version current too early", label("AWSCURRENT", Some(token), Some(current)));
        tried("moves AWSPREVIOUS", label("AWSPREVIOUS", Some(current), None));
        tried("labels as it likes", label("MINE", Some(current), None));
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

keywheel_sdk::export!(Oversteps);
