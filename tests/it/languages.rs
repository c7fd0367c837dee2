//! Functions in Python and JavaScript: their SDKs natively, and components that the real tools make of the
//! templates, in the real host.
//!
//! The first run builds the components, which takes a minute; they and their compiled code are kept under
//! `target/`.
#![cfg(test)]

pub(crate) mod http;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use expect_test::expect_file;
use keywheel_domain::rotation::{FailureKind, Step};
use keywheel_domain::sensitive::Sensitive;
use keywheel_host::{
    Catalog, Egress, Engine, EngineOptions, Event, Function, Invocation, Limits, LoadError, Outcome, Report,
};
use keywheel_tests::languages::{Language, Project};
use keywheel_tests::postgres::{HOST, Postgres};

use crate::host::in_memory::{ARN, InMemory, MADE};

const STEPS: [Step; 4] = [Step::CreateSecret, Step::SetSecret, Step::TestSecret, Step::FinishSecret];
const PASSWORD: &str = "hunter2-and-more";
const VALUE: &str =
    r#"{"engine":"postgres","host":"db.internal","username":"app","password":"hunter2-and-more"}"#;

fn catalog() -> Catalog {
    let options = EngineOptions { instances_max: 2, ..EngineOptions::default() };
    let compiled = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    let engine = Engine::new(&options).expect("the machine can run WebAssembly");
    Catalog::new(engine, Some(compiled), Sensitive::new([1; 32]))
}

async fn load(project: &Project) -> Result<Arc<Function>, LoadError> {
    catalog().load(&project.component().unwrap()).await
}

async fn step(function: &Function, step: Step, secrets: &Arc<InMemory>, egress: Egress) -> Report {
    let invocation = Invocation {
        event: Event {
            step,
            secret_id: ARN.to_owned(),
            client_request_token: "6b4c4a5e-6d2f-4f0e-9d5b-0c8f7a1e2b3c".to_owned(),
            rotation_token: "9a7c1f0e-1111-2222-3333-444455556666".to_owned().into(),
        },
        secrets: Arc::clone(secrets) as _,
        egress,
        limits: Limits::default(),
        environment: Vec::new(),
        approved: false,
    };
    function.invoke(invocation).await
}

/// A function that does something else in each step.
fn misbehaving(language: Language) -> Project {
    let project = Project::new(language, "blank").unwrap();
    match language {
        Language::Python => project.with("rotation.py", include_str!("languages/misbehaves.py")),
        Language::JavaScript => project.with("rotation.js", include_str!("languages/misbehaves.js")),
    }
}

/// Runs one step of [`misbehaving`].
async fn misbehave(function: &Function, which: Step) -> Report {
    step(function, which, &Arc::new(InMemory::new(VALUE)), Egress::deny_all()).await
}

