//! The imports and the export of a component, generated from the WIT, and their translation into
//! the plain types of the SDK. Not part of the public interface: [`export!`](crate::export) needs it.

use crate::host::{Host, Session};
use crate::http::{self, Request, Response};
use crate::log::Level;
use crate::rotator::{Event, Failure, Step};
use crate::secrets::{self, Description, PasswordRules, StoredVersion, Value, VersionStages, VersionValue};
use crate::sensitive::Sensitive;
use crate::sql::{self, Rows, Target};

use bindings::keywheel::rotation as wit;

/// What `wit-bindgen` makes of `wit/rotator.wit`.
#[expect(missing_docs, reason = "generated code: the WIT documents it")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "rotator",
        pub_export_macro: true,
        export_macro_name: "export_rotator",
        default_bindings_module: "keywheel_sdk::component::bindings",
        runtime_path: "::keywheel_sdk::component::rt",
    });
}

pub use wit_bindgen::rt;

/// The imports of the component. It has no fields, and each method calls one import.
#[derive(Debug, Clone, Copy)]
pub struct Imports;

impl AsRef<Self> for Imports {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Host for Imports {
    fn get_secret_value(
        &self,
        secret_id: &str,
        version_id: Option<&str>,
        version_stage: Option<&str>,
    ) -> Result<VersionValue, secrets::Error> {
        let found = wit::secrets::get_secret_value(secret_id, version_id, version_stage)?;
        Ok(VersionValue {
            arn: found.arn,
            name: found.name,
            version_id: found.version_id,
            version_stages: found.version_stages,
            value: match found.value {
                wit::secrets::SecretValue::Text(text) => Value::Text(Sensitive::new(text)),
                wit::secrets::SecretValue::Binary(bytes) => Value::Binary(Sensitive::new(bytes)),
            },
        })
    }

    fn put_secret_value(
        &self,
        secret_id: &str,
        client_request_token: &str,
        value: &Value,
        version_stages: &[&str],
        rotation_token: &str,
    ) -> Result<StoredVersion, secrets::Error> {
        let value = match value {
            Value::Text(text) => wit::secrets::SecretValue::Text(text.expose().clone()),
            Value::Binary(bytes) => wit::secrets::SecretValue::Binary(bytes.expose().clone()),
        };
        let stages: Vec<String> = version_stages.iter().map(|&stage| stage.to_owned()).collect();
        let stored =
            wit::secrets::put_secret_value(secret_id, client_request_token, &value, &stages, rotation_token)?;
        Ok(StoredVersion { version_id: stored.version_id, version_stages: stored.version_stages })
    }

    fn describe_secret(&self, secret_id: &str) -> Result<Description, secrets::Error> {
        let found = wit::secrets::describe_secret(secret_id)?;
        let versions = found.versions.into_iter();
        Ok(Description {
            arn: found.arn,
            name: found.name,
            rotation_enabled: found.rotation_enabled,
            versions: versions
                .map(|version| VersionStages { version_id: version.version_id, stages: version.stages })
                .collect(),
        })
    }

    fn update_secret_version_stage(
        &self,
        secret_id: &str,
        version_stage: &str,
        move_to_version_id: Option<&str>,
        remove_from_version_id: Option<&str>,
    ) -> Result<(), secrets::Error> {
        Ok(wit::secrets::update_secret_version_stage(
            secret_id,
            version_stage,
            move_to_version_id,
            remove_from_version_id,
        )?)
    }

    fn get_random_password(&self, rules: &PasswordRules) -> Result<Sensitive<String>, secrets::Error> {
        let password = wit::secrets::get_random_password(&wit::secrets::RandomPasswordRequest {
            length: rules.length,
            exclude_characters: rules.exclude_characters.clone(),
            exclude_numbers: rules.exclude_numbers,
            exclude_punctuation: rules.exclude_punctuation,
            exclude_uppercase: rules.exclude_uppercase,
            exclude_lowercase: rules.exclude_lowercase,
            include_space: rules.include_space,
            require_each_included_type: rules.require_each_included_type,
        })?;
        Ok(Sensitive::new(password))
    }

