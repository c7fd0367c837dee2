//! Rotates the password of an HTTP service with a protocol of its own: a `POST` that names the password in the
//! path, which no log and no verdict may show.

use keywheel_guests::planted_http::{self, Good, Login};
use keywheel_sdk::http::{Method, Request, path_segment};
use keywheel_sdk::{Event, Failure, Rotator};

struct Otherwise;

impl Rotator for Otherwise {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        Good.create_secret(event)
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        post(&planted_http::current(event)?)?;
        post(&planted_http::pending(event)?)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        post(&planted_http::pending(event)?)
    }
}

fn post(login: &Login) -> Result<(), Failure> {
    let url = format!(
        "https://{}/login/{}?user={}",
        login.host,
        path_segment(login.password.expose()),
        login.username
    );
    match Request::new(Method::Post, &url)?.send()?.status {
        200 => Ok(()),
        status => Err(Failure::Permanent(format!("the service answered with status {status}"))),
    }
}

keywheel_sdk::export!(Otherwise);
