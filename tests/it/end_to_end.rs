//! The real binary and a real PostgreSQL: what a user meets, with nothing simulated.
//!
//! These tests wait for processes, so they take seconds and read the real clock.
#![cfg(test)]

mod audit;
mod author;
mod cli;
mod crash;
mod fleet;
mod full_disk;
mod limits;
mod log;
mod mysql;
mod outage;
mod port;
mod refusals;
mod rotation;
mod schedule;
mod stop;
mod tls;
mod verbs;
mod webhooks;

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keywheel_tests::client::ApiClient;
use keywheel_tests::postgres::Postgres;
use keywheel_tests::process::{self, Keywheel};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The built-in rotation function under test.
const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:postgres-single-user";
/// The secret that the tests rotate.
const SECRET: &str = "prod/TwitterApp/Database";
/// The role whose password it holds; a name that must be quoted.
const ROLE: &str = "twitter-app";

/// A PostgreSQL, a data folder, and a `keywheel` on it.
struct Site {
    postgres: Postgres,
    data: TempDir,
    keywheel: Keywheel,
    client: ApiClient,
}

impl Site {
    async fn start() -> Self {
        let data = process::used_data_folder().await.unwrap();
        let postgres = Postgres::start().await.unwrap();
        let keywheel = Keywheel::start(data.path()).await.unwrap();
        let client = keywheel.client();
        Self { postgres, data, keywheel, client }
    }

    /// A site whose secret holds the password of [`ROLE`], and that password.
    async fn with_secret() -> (Self, String) {
        let site = Self::start().await;
        let password = site.postgres.create_role(ROLE).await.unwrap();
        let value = site.postgres.secret_value(ROLE, &password);
        site.client
            .call("CreateSecret", json!({ "Name": SECRET, "SecretString": value.to_string() }))
            .await
            .unwrap();
        (site, password)
    }

    /// Starts a rotation with the built-in function, and waits until it has succeeded.
    async fn rotate(&self) -> Value {
        self.client.call("RotateSecret", rotate_now()).await.unwrap();
        self.client.rotation_in(SECRET, "Succeeded").await.unwrap()
    }

    /// The password with this label.
    async fn password(&self, stage: &str) -> String {
        let value = self.client.value(SECRET, stage).await.unwrap();
        value["password"].as_str().unwrap().to_owned()
    }

    async fn accepts(&self, password: &str) -> bool {
        self.postgres.accepts(ROLE, password).await.unwrap()
    }

    /// `kill -9`, then another process on the same folder.
    async fn kill_and_restart(self) -> (Self, String) {
        let Self { postgres, data, keywheel, .. } = self;
        let logged = keywheel.kill();
        let keywheel = Keywheel::start(data.path()).await.unwrap();
        let client = keywheel.client();
        (Self { postgres, data, keywheel, client }, logged)
    }

    /// Looks for a password wherever it must not be; names the places.
    async fn places_with(&self, password: &str) -> Vec<String> {
        let mut places = Vec::new();
        for form in written_forms(password) {
            let mut look = |place: &str, text: &[u8]| {
                if text.windows(form.len()).any(|window| window == form.as_bytes()) {
                    places.push(place.to_owned());
                }
            };
            look("PostgreSQL's log", self.postgres.log().unwrap().as_bytes());
            look("standard output", self.keywheel.stdout().as_bytes());
            look("standard error", self.keywheel.stderr().as_bytes());
            for file in files(self.data.path()) {
                match fs::read(&file) {
                    Ok(content) => look(&file.display().to_string(), &content),
                    // Compiled code is renamed when it is whole.
                    Err(error) => assert!(file.extension() == Some("new".as_ref()), "{file:?}: {error}"),
                }
            }
        }
        let rotation = self.client.rotation(SECRET).await.unwrap().to_string();
        if written_forms(password).iter().any(|form| rotation.contains(form)) {
            places.push("the log of the rotation".to_owned());
        }
        places
    }
}

fn rotate_now() -> Value {
    json!({ "SecretId": SECRET, "RotationLambdaARN": FUNCTION_ARN })
}

/// How a password may look in a file: plain, in JSON, in SQL, in hexadecimal, in base64.
fn written_forms(password: &str) -> [String; 5] {
    let json = Value::from(password).to_string();
    [
        password.to_owned(),
        json.trim_matches('"').to_owned(),
        password.replace('\'', "''"),
        hex::encode(password),
        STANDARD.encode(password).trim_end_matches('=').to_owned(),
    ]
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The labels of a version, from DescribeSecret.
fn labels<'a>(described: &'a Value, version: &str) -> Vec<&'a str> {
    let labels = described["VersionIdsToStages"][version].as_array();
    labels.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Why the last attempt that failed did so.
fn last_failure(rotation: &Value) -> &str {
    let attempts = rotation["Attempts"].as_array().into_iter().flatten();
    attempts.filter_map(|attempt| attempt["Failure"].as_str()).next_back().unwrap_or_default()
}