fn check_native(command: &mut Command) {
    let output = command.output().expect("it can be started: see `cargo xtask setup`");
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_sdks_pass_their_own_tests() {
    for language in Language::ALL {
        check_native(&mut language.tests(&language.sdk().join("tests")));
    }
}

#[test]
fn each_template_passes_its_own_tests() {
    for language in Language::ALL {
        for kind in ["sql", "http", "blank"] {
            let folder = Project::new(language, kind).unwrap().write().unwrap();
            check_native(&mut language.tests(folder.path()));
        }
    }
}

#[test]
fn templates_ask_for_the_tools_that_the_tests_use() {
    let python = Project::new(Language::Python, "sql").unwrap();
    let pin = include_str!("../tools/python/requirements.txt").trim();
    for file in ["pyproject.toml", "build.sh", "README.md"] {
        assert!(python.text(file).unwrap().contains(pin), "{file} does not name {pin}");
    }
    let version = |text: &str| {
        let list: serde_json::Value = serde_json::from_str(text).unwrap();
        let name = "@bytecodealliance/componentize-js";
        let of = |kind: &str| list[kind][name].as_str().map(str::to_owned);
        of("dependencies").or(of("devDependencies")).expect("the tool is in the list")
    };
    let pin = version(include_str!("../tools/javascript/package.json"));
    for kind in ["sql", "http", "blank"] {
        let project = Project::new(Language::JavaScript, kind).unwrap();
        assert_eq!(version(&project.text("package.json").unwrap()), pin, "{kind}");
    }
}

#[tokio::test]
async fn the_imports_of_each_language() {
    let mut list = String::new();
    for language in Language::ALL {
        for kind in ["sql", "http"] {
            let function = load(&Project::new(language, kind).unwrap()).await.unwrap();
            writeln!(list, "{} {kind}", language.name()).unwrap();
            for import in function.imports() {
                let fate = if function.refused().contains(&import) { "traps" } else { "linked" };
                writeln!(list, "{fate:6} {import}").unwrap();
            }
        }
    }
    expect_file!["../golden/imports-languages.txt"].assert_eq(&list);
}

#[tokio::test]
async fn each_language_rotates_a_password_on_a_real_server() {
    for language in Language::ALL {
        let server = Postgres::start().await.unwrap();
        let old = server.create_role("app").await.unwrap();
        let secrets = Arc::new(InMemory::new(&server.secret_value("app", &old).to_string()));
        let function = load(&Project::new(language, "sql").unwrap()).await.unwrap();
        let egress = || Egress::deny_all().allow(HOST, server.port());

        let mut log = String::new();
        // Each step twice: a repetition changes nothing.
        for which in STEPS.into_iter().flat_map(|step| [step, step]) {
            let report = step(&function, which, &secrets, egress()).await;
            assert_eq!(report.outcome, Outcome::Done, "{language:?} {which:?}: {:#?}", report.log);
            assert!(!report.log.iter().any(|line| line.message.contains("redacted")), "{:?}", report.log);
            writeln!(log, "{report:?}").unwrap();
        }
        assert!(server.accepts("app", MADE).await.unwrap());
        assert!(!server.accepts("app", &old).await.unwrap());
        assert!(secrets.value("AWSCURRENT").unwrap().contains(MADE));
        assert!(!log.contains(MADE) && !log.contains(&old), "{log}");
        let statements = server.log().unwrap();
        assert!(statements.contains("SCRAM-SHA-256$4096:"), "{statements}");
        assert!(!statements.contains(MADE), "{statements}");
    }
}

#[tokio::test]
async fn a_password_that_the_server_does_not_take_fails_the_test_in_each_language() {
    let server = Postgres::start().await.unwrap();
    let old = server.create_role("app").await.unwrap();
    for language in Language::ALL {
        let secrets = Arc::new(InMemory::new(&server.secret_value("app", &old).to_string()));
        let function = load(&Project::new(language, "sql").unwrap()).await.unwrap();
        let egress = || Egress::deny_all().allow(HOST, server.port());
        let report = step(&function, Step::CreateSecret, &secrets, egress()).await;
        assert_eq!(report.outcome, Outcome::Done, "{language:?}");
        let report = step(&function, Step::TestSecret, &secrets, egress()).await;
        let Outcome::Failed { kind: FailureKind::Refused, message } = &report.outcome else {
            panic!("{language:?}: {}", report.outcome)
        };
        assert!(message.starts_with("the server refused the pending password: login refused: "), "{message}");
        let report = step(&function, Step::SetSecret, &secrets, Egress::deny_all()).await;
        let Outcome::Failed { kind: FailureKind::Permanent, message } = &report.outcome else {
            panic!("{language:?}: {}", report.outcome)
        };
        assert!(message.contains("what would: `--allow tcp://127.0.0.1:"), "{message}");
    }
}

#[tokio::test]
async fn two_instances_draw_different_bytes_in_each_language() {
    for language in Language::ALL {
        let function = load(&misbehaving(language)).await.unwrap();
        let mut drawn = Vec::new();
        for _ in 0..2 {
            let report = misbehave(&function, Step::CreateSecret).await;
            assert_eq!(report.outcome, Outcome::Done, "{language:?}");
            let [line] = &report.log[..] else { panic!("{:?}", report.log) };
            drawn.extend(line.message.split(' ').map(str::to_owned));
        }
        let [bytes, number, other_bytes, other_number] = &drawn[..] else { panic!("{drawn:?}") };
        assert_ne!(bytes, other_bytes, "{language:?}");
        assert_ne!(number, other_number, "{language:?}");
    }
}

/// Without the host's randomness, each instance would draw what was drawn when the component was built.
#[tokio::test]
async fn a_component_that_was_built_without_randomness_is_refused() {
    for language in Language::ALL {
        let project = misbehaving(language);
        let (stubbed, tool) = match language {
            Language::Python => (
                project.replacing("build.sh", "componentize app", "componentize app --stub-wasi"),
                "componentize-py without `--stub-wasi`",
            ),
            Language::JavaScript => (
                project.replacing("package.json", "--disable http", "--disable random http"),
                "componentize-js without `--disable random`",
            ),
        };
        let error = load(&stubbed.unwrap()).await.unwrap_err();
        assert!(matches!(error, LoadError::NoRandomness(_)), "{error}");
        assert!(error.to_string().ends_with(&format!("build it with {tool}")), "{error}");
    }
}

#[tokio::test]
async fn an_exception_is_told_with_its_kind_and_its_place() {
    for (language, exception, place) in [
        (Language::Python, "ZeroDivisionError", "in set_secret (line 16 of "),
        (Language::JavaScript, "RangeError", "in set-secret: "),
    ] {
        let function = load(&misbehaving(language)).await.unwrap();
        let report = misbehave(&function, Step::SetSecret).await;
        let Outcome::Failed { kind: FailureKind::Retry, message } = &report.outcome else {
            panic!("{language:?}: {}", report.outcome)
        };
        assert!(message.contains(exception) && message.contains(place), "{message}");
        let log: Vec<&str> = report.log.iter().map(|line| line.message.as_str()).collect();
        assert!(log.iter().any(|line| line.contains(exception)), "{log:#?}");
        assert!(log.iter().any(|line| line.contains("rotation.")), "the stack names the file: {log:#?}");
        assert!(log.contains(&"[redacted]"), "what it prints is in the log, redacted: {log:#?}");
        assert!(!format!("{report:?}").contains(PASSWORD));
    }
}

#[tokio::test]
async fn the_limits_hold_for_each_language() {
    for language in Language::ALL {
        let function = load(&misbehaving(language)).await.unwrap();
        let report = misbehave(&function, Step::TestSecret).await;
        let spun = "limit on CPU time exceeded: the step used more than 5000 ms of processor time";
        assert!(report.outcome.to_string().starts_with(spun), "{language:?}: {}", report.outcome);
        let report = misbehave(&function, Step::FinishSecret).await;
        let told = report.outcome.to_string();
        // JavaScript's interpreter tells its program that there is no more memory, and the failure says why.
        let is_limit = told.starts_with("limit on memory exceeded: ");
        assert_eq!(is_limit, language == Language::Python, "{language:?}: {told}");
        assert!(told.contains("the function asked for "), "{language:?}: {told}");
        assert!(told.contains(" of memory and may have 64 MiB"), "{language:?}: {told}");
        assert!(report.memory_bytes_peak <= Limits::default().memory_bytes_max);
    }
}