    fn open(&self, target: &Target) -> Result<Box<dyn Session>, sql::Error> {
        let connection = wit::sql::Connection::open(&wit::sql::Target {
            engine: match target.engine {
                sql::Engine::Postgres => wit::sql::Engine::Postgres,
                sql::Engine::Mysql => wit::sql::Engine::Mysql,
            },
            host: target.host.clone(),
            port: target.port,
            database: target.database.clone(),
            username: target.username.clone(),
            password: target.password.expose().clone(),
            tls: match target.tls {
                sql::Tls::Disable => wit::sql::Tls::Disable,
                sql::Tls::Prefer => wit::sql::Tls::Prefer,
                sql::Tls::VerifyFull => wit::sql::Tls::VerifyFull,
            },
        })?;
        Ok(Box::new(connection))
    }

    fn send(&self, request: &Request) -> Result<Response, http::Error> {
        crate::wasi_http::send(request)
    }

    fn require_approval(&self, summary: &str) -> bool {
        wit::approvals::require(summary)
    }

    fn log(&self, level: Level, message: &str) {
        let level = match level {
            Level::Debug => wit::log::Level::Debug,
            Level::Info => wit::log::Level::Info,
            Level::Warn => wit::log::Level::Warn,
            Level::Error => wit::log::Level::Error,
        };
        wit::log::write(level, message);
    }
}

impl Session for wit::sql::Connection {
    fn execute(&mut self, statement: &str, parameters: &[sql::Value]) -> Result<u64, sql::Error> {
        Ok(Self::execute(self, statement, &bind(parameters))?)
    }

    fn query(&mut self, statement: &str, parameters: &[sql::Value]) -> Result<Rows, sql::Error> {
        let found = Self::query(self, statement, &bind(parameters))?;
        let rows = found.rows.into_iter();
        Ok(Rows {
            columns: found.columns,
            rows: rows.map(|row| row.into_iter().map(sql::Value::from).collect()).collect(),
        })
    }
}

fn bind(parameters: &[sql::Value]) -> Vec<wit::sql::Value> {
    let bind_one = |value: &sql::Value| match value {
        sql::Value::Null => wit::sql::Value::Null,
        sql::Value::Boolean(value) => wit::sql::Value::Boolean(*value),
        sql::Value::Integer(value) => wit::sql::Value::Integer(*value),
        sql::Value::Float(value) => wit::sql::Value::Float(*value),
        sql::Value::Text(value) => wit::sql::Value::Text(value.clone()),
        sql::Value::Bytes(value) => wit::sql::Value::Bytes(value.clone()),
    };
    parameters.iter().map(bind_one).collect()
}

impl From<wit::sql::Value> for sql::Value {
    fn from(value: wit::sql::Value) -> Self {
        match value {
            wit::sql::Value::Null => Self::Null,
            wit::sql::Value::Boolean(value) => Self::Boolean(value),
            wit::sql::Value::Integer(value) => Self::Integer(value),
            wit::sql::Value::Float(value) => Self::Float(value),
            wit::sql::Value::Text(value) => Self::Text(value),
            wit::sql::Value::Bytes(value) => Self::Bytes(value),
        }
    }
}

impl From<wit::secrets::Error> for secrets::Error {
    fn from(error: wit::secrets::Error) -> Self {
        Self { code: error.code, message: error.message }
    }
}

impl From<wit::sql::Error> for sql::Error {
    fn from(error: wit::sql::Error) -> Self {
        Self {
            kind: match error.kind {
                wit::sql::ErrorKind::Egress => sql::ErrorKind::Egress,
                wit::sql::ErrorKind::Connection => sql::ErrorKind::Connection,
                wit::sql::ErrorKind::Authentication => sql::ErrorKind::Authentication,
                wit::sql::ErrorKind::Statement => sql::ErrorKind::Statement,
                wit::sql::ErrorKind::Limit => sql::ErrorKind::Limit,
            },
            sqlstate: error.sqlstate,
            message: error.message,
            transient: error.transient,
        }
    }
}

impl From<bindings::Event> for Event {
    fn from(event: bindings::Event) -> Self {
        Self {
            step: match event.step {
                wit::types::Step::CreateSecret => Step::CreateSecret,
                wit::types::Step::SetSecret => Step::SetSecret,
                wit::types::Step::TestSecret => Step::TestSecret,
                wit::types::Step::FinishSecret => Step::FinishSecret,
            },
            secret_id: event.secret_id,
            client_request_token: event.client_request_token,
            rotation_token: event.rotation_token,
        }
    }
}

impl From<Failure> for bindings::Failure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Retry(message) => Self::Retry(message),
            Failure::Refused(message) => Self::Refused(message),
            Failure::Permanent(message) => Self::Permanent(message),
            // The host was asked, and looks no further.
            Failure::AwaitingApproval => Self::Retry(failure.to_string()),
        }
    }
}
