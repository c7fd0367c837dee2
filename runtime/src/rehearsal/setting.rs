//! What a rehearsal begins with: a secret, and the database that it is for.

use keywheel_domain::api::SecretValue;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::target::Target;
use keywheel_host::rehearsal::{Address, Dialect};
use serde_json::{Value, json};

/// Where the databases of settings that nobody chose are.
const HOST: &str = "db.example";
/// Their user.
const USER: &str = "app";
/// The password of a setting that names none. It opens nothing but simulated databases.
const PASSWORD: &str = "rehearsal-Passw0rd-1";

/// The secret of a rehearsal.
#[derive(Clone, Debug)]
pub struct Setting {
    name: String,
    value: Sensitive<String>,
    credentials: Option<Credentials>,
    dialect: Option<Dialect>,
    has_admin: bool,
}

/// What a value logs in with, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The database.
    pub address: Address,
    /// Who.
    pub user: String,
    /// With what.
    pub password: Sensitive<String>,
}

/// Why a text cannot be the secret of a rehearsal.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSetting {
    /// It names a database and lacks a part.
    #[error(
        "the secret has a `host` and no `{0}`: give it one, as in \
             '{{\"engine\":\"postgres\",\"host\":\"db\",\"username\":\"app\"}}'"
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
    /// A secret with this value. A JSON object with a `host` is for a database, which is simulated; it gets a
    /// password when it has none.
    ///
    /// # Errors
    ///
    /// When it is for a database and lacks a part.
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
        let engine = member("engine")?;
        let dialect = match engine.as_str() {
            "postgres" => Dialect::Postgres,
            "mysql" => Dialect::Mysql,
            "mariadb" => Dialect::Mariadb,
            _ => return Err(InvalidSetting::Engine(engine)),
        };
        member("host")?;
        member("username")?;
        members.entry("password").or_insert_with(|| PASSWORD.into());
        let has_admin = members.contains_key("masterarn");
        let value = Sensitive::new(Value::Object(members).to_string());
        let credentials = Credentials::of_text(value.expose()).ok_or(InvalidSetting::Port)?;
        let name = if has_admin { format!("{engine}, with an admin in `masterarn`") } else { engine };
        Ok(Self { name, value, credentials: Some(credentials), dialect: Some(dialect), has_admin })
    }

    /// The settings that are tried when nobody chose one: the first in which a function rotates is it.
    pub(super) fn usual(with_databases: bool) -> Vec<Self> {
        let database = |engine: &str, with_admin: bool| {
            let mut value = json!({ "engine": engine, "host": HOST, "username": USER, "dbname": USER });
            if with_admin {
                value["masterarn"] = "arn".into();
            }
            Self::of(&Sensitive::new(value.to_string())).expect("the usual settings are complete")
        };
        let blank = Self::without_target(Sensitive::new(json!({ "password": PASSWORD }).to_string()));
        if !with_databases {
            return vec![blank];
        }
        let engines = ["postgres", "mysql"];
        let alone = engines.map(|engine| database(engine, false));
        let with_admin = engines.map(|engine| database(engine, true));
        alone.into_iter().chain(with_admin).chain([blank]).collect()
    }

    const fn without_target(value: Sensitive<String>) -> Self {
        Self { name: String::new(), value, credentials: None, dialect: None, has_admin: false }
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

    pub(super) const fn dialect(&self) -> Option<Dialect> {
        self.dialect
    }

    pub(super) const fn has_admin(&self) -> bool {
        self.has_admin
    }
}

impl Credentials {
    /// Those in a value, when it is for a database.
    pub fn of(value: &SecretValue) -> Option<Self> {
        match value {
            SecretValue::Text(text) => Self::of_text(text.expose()),
            SecretValue::Binary(_) => None,
        }
    }

    fn of_text(text: &str) -> Option<Self> {
        let Target { host, port } = Target::of(text)?;
        let json: Value = serde_json::from_str(text).ok()?;
        let member = |key: &str| json.get(key)?.as_str().map(str::to_owned);
        Some(Self {
            address: Address::new(&host, port),
            user: member("username")?,
            password: Sensitive::new(member("password")?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_with_a_host_is_for_a_database() {
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
        check(r#"{"host":"db"}"#, Err(InvalidSetting::Missing("engine")));
        check(r#"{"engine":"postgres","host":"db"}"#, Err(InvalidSetting::Missing("username")));
        check(
            r#"{"engine":"oracle","host":"db","username":"app"}"#,
            Err(InvalidSetting::Engine("oracle".into())),
        );
        check(r#"{"engine":"mysql","host":"db","username":"app","port":0.5}"#, Err(InvalidSetting::Port));
    }
}
