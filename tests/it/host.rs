//! The sandbox with real components: the badly behaved ones of `tests/guests`, and the rotator of
//! PostgreSQL against a real server.
#![cfg(test)]

mod admin;
mod approvals;
mod burst;
mod contract;
mod hostile;
pub(crate) mod in_memory;
mod mysql;
mod network;
mod scripted;
mod sql_limits;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use expect_test::expect_file;
use keywheel_domain::rotation::{FailureKind, Step};
use keywheel_domain::sensitive::Sensitive;
use keywheel_host::{
    Catalog, Egress, Engine, EngineOptions, Event, Function, Invocation, Limits, LogLine, Outcome, Report,
    Secrets,
};
use keywheel_tests::postgres::{HOST, Postgres};

use in_memory::{ARN, InMemory, MADE};

const PASSWORD: &str = "hunter2-and-more";
const VALUE: &str = r#"{"engine":"postgres","host":"db.internal","port":5432,"username":"app","password":"hunter2-and-more"}"#;

/// Instances of the engine: what comes at once beyond it waits.
const INSTANCES_MAX: u32 = 4;

/// Compiled code stays from one run to the next: a compiler that is not optimised takes its time.
async fn load(wasm: &[u8]) -> Arc<Function> {
    let options = EngineOptions { instances_max: INSTANCES_MAX, ..EngineOptions::default() };
    let compiled = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    let catalog = Catalog::new(
        Engine::new(&options).expect("the machine can run WebAssembly"),
        Some(compiled),
        Sensitive::new([1; 32]),
    );
    catalog.load(wasm).await.expect("the guest is a rotation function")
}

fn invocation(step: Step, secrets: &Arc<InMemory>, egress: Egress, limits: Limits) -> Invocation {
    invocation_with(step, Arc::clone(secrets) as _, egress, limits)
}

fn invocation_with(step: Step, secrets: Arc<dyn Secrets>, egress: Egress, limits: Limits) -> Invocation {
    Invocation {
        event: Event {
            step,
            secret_id: ARN.to_owned(),
            client_request_token: "6b4c4a5e-6d2f-4f0e-9d5b-0c8f7a1e2b3c".to_owned(),
            rotation_token: "9a7c1f0e-1111-2222-3333-444455556666".to_owned().into(),
        },
        secrets,
        egress,
        limits,
        environment: Vec::new(),
        approved: false,
    }
}

/// Runs one step of a guest whose secret is [`VALUE`].
async fn run(guest: &str, limits: Limits) -> Report {
    let secrets = Arc::new(InMemory::new(VALUE));
    let function = load(keywheel_guests::component(guest)).await;
    function.invoke(invocation(Step::CreateSecret, &secrets, Egress::deny_all(), limits)).await
}

async fn check(guest: &str, limits: Limits, expected: &str) -> Report {
    let report = run(guest, limits).await;
    let outcome = report.outcome.to_string();
    assert!(outcome.starts_with(expected), "{outcome}\n{:#?}", report.log);
    report
}

#[tokio::test]
async fn guests_that_behave_are_done() {
    let report = check("noop", Limits::default(), "done").await;
    assert_eq!(report.log, []);
}

#[tokio::test]
async fn without_a_pool_each_instance_is_allocated_on_demand() {
    let off = EngineOptions { pooling: false, ..EngineOptions::default() };
    // So many instances reserve more address space than there is, and the engine does without.
    let too_many = EngineOptions { instances_max: 1_000_000, ..EngineOptions::default() };
    for options in [off, too_many] {
        let engine = Engine::new(&options).expect("the machine can run WebAssembly");
        let compiled = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled-on-demand");
        let catalog = Catalog::new(engine, Some(compiled), Sensitive::new([1; 32]));
        let noop = catalog.load(keywheel_guests::component("noop")).await.expect("it is a rotation function");
        let secrets = Arc::new(InMemory::new(VALUE));
        let step = invocation(Step::CreateSecret, &secrets, Egress::deny_all(), Limits::default());
        assert_eq!(noop.invoke(step).await.outcome, Outcome::Done);
    }
}

#[tokio::test]
async fn guests_that_never_end_are_stopped() {
    let limits = Limits { cpu_ms_max: 50, ..Limits::default() };
    let report = check(
        "spins",
        limits,
        "limit on CPU time exceeded: the step used more than 50 ms of processor time, in `",
    )
    .await;
    assert!(report.cpu.as_millis() < 250, "{:?}", report.cpu);
    let limits = Limits { wall_ms_max: 50, ..Limits::default() };
    check(
        "hangs",
        limits,
        "limit on wall time exceeded: the step took longer than 50 ms: it was in its own code, computing or sleeping",
    )
    .await;
}

