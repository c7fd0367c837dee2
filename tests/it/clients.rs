//! Clients that people use, in their own language, against the real binary over TLS and a real PostgreSQL.
//!
//! Each test here runs one file of `tests/clients` and shows its output when it fails.
#![cfg(test)]

mod rust;

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use keywheel_tests::certificate::Authority;
use keywheel_tests::languages;
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
    python("test_boto3.py").await;
}

#[tokio::test]
async fn the_aws_command() {
    python("test_aws_command.py").await;
}

#[tokio::test]
async fn the_caching_client() {
    python("test_caching.py").await;
}

#[tokio::test]
async fn deployed_functions() {
    python("test_lambda.py").await;
}

#[tokio::test]
async fn keys() {
    python("test_kms.py").await;
}

#[tokio::test]
async fn users_groups_roles_and_policies() {
    python("test_iam.py").await;
}

#[tokio::test]
async fn roles_and_sessions() {
    python("test_sts.py").await;
}

#[tokio::test]
async fn operations_that_aws_does_not_have() {
    python("test_keywheel_operations.py").await;
}

#[tokio::test]
async fn calls_looked_up() {
    python("test_trail.py").await;
}

#[tokio::test]
async fn the_sdk_for_javascript() {
    let modules = languages::client_modules();
    assert!(modules.exists(), "there is no {}: run `cargo xtask setup`", modules.display());
    // Node.js looks for packages beside the file that names them.
    let folder = tempfile::tempdir().unwrap();
    symlink(modules, folder.path().join("node_modules")).unwrap();
    for file in ["environment.mjs", JAVASCRIPT] {
        fs::copy(workspace().join("tests/clients/javascript").join(file), folder.path().join(file)).unwrap();
    }
    let site = Site::start().await;
    let path = env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin"));
    let mut command = site.command(Path::new("node"), folder.path(), path).await;
    command.args(["--test", "--test-reporter=spec", JAVASCRIPT]);
    site.run(JAVASCRIPT, &mut command).await;
}

/// The tests of the SDK for JavaScript.
const JAVASCRIPT: &str = "secrets_manager.test.mjs";

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

/// Runs one file with the private Python environment.
async fn python(file: &str) {
    let program = venv().join("bin/python");
    assert!(program.exists(), "there is no {}: run `cargo xtask setup`", program.display());
    let site = Site::start().await;
    let path = format!("{}:/usr/bin:/bin", venv().join("bin").display());
    let mut command = site.command(&program, &workspace().join("tests/clients"), path.into()).await;
    let components = components();
    command.args(["-m", "unittest", "--verbose", file]).env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("KEYWHEEL_TEST_COMPONENTS", components.path());
    site.run(file, &mut command).await;
}

/// A server with a certificate, and a database.
struct Site {
    postgres: Postgres,
    keywheel: Keywheel,
    authority: Authority,
    home: TempDir,
    _data: TempDir,
}

impl Site {
    async fn start() -> Self {
        let data = process::used_data_folder().await.unwrap();
        let postgres = Postgres::start().await.unwrap();
        let (authority, certificates) = (Authority::new("tests").unwrap(), tempfile::tempdir().unwrap());
        let (certificate, key) = authority.issue(HOST).unwrap().write(certificates.path()).unwrap();
        let mut serve = process::serve(data.path()).unwrap();
        serve.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key);
        let keywheel = Keywheel::start_with(&mut serve).await.unwrap();
        Self { postgres, keywheel, authority, home: tempfile::tempdir().unwrap(), _data: data }
    }

    /// Where it listens.
    fn endpoint(&self) -> String {
        format!("https://{}", self.keywheel.address())
    }

    /// A client's program, which is told of this site and of nothing else: nothing of the configuration of
    /// whoever runs the tests.
    async fn command(&self, program: &Path, folder: &Path, path: OsString) -> Command {
        let mut roles = Map::new();
        for role in ROLES {
            roles.insert(role.to_owned(), self.postgres.create_role(role).await.unwrap().into());
        }
        let database =
            json!({ "host": HOST, "port": self.postgres.port(), "dbname": DATABASE, "roles": roles });
        let mut command = Command::new(program);
        command.current_dir(folder).env_clear();
        command.env("HOME", self.home.path()).env("LANG", "C.UTF-8").env("PATH", path);
        command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID).env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
        for variable in ["AWS_DEFAULT_REGION", "AWS_REGION"] {
            command.env(variable, keywheel_tests::client::REGION);
        }
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        for service in ["SECRETS_MANAGER", "LAMBDA", "CLOUDTRAIL", "KMS", "IAM", "STS"] {
            command.env(format!("AWS_ENDPOINT_URL_{service}"), self.endpoint());
        }
        for variable in ["AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
            command.env(variable, self.authority.file());
        }
        command.env("KEYWHEEL_TEST_DATABASE", database.to_string());
        command
    }

    /// Runs it, and shows what it and the server said if it fails.
    async fn run(&self, name: &str, command: &mut Command) {
        let output = process::output(command).await.unwrap();
        assert!(
            output.status.success(),
            "{name} failed:\n{}{}\nkeywheel logged:\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
            self.keywheel.stderr()
        );
    }
}
