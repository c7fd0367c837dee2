//! A simulated HTTP service: users who log in with HTTP's `Basic`, and requests that read them and change their
//! passwords. It is the service that the templates of the kind `http` speak to.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::AUTHORIZATION;
use hyper::{Method, Request, StatusCode};
use keywheel_domain::sensitive::Sensitive;
use subtle::ConstantTimeEq as _;

use super::database::Login;

/// Logins that are remembered.
const LOGINS_MAX: usize = 1000;
/// Requests that are remembered because the service does not know them.
const UNKNOWN_MAX: usize = 10;
/// What the paths of users begin with.
const USERS: &str = "/users/";
/// How HTTP's `Basic` begins.
const BASIC: &str = "basic ";

/// A service.
#[derive(Clone)]
pub(super) struct Service {
    is_encrypted: bool,
    users: BTreeMap<String, User>,
    logins: Vec<Login>,
    unknown: Vec<String>,
}

#[derive(Clone)]
struct User {
    password: Sensitive<String>,
    admin: bool,
}

/// What a request is about.
enum Asked {
    /// Nothing that the service knows, and what it answers.
    Unknown(StatusCode),
    /// Whether the user is let in.
    Read(String),
    /// A new password for the user.
    Change(String, Sensitive<String>),
}

impl Service {
    pub(super) const fn new(is_encrypted: bool) -> Self {
        Self { is_encrypted, users: BTreeMap::new(), logins: Vec::new(), unknown: Vec::new() }
    }

    /// Whether it is reached over TLS, and not in clear text.
    pub(super) const fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    pub(super) fn set_user(&mut self, name: &str, password: &Sensitive<String>, admin: bool) {
        self.users.insert(name.to_owned(), User { password: password.clone(), admin });
    }

    pub(super) fn accepts(&self, user: &str, password: &Sensitive<String>) -> bool {
        let known = self.users.get(user).map(|user| user.password.expose().as_bytes());
        known.is_some_and(|known| known.ct_eq(password.expose().as_bytes()).into())
    }

    /// Everything but passwords.
    pub(super) fn inventory(&self) -> Vec<String> {
        self.users.keys().map(|name| format!("user {name}")).collect()
    }

    pub(super) fn logins(&self) -> &[Login] {
        &self.logins
    }

    /// The requests that it did not know, as they were told to [`Service::answer`].
    pub(super) fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Answers a request. `told` is what it is called when it is remembered.
    pub(super) fn answer(&mut self, request: &Request<Bytes>, told: &str) -> StatusCode {
        let (name, change) = match asked(request) {
            Asked::Unknown(status) => return self.does_not_know(told, status),
            Asked::Read(name) => (name, None),
            Asked::Change(name, password) => (name, Some(password)),
        };
        let Some((user, password)) = basic(request) else {
            return self.does_not_know(&format!("{told} without HTTP's Basic"), StatusCode::UNAUTHORIZED);
        };
        let accepted = self.accepts(&user, &password);
        let is_admin = self.users.get(&user).is_some_and(|user| user.admin);
        if self.logins.len() < LOGINS_MAX {
            self.logins.push(Login { user: user.clone(), password, accepted });
        }
        if !accepted {
            return StatusCode::UNAUTHORIZED;
        }
        if user != name && !is_admin {
            return StatusCode::FORBIDDEN;
        }
        let Some(asked) = self.users.get_mut(&name) else { return StatusCode::NOT_FOUND };
        match change {
            Some(password) => {
                asked.password = password;
                StatusCode::NO_CONTENT
            }
            None => StatusCode::OK,
        }
    }

    fn does_not_know(&mut self, told: &str, status: StatusCode) -> StatusCode {
        if self.unknown.len() < UNKNOWN_MAX {
            self.unknown.push(told.to_owned());
        }
        status
    }
}

fn asked(request: &Request<Bytes>) -> Asked {
    let name = request.uri().path().strip_prefix(USERS).filter(|name| !name.contains('/'));
    let Some(name) = name.and_then(decode).filter(|name| !name.is_empty()) else {
        return Asked::Unknown(StatusCode::NOT_FOUND);
    };
    if request.method() == Method::GET {
        return Asked::Read(name);
    }
    if request.method() != Method::PUT {
        return Asked::Unknown(StatusCode::METHOD_NOT_ALLOWED);
    }
    match new_password(request.body()) {
        Some(password) => Asked::Change(name, password),
        None => Asked::Unknown(StatusCode::BAD_REQUEST),
    }
}

/// `{"password": …}`.
fn new_password(body: &Bytes) -> Option<Sensitive<String>> {
    let mut json: serde_json::Value = serde_json::from_slice(body).ok()?;
    match json.get_mut("password")?.take() {
        serde_json::Value::String(password) if !password.is_empty() => Some(Sensitive::new(password)),
        _ => None,
    }
}

