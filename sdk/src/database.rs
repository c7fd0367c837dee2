//! The JSON that the secret of a database holds: the form that AWS's rotation functions define.
//!
//! Fields that the SDK does not know are kept as they were written, in their places. All text is
//! held in [`Sensitive`], because any field may be confidential.

use std::fmt;
use std::ops::RangeInclusive;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::Failure;
use crate::secrets::Value;
use crate::sensitive::Sensitive;
use crate::sql::{Engine, Target, Tls};

const PORTS: RangeInclusive<u64> = 1..=65_535;
const PORT_POSTGRES: u16 = 5432;
const PORT_MYSQL: u16 = 3306;
const CLONE_SUFFIX: &str = "_clone";

/// Why a value cannot be read as the secret of a database. Names the key, never the value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidSecret {
    /// The value is binary, or not a JSON object.
    #[error("the secret value is not a JSON object")]
    NotAnObject,
    /// A key that must be there is not.
    #[error("the secret has no key `{0}`")]
    Missing(&'static str),
    /// A key has a value of another form.
    #[error("the secret's key `{key}` must be {expected}")]
    WrongForm {
        /// The key.
        key: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A pending value leads to another server or user than the current one.
    #[error("the pending value has another `{0}` than the current value")]
    OtherLogin(&'static str),
}

impl From<InvalidSecret> for Failure {
    fn from(error: InvalidSecret) -> Self {
        Self::Permanent(error.to_string())
    }
}

/// The secret of a database user.
///
/// ```
/// use keywheel_sdk::database::DatabaseSecret;
/// use keywheel_sdk::secrets::Value;
///
/// let stored = r#"{"engine":"postgres","host":"db","username":"app","password":"first","team":"blue"}"#;
/// let secret = DatabaseSecret::parse(&Value::Text(stored.into()))?;
/// assert_eq!((secret.host(), secret.username(), secret.port()), ("db", "app", None));
///
/// let next = secret.with_password(&"second".into());
/// let expected = stored.replace("first", "second");
/// assert_eq!(next.to_value(), Value::Text(expected.into()));
/// # Ok::<(), keywheel_sdk::database::InvalidSecret>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseSecret {
    engine: String,
    host: String,
    port: Option<u16>,
    username: String,
    password: Sensitive<String>,
    database: Option<String>,
    tls: Tls,
    master_arn: Option<String>,
    fields: Fields,
}

impl DatabaseSecret {
    /// Reads a value. `engine`, `host`, `username` and `password` must be there.
    pub fn parse(value: &Value) -> Result<Self, InvalidSecret> {
        let Value::Text(text) = value else { return Err(InvalidSecret::NotAnObject) };
        let fields = Fields::parse(text.expose())?;
        let required = |key| fields.text(key)?.ok_or(InvalidSecret::Missing(key));
        Ok(Self {
            engine: required("engine")?,
            host: required("host")?,
            port: fields.port()?,
            username: required("username")?,
            password: Sensitive::new(required("password")?),
            database: fields.text("dbname")?,
            tls: fields.tls()?,
            master_arn: fields.text("masterarn")?,
            fields,
        })
    }

    /// The kind of database, in AWS's words: `postgres`, `mysql`, `mariadb`.
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// The driver for this kind of database, when there is one.
    pub fn sql_engine(&self) -> Option<Engine> {
        match self.engine.as_str() {
            "postgres" => Some(Engine::Postgres),
            "mysql" | "mariadb" => Some(Engine::Mysql),
            _ => None,
        }
    }

    /// The host of the server.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port of the server, when the secret names one.
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// Who logs in.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// With what.
    pub const fn password(&self) -> &Sensitive<String> {
        &self.password
    }

    /// The database (`dbname`), when the secret names one.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// What `ssl` asks for: absent means [`Tls::Prefer`], true [`Tls::VerifyFull`], false [`Tls::Disable`].
    pub const fn tls(&self) -> Tls {
        self.tls
    }

    /// The secret of a user who may change the password of this one (`masterarn`).
    pub fn master_arn(&self) -> Option<&str> {
        self.master_arn.as_deref()
    }

    /// Refuses a pending value that leads to another server or user than this one: a password must
    /// not be sent there, and changing it there would not rotate this secret. Without a port: the engine's own.
    pub fn require_same_login(&self, pending: &Self) -> Result<(), InvalidSecret> {
        let differences = [
            ("host", self.host != pending.host),
            ("port", self.usual_port() != pending.usual_port()),
            ("username", self.username != pending.username),
        ];
        match differences.into_iter().find(|(_, differs)| *differs) {
            Some((key, _)) => Err(InvalidSecret::OtherLogin(key)),
            None => Ok(()),
        }
    }

    /// The other one of two users that take turns, as AWS names them: `app` and `app_clone`.
    pub fn alternate_username(&self) -> String {
        match self.username.strip_suffix(CLONE_SUFFIX) {
            Some(original) if !original.is_empty() => original.to_owned(),
            _ => format!("{}{CLONE_SUFFIX}", self.username),
        }
    }

    /// Refuses a pending value that is not for the other one of two users that take turns on the same server.
    pub fn require_alternate_login(&self, pending: &Self) -> Result<(), InvalidSecret> {
        self.with_username(&self.alternate_username()).require_same_login(pending)
    }

    /// The same secret with another password; all other fields stay as they were written.
    #[must_use]
    pub fn with_password(&self, password: &Sensitive<String>) -> Self {
        let mut next = self.clone();
        next.password = password.clone();
        next.fields.set_text("password", password.expose());
        next
    }

    /// The same secret with another user.
    #[must_use]
    pub fn with_username(&self, username: &str) -> Self {
        let mut next = self.clone();
        username.clone_into(&mut next.username);
        next.fields.set_text("username", username);
        next
    }

    /// The value to store.
    pub fn to_value(&self) -> Value {
        Value::Text(self.fields.to_text())
    }

    fn usual_port(&self) -> Option<u16> {
        self.port.or_else(|| self.sql_engine().map(port_default))
    }

    /// Where this secret logs in. Without a port: the engine's own.
    pub fn target(&self, engine: Engine) -> Target {
        Target {
            engine,
            host: self.host.clone(),
            port: self.port.unwrap_or_else(|| port_default(engine)),
            database: self.database.clone(),
            username: self.username.clone(),
            password: self.password.clone(),
            tls: self.tls,
        }
    }
}

const fn port_default(engine: Engine) -> u16 {
    match engine {
        Engine::Postgres => PORT_POSTGRES,
        Engine::Mysql => PORT_MYSQL,
    }
}

/// The members of a JSON object in their order, each with its value as JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fields(Vec<(String, Sensitive<String>)>);

impl Fields {
    fn parse(text: &str) -> Result<Self, InvalidSecret> {
        // The parser's own error may quote the text, so it goes no further.
        let mut parser = serde_json::Deserializer::from_str(text);
        let fields = parser.deserialize_map(FieldsVisitor).map_err(|_| InvalidSecret::NotAnObject)?;
        parser.end().map_err(|_| InvalidSecret::NotAnObject)?;
        Ok(fields)
    }

    fn json(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| name == key);
        found.map(|(_, json)| json.expose().as_str()).filter(|json| *json != "null")
    }

    fn text(&self, key: &'static str) -> Result<Option<String>, InvalidSecret> {
        let wrong = |_| InvalidSecret::WrongForm { key, expected: "a text" };
        self.json(key).map(|json| serde_json::from_str(json).map_err(wrong)).transpose()
    }

    /// A number, or a text that holds one.
    fn port(&self) -> Result<Option<u16>, InvalidSecret> {
        const WRONG: InvalidSecret =
            InvalidSecret::WrongForm { key: "port", expected: "a number from 1 to 65535" };
        let Some(json) = self.json("port") else { return Ok(None) };
        let number = match serde_json::from_str::<String>(json) {
            Ok(text) => text.trim().parse().ok(),
            Err(_) => json.parse().ok(),
        };
        match number {
            Some(number) if PORTS.contains(&number) => Ok(u16::try_from(number).ok()),
            _ => Err(WRONG),
        }
    }

    /// A truth value, or a text that spells one.
    fn tls(&self) -> Result<Tls, InvalidSecret> {
        const WRONG: InvalidSecret = InvalidSecret::WrongForm { key: "ssl", expected: "true or false" };
        let Some(json) = self.json("ssl") else { return Ok(Tls::Prefer) };
        let text = serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned());
        match text.to_ascii_lowercase().as_str() {
            "true" => Ok(Tls::VerifyFull),
            "false" => Ok(Tls::Disable),
            _ => Err(WRONG),
        }
    }

    fn set_text(&mut self, key: &str, text: &str) {
        self.set(key.to_owned(), Sensitive::new(json_text(text)));
    }

    /// As in other readers of JSON, the last of two members with one name counts.
    fn set(&mut self, key: String, json: Sensitive<String>) {
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, held)) => *held = json,
            None => self.0.push((key, json)),
        }
    }

    fn to_text(&self) -> Sensitive<String> {
        let length = self.0.iter().map(|(name, json)| name.len() + json.expose().len() + 6).sum();
        let mut text = String::with_capacity(length);
        text.push('{');
        for (index, (name, json)) in self.0.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(&json_text(name));
            text.push(':');
            text.push_str(json.expose());
        }
        text.push('}');
        Sensitive::new(text)
    }
}

