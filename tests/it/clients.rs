//! Clients that people use, in their own language, against the real binary over TLS and a real PostgreSQL.
//!
//! Each test here runs one file of `tests/clients` and shows its output when it fails.
#![cfg(test)]

use std::path::{Path, PathBuf};
use std::{env, fs};

use keywheel_tests::certificate::Authority;
use keywheel_tests::postgres::{DATABASE, HOST, Postgres};
use keywheel_tests::process::{self, ACCESS_KEY_ID, Keywheel, SECRET_ACCESS_KEY};
use serde_json::{Map, json};
use tempfile::TempDir;

/// Names the folder of the private Python environment.
const VENV_VARIABLE: &str = "KEYWHEEL_TEST_VENV";
/// Roles that the client tests may rotate, each in one test.
const ROLES: [&str; 4] = ["app_one", "app_two", "app_three", "app_four"];

#[tokio::test]
async fn boto3() {
    run("test_boto3.py").await;
}

#[tokio::test]
async fn the_aws_command() {
    run("test_aws_command.py").await;
}

#[tokio::test]
async fn deployed_functions() {
    run("test_lambda.py").await;
}

#[tokio::test]
async fn keys() {
    run("test_kms.py").await;
}

#[tokio::test]
async fn operations_that_aws_does_not_have() {
    run("test_keywheel_operations.py").await;
}

#[tokio::test]
async fn calls_looked_up() {
    run("test_trail.py").await;
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The private Python environment.
pub(crate) fn venv() -> PathBuf {
    env::var_os(VENV_VARIABLE).map_or_else(|| workspace().join("target/venv"), PathBuf::from)
}

/// A folder of components to deploy.
fn components() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let builtins = keywheel_functions::builtins().iter().map(|builtin| (builtin.name, builtin.wasm));
    let guests = keywheel_guests::names().map(|name| (name, keywheel_guests::component(name)));
    for (name, wasm) in builtins.chain(guests) {
        fs::write(folder.path().join(format!("{name}.wasm")), wasm).unwrap();
    }
    folder
}

async fn run(file: &str) {
    let workspace = workspace();
    let python = venv().join("bin/python");
    assert!(python.exists(), "there is no {}: run `cargo xtask setup`", python.display());

    let data = process::used_data_folder().await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let postgres = Postgres::start().await.unwrap();
    let (authority, certificates) = (Authority::new("tests").unwrap(), tempfile::tempdir().unwrap());
    let (certificate, key) = authority.issue(HOST).unwrap().write(certificates.path()).unwrap();
    let mut serve = process::serve(data.path()).unwrap();
    serve.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key);
    let keywheel = Keywheel::start_with(&mut serve).await.unwrap();
    let mut roles = Map::new();
    for role in ROLES {
        roles.insert(role.to_owned(), postgres.create_role(role).await.unwrap().into());
    }
    let database = json!({ "host": HOST, "port": postgres.port(), "dbname": DATABASE, "roles": roles });

    let mut command = std::process::Command::new(&python);
    command.args(["-m", "unittest", "--verbose", file]).current_dir(workspace.join("tests/clients"));
    // Nothing of the configuration of whoever runs the tests.
    command.env_clear().env("HOME", home.path()).env("LANG", "C.UTF-8").env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("PATH", format!("{}:/usr/bin:/bin", venv().join("bin").display()));
    command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID).env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
    command
        .env("AWS_DEFAULT_REGION", keywheel_tests::client::REGION)
        .env("AWS_EC2_METADATA_DISABLED", "true");
    for service in ["SECRETS_MANAGER", "LAMBDA", "CLOUDTRAIL", "KMS"] {
        command.env(format!("AWS_ENDPOINT_URL_{service}"), format!("https://{}", keywheel.address()));
    }
    command.env("AWS_CA_BUNDLE", authority.file());
    let components = components();
    command.env("KEYWHEEL_TEST_COMPONENTS", components.path());
    command.env("KEYWHEEL_TEST_DATABASE", database.to_string());
    let output = process::output(&mut command).await.unwrap();
    assert!(
        output.status.success(),
        "{file} failed:\n{}\nkeywheel logged:\n{}",
        String::from_utf8_lossy(&output.stderr),
        keywheel.stderr()
    );
}
