//! Rotates the password of a user of a service over HTTP, which changes it itself.
//!
//! The secret is a JSON object with `host`, `username` and `password`, and optionally `port` and `ssl` (true when
//! absent). What the service is expected to offer stands in `ask` and `set_secret`: change it to what yours does.

#[cfg(test)]
mod tests;

use keywheel_sdk::document::{Document, InvalidSecret};
use keywheel_sdk::http::{Method, Request, path_segment};
use keywheel_sdk::secrets::{self, PasswordRules, Value};
use keywheel_sdk::{Event, Failure, Rotator, Sensitive, log};

struct Rotation;

keywheel_sdk::export!(Rotation);

impl Rotator for Rotation {
    /// Makes the new password and stores it. Nothing outside is touched yet.
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        let current = Login::parse(&event.current()?.value)?;
        if event.pending()?.is_some() {
            return Ok(()); // An earlier run got this far.
        }
        let password = secrets::get_random_password(&PasswordRules::from_environment()?)?;
        event.put_pending(&current.document.with_text("password", &password).to_value())?;
        log::info("stored a new password as the pending value");
        Ok(())
    }

    /// Makes the service take it.
    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        let current = Login::parse(&event.current()?.value)?;
        let pending = pending(event)?;
        // A password is sent to nobody but the service that the secret is for.
        if (&pending.url, &pending.username) != (&current.url, &current.username) {
            let message = "the pending value leads to another server or user than the current value";
            return Err(Failure::Permanent(message.to_owned()));
        }
        if ask(&pending, Method::Get, Vec::new())? == Answer::Accepted {
            return Ok(()); // An earlier run got this far.
        }
        let change = Document::parse(&Value::Text("{}".into()))?.with_text("password", &pending.password);
        let Value::Text(change) = change.to_value() else { unreachable!("a document is text") };
        if ask(&current, Method::Put, change.expose().clone().into_bytes())? == Answer::Refused {
            let message = "the service takes neither the pending nor the current password";
            return Err(Failure::Permanent(message.to_owned()));
        }
        log::info("the service took the pending password");
        Ok(())
    }

    /// Logs in with it.
    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        if ask(&pending(event)?, Method::Get, Vec::new())? == Answer::Refused {
            return Err(Failure::Refused("the service refused the pending password".to_owned()));
        }
        log::info("logged in with the pending password");
        Ok(())
    }

    // `finish_secret` moves the label AWSCURRENT: the SDK does it.
}

/// What a secret says about the service and its user.
struct Login {
    document: Document,
    username: String,
    password: Sensitive<String>,
    url: String,
}

impl Login {
    fn parse(value: &Value) -> Result<Self, InvalidSecret> {
        let document = Document::parse(value)?;
        let scheme = if document.truth("ssl")? == Some(false) { "http" } else { "https" };
        let host = document.required_text("host")?;
        let port = document.port()?.map(|port| format!(":{port}")).unwrap_or_default();
        let username = document.required_text("username")?.expose().clone();
        let password = document.required_text("password")?;
        let url = format!("{scheme}://{}{port}/users/{}", host.expose(), path_segment(&username));
        Ok(Self { document, username, password, url })
    }
}

fn pending(event: &Event) -> Result<Login, Failure> {
    let absent = || Failure::Permanent("there is no AWSPENDING value: createSecret has not stored one".to_owned());
    Ok(Login::parse(&event.pending()?.ok_or_else(absent)?.value)?)
}

/// What the service says to a password.
#[derive(PartialEq, Eq)]
enum Answer {
    Accepted,
    Refused,
}

/// Asks as the user. Refusals other than that of the password are failures.
fn ask(login: &Login, method: Method, body: Vec<u8>) -> Result<Answer, Failure> {
    let request = Request::new(method, &login.url)?
        .basic(&login.username, &login.password)
        .header("content-type", "application/json")
        .body(body);
    match request.send()?.status {
        401 | 403 => Ok(Answer::Refused),
        status if status >= 500 || status == 429 => {
            Err(Failure::Retry(format!("the service answered {method:?} with status {status}")))
        }
        status if status >= 300 => {
            Err(Failure::Permanent(format!("the service answered {method:?} with status {status}")))
        }
        _ => Ok(Answer::Accepted),
    }
}