fn json_text(text: &str) -> String {
    serde_json::to_string(text).expect("a string is always JSON")
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields(Vec::new());
        while let Some(key) = map.next_key::<String>()? {
            let json: Box<RawValue> = map.next_value()?;
            fields.set(key, Sensitive::new(Box::<str>::from(json).into_string()));
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = r#""engine":"postgres","host":"db","username":"app","password":"p""#;

    fn parse(more: &str) -> Result<DatabaseSecret, InvalidSecret> {
        DatabaseSecret::parse(&Value::Text(format!("{{{BASE}{more}}}").into()))
    }

    #[test]
    fn optional_keys_have_the_meaning_of_aws_templates() {
        let check = |more: &str, port: Option<u16>, tls: Tls| {
            let secret = parse(more).unwrap();
            assert_eq!((secret.port(), secret.tls()), (port, tls), "{more}");
        };
        check("", None, Tls::Prefer);
        check(r#","port":6432,"ssl":true"#, Some(6432), Tls::VerifyFull);
        check(r#","port":"6432","ssl":false"#, Some(6432), Tls::Disable);
        check(r#","port":null,"ssl":"True""#, None, Tls::VerifyFull);
        check(r#","ssl":"false","ssl":true"#, None, Tls::VerifyFull);
    }

    #[test]
    fn a_wrong_form_is_named_by_its_key() {
        let check = |text: &str, message: &str| {
            let error = DatabaseSecret::parse(&Value::Text(text.into())).unwrap_err();
            assert_eq!(error.to_string(), message, "{text}");
        };
        check("hunter2", "the secret value is not a JSON object");
        check("[]", "the secret value is not a JSON object");
        check(r#"{"engine":"postgres"} x"#, "the secret value is not a JSON object");
        check(r#"{"engine":"postgres"}"#, "the secret has no key `host`");
        check(r#"{"engine":"postgres","host":7}"#, "the secret's key `host` must be a text");
        for port in ["0", "65536", "-1", "5432.5", r#""five""#, "true", "[5432]"] {
            check(
                &format!(r#"{{{BASE},"port":{port}}}"#),
                "the secret's key `port` must be a number from 1 to 65535",
            );
        }
        check(&format!(r#"{{{BASE},"ssl":"require"}}"#), "the secret's key `ssl` must be true or false");
        assert_eq!(
            DatabaseSecret::parse(&Value::Binary(Sensitive::new(vec![1]))),
            Err(InvalidSecret::NotAnObject)
        );
    }

    #[test]
    fn unknown_fields_keep_their_place_and_their_spelling() {
        let stored = r#"{"z":1.50e3,"password":"old","nested":{"b":[1, 2],"a":null},"engine":"postgres","host":"db","username":"app","a":12345678901234567890123}"#;
        let secret = DatabaseSecret::parse(&Value::Text(stored.into())).unwrap();
        assert_eq!(secret.to_value(), Value::Text(stored.into()));
        let next = secret.with_password(&r#"n"e\w"#.into()).with_username("app_clone");
        let expected = stored.replace(r#""old""#, r#""n\"e\\w""#).replace(r#""app""#, r#""app_clone""#);
        assert_eq!(next.to_value(), Value::Text(expected.into()));
        assert_eq!(DatabaseSecret::parse(&next.to_value()), Ok(next));
    }

    #[test]
    fn the_usual_port_is_the_same_login_and_another_user_or_server_is_not() {
        let check = |current: &str, pending: &str, expected: Result<(), InvalidSecret>| {
            let answer = parse(current).unwrap().require_same_login(&parse(pending).unwrap());
            assert_eq!(answer, expected, "{current} {pending}");
        };
        check("", r#","port":5432"#, Ok(()));
        check(r#","port":"5432","ssl":true"#, "", Ok(()));
        check("", r#","port":5433"#, Err(InvalidSecret::OtherLogin("port")));
        check("", r#","host":"other""#, Err(InvalidSecret::OtherLogin("host")));
        check("", r#","username":"other""#, Err(InvalidSecret::OtherLogin("username")));
    }

    #[test]
    fn two_users_take_turns() {
        let check = |username: &str, other: &str| {
            let secret = parse("").unwrap().with_username(username);
            assert_eq!(secret.alternate_username(), other);
            let pending = secret.with_username(other);
            assert_eq!(secret.require_alternate_login(&pending), Ok(()));
            assert_eq!(secret.require_alternate_login(&secret), Err(InvalidSecret::OtherLogin("username")));
        };
        check("app", "app_clone");
        check("app_clone", "app");
        check("_clone", "_clone_clone");
        let elsewhere = parse(r#","host":"other""#).unwrap().with_username("app_clone");
        assert_eq!(
            parse("").unwrap().require_alternate_login(&elsewhere),
            Err(InvalidSecret::OtherLogin("host"))
        );
    }

    #[test]
    fn debug_shows_no_value() {
        let shown = format!("{:?}", parse(r#","password":"hunter2","api":"hunter2""#).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
