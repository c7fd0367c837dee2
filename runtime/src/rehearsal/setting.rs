//! What a rehearsal begins with: a secret, and the database or HTTP service that it is for.

use keywheel_domain::api::SecretValue;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::target::Target;
use keywheel_host::rehearsal::{Address, Dialect};
use serde_json::{Value, json};

/// Where the databases of settings that nobody chose are.
const HOST: &str = "db.example";
/// Where the HTTP service of such a setting is.
const SERVICE_HOST: &str = "api.example";
/// The user of either.
const USER: &str = "app";
/// The password of a setting that names none. It opens nothing but what is simulated.
const PASSWORD: &str = "rehearsal-Passw0rd-1";

/// Where HTTP services are that name no port, in clear text and over TLS.
const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// The secret of a rehearsal.
#[derive(Clone, Debug)]
pub struct Setting {
    name: String,
    value: Sensitive<String>,
    credentials: Option<Credentials>,
    kind: Option<Kind>,
    has_admin: bool,
}

/// What a secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A database.
    Database(Dialect),
    /// An HTTP service.
    Service {
        /// Over TLS, and not in clear text.
        is_encrypted: bool,
    },
}

/// What a value logs in with, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The database or the service.
    pub address: Address,
    /// Who.
    pub user: String,
    /// With what.
    pub password: Sensitive<String>,
}

/// Why a text cannot be the secret of a rehearsal.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSetting {
    /// It names a host and lacks a part.
    #[error(
        "the secret has a `host` and no `{0}`: give it one, as in \
             '{{\"engine\":\"postgres\",\"host\":\"db\",\"username\":\"app\"}}'; one without an `engine` is for an HTTP \
             service"
    )]
    Missing(&'static str),
    /// An engine that is not simulated.
    #[error("a database of the engine `{0}` is not simulated: postgres, mysql and mariadb are")]
    Engine(String),
    /// The port is none.
    #[error("the secret's `port` must be a number from 1 to 65535")]
    Port,
}

impl Setting {
    /// A secret with this value. A JSON object with a `host` is for a database, or without an `engine` for an
    /// HTTP service. Either is simulated; the secret gets a password when it has none.
    ///
    /// # Errors
    ///
    /// When it is for one of these and lacks a part.
    pub fn of(text: &Sensitive<String>) -> Result<Self, InvalidSetting> {
        let Ok(Value::Object(mut members)) = serde_json::from_str(text.expose()) else {
            return Ok(Self::without_target(text.clone()));
        };
        if !members.contains_key("host") {
            return Ok(Self::without_target(text.clone()));
        }
        let member = |key: &'static str| {
            let found = members.get(key).and_then(Value::as_str).map(str::to_owned);
            found.ok_or(InvalidSetting::Missing(key))
        };
        let (kind, mut name) = match member("engine") {
            Ok(engine) => (Kind::Database(dialect(&engine)?), engine),
            Err(_) => {
                let is_encrypted = members.get("ssl") != Some(&Value::Bool(false));
                (Kind::Service { is_encrypted }, "an HTTP service".to_owned())
            }
        };
        member("host")?;
        member("username")?;
        members.entry("password").or_insert_with(|| PASSWORD.into());
        let has_admin = members.contains_key("masterarn");
        let value = Sensitive::new(Value::Object(members).to_string());
        let credentials = Credentials::of_text(value.expose()).ok_or(InvalidSetting::Port)?;
        if has_admin {
            name.push_str(", with an admin in `masterarn`");
        }
        Ok(Self { name, value, credentials: Some(credentials), kind: Some(kind), has_admin })
    }

    /// The settings that are tried when nobody chose one: the first in which a function rotates is it.
    pub(super) fn usual(with_databases: bool, with_services: bool) -> Vec<Self> {
        let of = |value: &Value| {
            Self::of(&Sensitive::new(value.to_string())).expect("the usual settings are complete")
        };
        let database = |engine: &str, with_admin: bool| {
            let mut value = json!({ "engine": engine, "host": HOST, "username": USER, "dbname": USER });
            if with_admin {
                value["masterarn"] = "arn".into();
            }
            of(&value)
        };
        let mut settings = Vec::new();
        if with_databases {
            let engines = ["postgres", "mysql"];
            settings.extend(engines.map(|engine| database(engine, false)));
            settings.extend(engines.map(|engine| database(engine, true)));
        }
        settings.push(Self::without_target(Sensitive::new(json!({ "password": PASSWORD }).to_string())));
        if with_services {
            settings.push(of(&json!({ "host": SERVICE_HOST, "username": USER })));
        }
        settings
    }

    const fn without_target(value: Sensitive<String>) -> Self {
        Self { name: String::new(), value, credentials: None, kind: None, has_admin: false }
    }

    /// What it is, for people.
    pub fn name(&self) -> &str {
        if self.name.is_empty() { "a secret that names no database" } else { &self.name }
    }

    pub(super) const fn value(&self) -> &Sensitive<String> {
        &self.value
    }

    /// What its value logs in with.
    pub const fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    pub(super) const fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// Whether it is for an HTTP service.
    pub(super) const fn is_for_service(&self) -> bool {
        matches!(self.kind, Some(Kind::Service { .. }))
    }

    pub(super) const fn has_admin(&self) -> bool {
        self.has_admin
    }
}

