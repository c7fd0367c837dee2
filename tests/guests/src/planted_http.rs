//! A rotation function that keeps every rule of the contract with an HTTP service, in parts, as
//! [`planted`](super::planted) does with a database.

use keywheel_sdk::document::Document;
use keywheel_sdk::http::{Method, Request, path_segment};
use keywheel_sdk::secrets::{self, PasswordRules, Value};
use keywheel_sdk::{Event, Failure, Rotator, Sensitive};

/// The function itself.
pub struct Good;

impl Rotator for Good {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        if event.pending()?.is_some() {
            return Ok(());
        }
        let password = secrets::get_random_password(&PasswordRules::default())?;
        let document = Document::parse(&event.current()?.value)?;
        Ok(event.put_pending(&document.with_text("password", &password).to_value())?)
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        let (current, pending) = (current(event)?, pending(event)?);
        if (&current.host, &current.username) != (&pending.host, &pending.username) {
            return Err(Failure::Permanent("the pending value is for another login".to_owned()));
        }
        if logs_in(&pending)? {
            return Ok(());
        }
        let change = Document::parse(&Value::Text("{}".into()))?.with_text("password", &pending.password);
        let Value::Text(change) = change.to_value() else { unreachable!("a document is text") };
        if ask(&current, Method::Put, change.expose().clone().into_bytes())? {
            return Ok(());
        }
        Err(Failure::Permanent("the service takes no password of the secret".to_owned()))
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        if logs_in(&pending(event)?)? {
            return Ok(());
        }
        Err(Failure::Refused("the service refuses the pending password".to_owned()))
    }
}

/// What a value logs in with, and where.
pub struct Login {
    /// The service.
    pub host: String,
    /// Who.
    pub username: String,
    /// With what.
    pub password: Sensitive<String>,
}

/// The value in use.
pub fn current(event: &Event) -> Result<Login, Failure> {
    login(&event.current()?.value)
}

/// The value of this rotation.
pub fn pending(event: &Event) -> Result<Login, Failure> {
    let version = event.pending()?.ok_or_else(|| Failure::Permanent("no pending value".to_owned()))?;
    login(&version.value)
}

/// Whether the service takes the password.
pub fn logs_in(login: &Login) -> Result<bool, Failure> {
    ask(login, Method::Get, Vec::new())
}

fn login(value: &Value) -> Result<Login, Failure> {
    let document = Document::parse(value)?;
    Ok(Login {
        host: document.required_text("host")?.expose().clone(),
        username: document.required_text("username")?.expose().clone(),
        password: document.required_text("password")?,
    })
}

fn ask(login: &Login, method: Method, body: Vec<u8>) -> Result<bool, Failure> {
    let url = format!("https://{}/users/{}", login.host, path_segment(&login.username));
    let request = Request::new(method, &url)?.basic(&login.username, &login.password).body(body);
    match request.send()?.status {
        200..300 => Ok(true),
        401 => Ok(false),
        status => Err(Failure::Permanent(format!("the service answered with status {status}"))),
    }
}
