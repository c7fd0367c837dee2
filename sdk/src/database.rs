//! The JSON that the secret of a database holds: the form that AWS's rotation functions define.
//!
//! Fields that the SDK does not know are kept as they were written: it is a [`Document`] with names for what AWS
//! defines.

use crate::document::Document;
pub use crate::document::InvalidSecret;
use crate::secrets::{self, CURRENT, PENDING, PasswordRules, Value, VersionValue};
use crate::sensitive::Sensitive;
use crate::sql::{Engine, Target, Tls};
use crate::{Event, Failure, log};

const PORT_POSTGRES: u16 = 5432;
const PORT_MYSQL: u16 = 3306;
const CLONE_SUFFIX: &str = "_clone";

/// What a secret's `engine` must say for this driver, for people.
pub(crate) const fn names_of(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "`postgres`",
        Engine::Mysql => "`mysql` or `mariadb`",
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
    document: Document,
}

impl DatabaseSecret {
    /// Reads a value. `engine`, `host`, `username` and `password` must be there.
    pub fn parse(value: &Value) -> Result<Self, InvalidSecret> {
        let document = Document::parse(value)?;
        let plain = |text: Sensitive<String>| text.expose().clone();
        let required = |key| document.required_text(key);
        let optional = |key| document.text(key);
        Ok(Self {
            engine: required("engine").map(plain)?,
            host: required("host").map(plain)?,
            port: document.port()?,
            username: required("username").map(plain)?,
            password: required("password")?,
            database: optional("dbname")?.map(plain),
            tls: match document.truth("ssl")? {
                None => Tls::Prefer,
                Some(true) => Tls::VerifyFull,
                Some(false) => Tls::Disable,
            },
            master_arn: optional("masterarn")?.map(plain),
            document,
        })
    }

    /// The current value of the secret that is rotated, which must be for this kind of server.
    pub fn current(event: &Event, engine: Engine) -> Result<Self, Failure> {
        Self::of(&event.current()?, CURRENT, engine)
    }

    /// The pending value, which must be there and for this kind of server.
    pub fn pending(event: &Event, engine: Engine) -> Result<Self, Failure> {
        let absent =
            || Failure::Permanent(format!("there is no {PENDING} value: createSecret has not stored one"));
        Self::of(&event.pending()?.ok_or_else(absent)?, PENDING, engine)
    }

    fn of(version: &VersionValue, stage: &str, engine: Engine) -> Result<Self, Failure> {
        let secret = Self::parse(&version.value)
            .map_err(|error| Failure::from(error).while_doing(&format!("reading the {stage} value")))?;
        if secret.sql_engine() == Some(engine) {
            return Ok(secret);
        }
        Err(Failure::Permanent(format!(
            "the {stage} value is not for this function: its `engine` must be {}",
            names_of(engine)
        )))
    }

    /// Stores a copy with a new password as the pending value, by the rules in the function's environment. Tells
    /// whether it did: a value that is stored already is the one that later steps work with.
    pub fn store_with_new_password(&self, event: &Event) -> Result<bool, Failure> {
        if event.pending()?.is_some() {
            log::info("the pending value is stored already");
            return Ok(false);
        }
        let password = secrets::get_random_password(&PasswordRules::from_environment()?)?;
        event.put_pending(&self.with_password(&password).to_value())?;
        Ok(true)
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
        next.document = self.document.with_text("password", password);
        next
    }

    /// The same secret with another user.
    #[must_use]
    pub fn with_username(&self, username: &str) -> Self {
        let mut next = self.clone();
        username.clone_into(&mut next.username);
        next.document = self.document.with_text("username", &username.into());
        next
    }

    /// The value to store.
    pub fn to_value(&self) -> Value {
        self.document.to_value()
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
