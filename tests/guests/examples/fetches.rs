//! Sends a request to the URL in its environment, in every step. Status and body, or why there is no answer,
//! are its failure message.

use std::env;

use keywheel_sdk::http::{Method, Request};
use keywheel_sdk::{Event, Failure, Rotator};

/// The variable that holds the URL.
const URL: &str = "URL";
/// The variable that holds the name of a header, when it sends one.
const HEADER: &str = "HEADER";

struct Fetches;

impl Rotator for Fetches {
    fn create_secret(&self, _: &Event) -> Result<(), Failure> {
        let url = env::var(URL).map_err(|error| Failure::Permanent(error.to_string()))?;
        let mut request = Request::new(Method::Post, &url)?.body(b"ping".to_vec());
        if let Ok(name) = env::var(HEADER) {
            request = request.header(&name, "elsewhere.example");
        }
        let answer = request.send()?;
        let location = answer.header("location").unwrap_or_default().to_owned();
        Err(Failure::Permanent(format!("{} {location}{}", answer.status, answer.text()?)))
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

keywheel_sdk::export!(Fetches);