#[tokio::test]
async fn guests_that_take_too_much_are_stopped() {
    let expected =
        "limit on memory exceeded: the function asked for 65 MiB of memory and may have 64 MiB, in `";
    let report = check("allocates", Limits::default(), expected).await;
    assert!(report.memory_bytes_peak <= 64 * 1024 * 1024);
    check(
        "recurses",
        Limits::default(),
        "trapped: memory access out of bounds, or a stack overflow, in `recurses::deeper` (itself ",
    )
    .await;
    let limits = Limits { cpu_ms_max: 60_000, ..Limits::default() };
    let report = check("floods", limits, "done").await;
    assert!(report.log_truncated);
    assert!(report.log.iter().map(|line| line.message.len()).sum::<usize>() <= 256 * 1024);
}

#[tokio::test]
async fn a_panic_is_told_with_its_message_and_its_place() {
    let report = check("traps", Limits::default(), "trapped: a panic or an abort, in `").await;
    assert!(report.outcome.to_string().contains("Traps"), "{}", report.outcome);
    assert!(report.log.iter().any(|line| line.message == "this guest panics"), "{:#?}", report.log);
}

#[tokio::test]
async fn guests_that_reach_for_more_are_refused() {
    check("lies", Limits::default(), "failed: AccessDeniedException: not authorized to read `not/yours`")
        .await;
    let expected = "failed: Egress: the sandbox does not allow a connection to `tcp://169.254.169.254:5432`; \
                    what would: `--allow tcp://169.254.169.254:5432`";
    check("dials_out", Limits::default(), expected).await;
}

#[tokio::test]
async fn values_that_a_guest_prints_are_redacted() {
    let report = check("prints", Limits::default(), "done").await;
    let lines: Vec<&str> = report.log.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(
        lines,
        [
            "current [redacted]",
            "current [redacted]",
            "current [redacted]",
            "password [redacted]",
            "made [redacted]",
            "made [redacted]",
            "made [redacted]",
        ]
    );
    let shown = format!("{report:?}");
    assert!(!shown.contains(PASSWORD) && !shown.contains(MADE));
}

fn postgres_rotator() -> &'static [u8] {
    let mut builtins = keywheel_functions::builtins().iter();
    builtins.find(|builtin| builtin.name == "postgres-single-user").expect("it is built in").wasm
}

#[tokio::test]
async fn the_imports_of_the_postgres_rotator() {
    let function = load(postgres_rotator()).await;
    let mut list = String::new();
    for import in function.imports() {
        let fate = if function.refused().contains(&import) { "traps" } else { "linked" };
        writeln!(list, "{fate:6} {import}").unwrap();
    }
    expect_file!["../golden/imports-postgres-single-user.txt"].assert_eq(&list);
}

#[tokio::test]
async fn the_postgres_rotator_rotates_a_password_on_a_real_server() {
    let server = Postgres::start().await.unwrap();
    let old = server.create_role("app").await.unwrap();
    let value = server.secret_value("app", &old).to_string();
    let secrets = Arc::new(InMemory::new(&value));
    let function = load(postgres_rotator()).await;
    let egress = Egress::deny_all().allow(HOST, server.port());

    let mut log: Vec<LogLine> = Vec::new();
    // Each step twice: a repetition changes nothing.
    for step in [Step::CreateSecret, Step::SetSecret, Step::TestSecret, Step::FinishSecret] {
        for _ in 0..2 {
            let invocation = invocation(step, &secrets, egress.clone(), Limits::default());
            let report = function.invoke(invocation).await;
            assert_eq!(report.outcome, Outcome::Done, "{step:?}: {:#?}", report.log);
            log.extend(report.log);
        }
    }
    assert!(server.accepts("app", MADE).await.unwrap());
    assert!(!server.accepts("app", &old).await.unwrap());
    assert!(secrets.value("AWSCURRENT").unwrap().contains(MADE));
    let log = format!("{log:?}");
    assert!(!log.contains(MADE) && !log.contains(&old), "{log}");
}

#[tokio::test]
async fn a_refused_login_and_a_closed_port_are_told_apart() {
    let server = Postgres::start().await.unwrap();
    server.create_role("app").await.unwrap();
    let function = load(postgres_rotator()).await;
    for (port, expected) in [
        (
            server.port(),
            "role `app` can log in with neither the pending, the current nor the previous password",
        ),
        // Nothing listens on the port of `discard`.
        (9, "connecting to the server"),
    ] {
        let mut value = server.secret_value("app", PASSWORD);
        value["port"] = port.into();
        let secrets = Arc::new(InMemory::new(&value.to_string()));
        let egress = Egress::deny_all().allow(HOST, port);
        for step in [Step::CreateSecret, Step::SetSecret] {
            let report = function.invoke(invocation(step, &secrets, egress.clone(), Limits::default())).await;
            match (step, report.outcome) {
                (Step::CreateSecret, outcome) => assert_eq!(outcome, Outcome::Done),
                (_, Outcome::Failed { kind, message }) => {
                    assert!(message.contains(expected), "{message}");
                    let expected = if port == 9 { FailureKind::Retry } else { FailureKind::Permanent };
                    assert_eq!(kind, expected, "{message}");
                    assert!(!message.contains(PASSWORD) && !message.contains(MADE), "{message}");
                }
                (_, outcome) => panic!("{outcome}"),
            }
        }
    }
}
