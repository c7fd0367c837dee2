//! Sends a request to the URL in its environment and follows the redirects that come back, in every step.

use std::env;

use keywheel_sdk::http::{Method, Request};
use keywheel_sdk::{Event, Failure, Rotator};

/// The variable that holds the URL.
const URL: &str = "URL";

struct Follows;

impl Rotator for Follows {
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        let mut url = env::var(URL).map_err(|error| Failure::Permanent(error.to_string()))?;
        loop {
            let answer = Request::new(Method::Get, &url)?.send()?;
            match answer.header("location") {
                Some(next) => url = next.to_owned(),
                None => return Err(Failure::Permanent(format!("{} {}", answer.status, answer.text()?))),
            }
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

keywheel_sdk::export!(Follows);