/// Who a request says it is from.
fn basic(request: &Request<Bytes>) -> Option<(String, Sensitive<String>)> {
    let given = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = given.split_at_checked(BASIC.len())?;
    if !scheme.eq_ignore_ascii_case(BASIC) {
        return None;
    }
    let pair = Sensitive::new(String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?);
    let (user, password) = pair.expose().split_once(':')?;
    Some((user.to_owned(), Sensitive::new(password.to_owned())))
}

/// A part of a path, without its percent signs.
fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first == b'%' {
            let digits = rest.get(..2)?;
            let mut byte = [0];
            hex::decode_to_slice(digits, &mut byte).ok()?;
            bytes.push(byte[0]);
            rest = &rest[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> Service {
        let mut service = Service::new(true);
        for (name, admin) in [("app", false), ("a b", false), ("root", true)] {
            service.set_user(name, &Sensitive::new("first".to_owned()), admin);
        }
        service
    }

    fn ask(service: &mut Service, method: Method, path: &str, login: &str, body: &'static str) -> u16 {
        let authorization = format!("Basic {}", STANDARD.encode(login));
        let told = format!("{method} {path}");
        let mut request = Request::builder().method(method).uri(path);
        if !login.is_empty() {
            request = request.header(AUTHORIZATION, authorization);
        }
        service.answer(&request.body(Bytes::from_static(body.as_bytes())).unwrap(), &told).as_u16()
    }

    #[test]
    fn a_user_reads_itself_and_changes_its_password() {
        let mut service = service();
        assert_eq!(ask(&mut service, Method::GET, "/users/app", "app:first", ""), 200);
        assert_eq!(ask(&mut service, Method::GET, "/users/a%20b", "a b:first", ""), 200);
        assert_eq!(ask(&mut service, Method::GET, "/users/app", "app:second", ""), 401);
        assert_eq!(ask(&mut service, Method::GET, "/users/app", "nobody:first", ""), 401);
        assert_eq!(ask(&mut service, Method::GET, "/users/root", "app:first", ""), 403);
        assert_eq!(ask(&mut service, Method::PUT, "/users/app", "app:wrong", r#"{"password":"x"}"#), 401);
        assert_eq!(ask(&mut service, Method::PUT, "/users/app", "app:first", r#"{"password":"a:b"}"#), 204);
        assert_eq!(ask(&mut service, Method::GET, "/users/app", "app:first", ""), 401);
        assert_eq!(ask(&mut service, Method::GET, "/users/app", "app:a:b", ""), 200);
        let accepted: Vec<_> = service.logins().iter().map(|login| login.accepted).collect();
        assert_eq!(accepted, [true, true, false, false, true, false, true, false, true]);
        assert!(service.unknown().is_empty(), "{:?}", service.unknown());
    }

    #[test]
    fn others_are_changed_by_admins_only() {
        let mut service = service();
        let change = r#"{"password":"second"}"#;
        assert_eq!(ask(&mut service, Method::PUT, "/users/root", "app:first", change), 403);
        assert_eq!(ask(&mut service, Method::PUT, "/users/app", "root:first", change), 204);
        assert_eq!(ask(&mut service, Method::PUT, "/users/nobody", "root:first", change), 404);
        assert!(service.accepts("app", &Sensitive::new("second".to_owned())));
        assert!(service.accepts("root", &Sensitive::new("first".to_owned())));
        assert_eq!(service.inventory(), ["user a b", "user app", "user root"]);
    }

    #[test]
    fn other_requests_are_refused_and_remembered() {
        let mut service = service();
        for (method, path, login, body, status) in [
            (Method::GET, "/", "app:first", "", 404),
            (Method::GET, "/users/", "app:first", "", 404),
            (Method::GET, "/users/app/keys", "app:first", "", 404),
            (Method::GET, "/users/%zz", "app:first", "", 404),
            (Method::POST, "/users/app", "app:first", r#"{"password":"x"}"#, 405),
            (Method::PUT, "/users/app", "app:first", r#"{"new":"x"}"#, 400),
            (Method::PUT, "/users/app", "app:first", "password=x", 400),
            (Method::GET, "/users/app", "", "", 401),
        ] {
            let known = service.unknown().len();
            assert_eq!(ask(&mut service, method.clone(), path, login, body), status, "{method} {path}");
            assert_eq!(service.unknown().len(), known + 1, "{method} {path}");
        }
        assert!(service.logins().is_empty(), "only a request that it knows is a login");
        assert_eq!(service.unknown().last().unwrap(), "GET /users/app without HTTP's Basic");
        assert!(service.accepts("app", &Sensitive::new("first".to_owned())));
    }
}
