//! An author at a terminal: from an empty folder to a component that is checked and tried on a real database.
//!
//! The commands are those of `sdk/README.md`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use keywheel_tests::postgres::{DATABASE, HOST, Postgres};
use keywheel_tests::process::{self, ACCESS_KEY_ID, Keywheel, SECRET_ACCESS_KEY};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{ROLE, Site};
use crate::clients;
use crate::languages::http;

/// What the tests around cargo set for themselves.
const VARIABLES_OF_TESTS: [&str; 4] =
    ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"];

/// A folder in which an author works, and what the author's shell exports.
struct Desk {
    folder: TempDir,
    exports: Vec<(&'static str, String)>,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), exports: Vec::new() }
    }

    /// With what `keywheel serve` prints pasted.
    fn beside(keywheel: &Keywheel) -> Self {
        let exports = [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
            ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
            ("AWS_ENDPOINT_URL", format!("http://{}", keywheel.address())),
        ];
        Self { exports: exports.into(), ..Self::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program, as the author's shell would start it. What cargo compiles stays from one run to the next.
    fn at_home(&self, mut command: Command) -> Command {
        command.current_dir(self.folder.path()).envs(self.exports.iter().cloned());
        for name in VARIABLES_OF_TESTS {
            command.env_remove(name);
        }
        command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects"));
        // The versions of a new project are those of this workspace, which are there already.
        command.env("CARGO_NET_OFFLINE", "true");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = process::keywheel().unwrap();
        command.args(arguments);
        self.at_home(command).output().unwrap()
    }

    /// What a command prints that succeeds.
    fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", shown(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn fails(&self, arguments: &[&str], code: i32, sentence: &str) {
        let output = self.run(arguments);
        let told = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", shown(&output));
        assert!(told.contains(sentence) && told.ends_with('\n'), "{arguments:?}: {told}");
    }
}

fn shown(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn readme() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("sdk/README.md");
    fs::read_to_string(path).unwrap()
}

/// The commands of the README's section on the way from nothing to a rotated secret.
fn readme_commands() -> Vec<String> {
    let readme = readme();
    let section = readme.split("## From nothing to a rotated secret").nth(1).unwrap();
    let block = section.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    block.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_commands_of_the_readme_lead_to_a_rotated_secret() {
    let site = Site::start().await;
    let password = site.postgres.create_role(ROLE).await.unwrap();
    let value = site.postgres.secret_value(ROLE, &password).to_string();
    site.client.call("CreateSecret", json!({ "Name": "prod/app", "SecretString": value })).await.unwrap();
    let desk = Desk::beside(&site.keywheel);
    let commands = readme_commands();
    assert_eq!(commands.len(), 5, "{commands:#?}");
    let mut told = Vec::new();
    for command in &commands[..4] {
        let words: Vec<&str> = command.split(' ').collect();
        assert_eq!(words[0], "keywheel");
        told.push(desk.says(&words[1..]));
    }
    assert!(told[0].contains("keywheel function build") && desk.path("app-password/README.md").is_file());
    assert!(told[1].starts_with("app-password/app-password.wasm: "), "{}", told[1]);
    assert!(told[2].contains("13 of 13 rules kept"), "{}", told[2]);
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:app-password";
    assert!(told[3].starts_with(arn), "{}", told[3]);
    let words: Vec<&str> = commands[4].split(' ').collect();
    assert_eq!(words[0], "aws");
    let mut aws = desk.at_home(Command::new(clients::venv().join("bin/aws")));
    let rotating = aws.args(&words[1..]).output().unwrap();
    assert!(rotating.status.success(), "{}", shown(&rotating));
    let rotation = site.client.rotation_in("prod/app", "Succeeded").await.unwrap();
    assert_eq!(rotation["RotationLambdaARN"], arn, "{rotation:#}");
    assert!(!site.accepts(&password).await);
}

/// Changes the password of a real service over HTTP, as an author would try it.
async fn check_against_a_service(desk: &Desk, component: &str) {
    let service = http::Service::start("first").await;
    let url = format!("http://app@{HOST}:{}", service.port);
    let mut command = process::keywheel().unwrap();
    command.args(["function", "test", component, "--against", &url, "--save", "service.json"]);
    let mut command = desk.at_home(command);
    command.env("KEYWHEEL_TARGET_PASSWORD", "first");
    // The service answers on this thread meanwhile.
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let told = shown(&output);
    assert!(output.status.success() && told.contains("this changes the real password"), "{told}");
    let saved: Value = serde_json::from_str(&fs::read_to_string(desk.path("service.json")).unwrap()).unwrap();
    assert_eq!(saved["password"], service.password());
    assert_ne!(service.password(), "first");
}

#[tokio::test]
async fn a_new_project_of_each_kind_tests_builds_and_keeps_every_rule() {
    let desk = Desk::new();
    for kind in ["sql", "http", "blank"] {
        let name = format!("new-{kind}");
        desk.says(&["function", "new", &name, "--language", "rust", "--kind", kind]);
        let mut cargo = desk.at_home(Command::new("cargo"));
        cargo.arg("test").current_dir(desk.path(&name));
        let tested = cargo.output().unwrap();
        assert!(tested.status.success(), "{kind}: {}", shown(&tested));
        desk.says(&["function", "build", &name]);
        let component = format!("{name}/{name}.wasm");
        let verdict: Value =
            serde_json::from_str(&desk.says(&["function", "check", &component, "--json"])).unwrap();
        assert_eq!(verdict["Good"], true, "{verdict:#}");
        if kind == "http" {
            let rules = verdict["Rules"].as_array().unwrap();
            assert!(rules.iter().all(|rule| rule["Result"] == "kept"), "{verdict:#}");
            let secret = r#"{"host":"api.example","port":8080,"ssl":false,"username":"app"}"#;
            let told = desk.says(&["function", "test", &component, "--secret", secret]);
            for line in ["PUT /users/app at api.example:8080", "-> status 401", "the rotation ended well"] {
                assert!(told.contains(line), "{line}: {told}");
            }
            http::check_rotation(&fs::read(desk.path(&component)).unwrap(), "Rust").await;
            check_against_a_service(&desk, &component).await;
        }
    }
    desk.fails(&["function", "new", "new-sql", "--language", "rust"], 1, "not empty");
    desk.fails(&["function", "new", "New", "--language", "rust"], 2, "a letter first");
    desk.fails(&["function", "build", "nowhere"], 1, "keywheel function new");
    desk.fails(&["function", "check", "nowhere.wasm"], 1, "keywheel function build");
}

#[test]
fn a_broken_rule_is_told_with_its_step_and_call() {
    let desk = Desk::new();
    fs::write(desk.path("bad.wasm"), keywheel_guests::component("bad_same_login")).unwrap();
    desk.fails(&["function", "check", "bad.wasm"], 1, "`bad.wasm` breaks same-login");
    let told = shown(&desk.run(&["function", "check", "bad.wasm"]));
    let line = "setSecret, call 2, sql.connection.open (log in as `app` at stranger.example:5432): the pending value has \
                another `host`, and the function turned to it";
    assert!(told.contains(line), "{told}");
    let output = desk.run(&["function", "check", "bad.wasm", "--json"]);
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rules = verdict["Rules"].as_array().unwrap();
    let broken = rules.iter().find(|rule| rule["Result"] == "broken").unwrap();
    assert_eq!(
        (&broken["Rule"], &broken["Breaches"][0]["Step"]),
        (&"same-login".into(), &"setSecret".into())
    );
    assert_eq!(broken["Breaches"][0]["Call"]["Number"], 2, "{broken:#}");

    // What the README shows of a verdict is one.
    fs::write(desk.path("bad.wasm"), keywheel_guests::component("bad_create_touches_nothing")).unwrap();
    let block = readme().split("```console\n$ keywheel function check bad.wasm\n").nth(1).unwrap().to_owned();
    let told = shown(&desk.run(&["function", "check", "bad.wasm"]));
    assert!(told.contains(block.split("```").next().unwrap()), "{told}");

    fs::write(desk.path("text.wasm"), "text").unwrap();
    desk.fails(&["function", "check", "text.wasm"], 1, "this is not WebAssembly");
    desk.fails(&["function", "check", "bad.wasm", "--secret", r#"{"host":"db"}"#], 2, "`username`");
}

#[tokio::test]
async fn a_rotation_is_shown_call_by_call_and_changes_a_real_password_when_asked_to() {
    let desk = Desk::new();
    let builtin =
        keywheel_functions::builtins().iter().find(|builtin| builtin.name == "postgres-single-user").unwrap();
    fs::write(desk.path("f.wasm"), builtin.wasm).unwrap();
    let secret = r#"{"engine":"postgres","host":"db","username":"app","password":"hunter2-and-more"}"#;
    let told = desk.says(&["function", "test", "f.wasm", "--secret", secret]);
    for line in
        ["createSecret: done, ", "secrets.put-secret-value", "labels: new AWSCURRENT, old AWSPREVIOUS"]
    {
        assert!(
            told.contains(line) || told.contains("labels: old AWSPREVIOUS, new AWSCURRENT"),
            "{line}: {told}"
        );
    }
    assert!(!told.contains("hunter2"), "{told}");

    let server = Postgres::start().await.unwrap();
    let old = server.create_role(ROLE).await.unwrap();
    let url = format!("postgres://{ROLE}@{HOST}:{}/{DATABASE}", server.port());
    let against = ["function", "test", "f.wasm", "--against", &url];
    desk.fails(&against, 2, "--save");
    let saving = [&against[..], &["--save", "new.json"]].concat();
    desk.fails(&saving, 2, "KEYWHEEL_TARGET_PASSWORD");
    assert!(server.accepts(ROLE, &old).await.unwrap());

    let mut command = process::keywheel().unwrap();
    command.args(&saving).env("KEYWHEEL_TARGET_PASSWORD", &old);
    let output = desk.at_home(command).output().unwrap();
    let told = shown(&output);
    assert!(output.status.success() && told.contains("this changes the real password"), "{told}");
    let saved: Value = serde_json::from_str(&fs::read_to_string(desk.path("new.json")).unwrap()).unwrap();
    let new = saved["password"].as_str().unwrap();
    assert_eq!(fs::metadata(desk.path("new.json")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(server.accepts(ROLE, new).await.unwrap() && !server.accepts(ROLE, &old).await.unwrap());
    assert!(!told.contains(new) && !told.contains(&old), "{told}");
    desk.fails(&saving, 2, "KEYWHEEL_TARGET_PASSWORD");
    let kept = [&saving[..], &["--secret", r#"{"password":"x"}"#]].concat();
    desk.fails(&kept, 1, "there already");
}