impl Credentials {
    /// Those in a value, when it is for a database or an HTTP service.
    pub fn of(value: &SecretValue) -> Option<Self> {
        match value {
            SecretValue::Text(text) => Self::of_text(text.expose()),
            SecretValue::Binary(_) => None,
        }
    }

    fn of_text(text: &str) -> Option<Self> {
        let json: Value = serde_json::from_str(text).ok()?;
        let has_default = json.get("engine").is_none() && json.get("port").is_none();
        let Target { host, port } = if has_default {
            let port = if json.get("ssl") == Some(&Value::Bool(false)) { HTTP_PORT } else { HTTPS_PORT };
            Target { host: json.get("host")?.as_str()?.to_owned(), port }
        } else {
            Target::of(text)?
        };
        let member = |key: &str| json.get(key)?.as_str().map(str::to_owned);
        Some(Self {
            address: Address::new(&host, port),
            user: member("username")?,
            password: Sensitive::new(member("password")?),
        })
    }
}

fn dialect(engine: &str) -> Result<Dialect, InvalidSetting> {
    match engine {
        "postgres" => Ok(Dialect::Postgres),
        "mysql" => Ok(Dialect::Mysql),
        "mariadb" => Ok(Dialect::Mariadb),
        _ => Err(InvalidSetting::Engine(engine.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_with_a_host_is_for_a_database_or_a_service() {
        let check = |text: &str, expected: Result<&str, InvalidSetting>| {
            let setting = Setting::of(&Sensitive::new(text.to_owned()));
            assert_eq!(
                setting.as_ref().map(Setting::name).map_err(ToString::to_string),
                expected.map_err(|error| error.to_string()),
                "{text}"
            );
            setting.ok().and_then(|setting| setting.credentials().cloned())
        };
        let without = "a secret that names no database";
        assert_eq!(check("hunter2", Ok(without)), None);
        assert_eq!(check(r#"{"password":"x"}"#, Ok(without)), None);
        let found = check(r#"{"engine":"postgres","host":"DB","username":"app"}"#, Ok("postgres")).unwrap();
        assert_eq!((found.address.to_string().as_str(), found.user.as_str()), ("db:5432", "app"));
        assert_eq!(found.password.expose(), PASSWORD);
        let given = check(
            r#"{"engine":"mariadb","host":"db","username":"app","password":"x","port":"7"}"#,
            Ok("mariadb"),
        );
        let given = given.unwrap();
        assert_eq!((given.address.to_string().as_str(), given.password.expose().as_str()), ("db:7", "x"));
        let service = "an HTTP service";
        for (text, address) in [
            (r#"{"host":"API","username":"app"}"#, "api:443"),
            (r#"{"host":"api","username":"app","ssl":false}"#, "api:80"),
            (r#"{"host":"api","username":"app","port":8443}"#, "api:8443"),
        ] {
            assert_eq!(check(text, Ok(service)).unwrap().address.to_string(), address, "{text}");
        }
        check(r#"{"host":"db"}"#, Err(InvalidSetting::Missing("username")));
        check(r#"{"host":"db","username":"app","port":0.5}"#, Err(InvalidSetting::Port));
        check(r#"{"engine":"postgres","host":"db"}"#, Err(InvalidSetting::Missing("username")));
        check(
            r#"{"engine":"oracle","host":"db","username":"app"}"#,
            Err(InvalidSetting::Engine("oracle".into())),
        );
        check(r#"{"engine":"mysql","host":"db","username":"app","port":0.5}"#, Err(InvalidSetting::Port));
    }
}
