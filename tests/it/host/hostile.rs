//! Guests that try what they have no right to: each of them meets a limit with a name, or finds nothing.

use std::sync::Arc;

use keywheel_domain::rotation::Step;
use keywheel_host::{Egress, Limits, Outcome, Report};
use keywheel_tests::postgres::HOST;

use super::in_memory::InMemory;
use super::scripted::Scripted;
use super::{PASSWORD, VALUE, invocation, load};

async fn step(guest: &str, step: Step, value: &str, limits: Limits) -> Report {
    let secrets = Arc::new(InMemory::new(value));
    let function = load(keywheel_guests::component(guest)).await;
    let mut step = invocation(step, &secrets, Egress::deny_all(), limits);
    step.environment = vec![("COLOUR".to_owned(), "blue".to_owned())];
    function.invoke(step).await
}

#[track_caller]
fn assert_starts(report: &Report, expected: &str) {
    assert!(report.outcome.to_string().starts_with(expected), "{}\n{:#?}", report.outcome, report.log);
}

#[tokio::test]
async fn a_guest_finds_its_own_environment_and_no_files() {
    let report = step("looks_around", Step::CreateSecret, VALUE, Limits::default()).await;
    assert_eq!(report.outcome.to_string(), "failed: environment [\"COLOUR=blue\"], arguments []");
    for reaching in [Step::SetSecret, Step::TestSecret, Step::FinishSecret] {
        let report = step("looks_around", reaching, VALUE, Limits::default()).await;
        assert_starts(&report, "failed: No such file or directory");
    }
}

#[tokio::test]
async fn what_a_guest_gives_back_is_bounded() {
    let report = step("talks_too_much", Step::CreateSecret, VALUE, Limits::default()).await;
    let told = report.outcome.to_string();
    assert!(
        told.starts_with("failed: [redacted]aaaa") && told.ends_with("aaaa… (line cut)"),
        "{}",
        told.len()
    );
    assert!(told.len() < 5 * 1024);
    let report = step("talks_too_much", Step::SetSecret, VALUE, Limits::default()).await;
    assert_starts(
        &report,
        "failed: InvalidParameterException: the value has 4194304 bytes, more than the 65536 allowed",
    );
    let report = step("talks_too_much", Step::TestSecret, VALUE, Limits::default()).await;
    assert_starts(&report, "trapped: ");
    assert!(report.outcome.to_string().contains("size"), "{}", report.outcome);
    let report = step("talks_too_much", Step::FinishSecret, VALUE, Limits::default()).await;
    assert_starts(&report, "done");
}

#[tokio::test]
async fn a_value_that_a_guest_hides_is_found_in_its_log() {
    let password = "s3cret/p\u{e4}ss+w0rd \\1\"";
    let value =
        serde_json::json!({ "engine": "postgres", "host": "db", "username": "app", "password": password });
    for leaking in Step::ALL {
        let report = step("leaks", leaking, &value.to_string(), Limits::default()).await;
        let lines: Vec<&str> = report.log.iter().map(|line| line.message.as_str()).collect();
        let shown = format!("{report:?}");
        for part in ["s3cret", "w0rd", "733363726574", "czNjcmV0"] {
            assert!(!shown.contains(part), "{leaking:?}: {shown}");
        }
        let expected: &[&str] = match leaking {
            Step::CreateSecret => &["[redacted]"],
            Step::SetSecret => &["\"[redacted]\"", "\"[redacted]\"", "[redacted]"],
            Step::TestSecret => &["[redacted]", "[redacted]", "[redacted]", "user=[redacted]&x"],
            Step::FinishSecret => &lines,
        };
        assert_eq!(lines, expected, "{leaking:?}");
    }
}

#[tokio::test]
async fn handles_and_calls_of_the_host_are_bounded() {
    let report = step("clutches", Step::CreateSecret, VALUE, Limits::default()).await;
    assert_starts(&report, "limit on handles exceeded: the step held more than 1024 handles, in `");
    let limits = Limits { host_calls_max: 100, ..Limits::default() };
    let report = step("nags", Step::CreateSecret, VALUE, limits).await;
    assert_starts(
        &report,
        "limit on host calls exceeded: the step called the host more than 100 times, in `",
    );
}

#[tokio::test]
async fn what_a_guest_leaves_behind_ends_with_its_step() {
    let report = step("lingers", Step::CreateSecret, VALUE, Limits::default()).await;
    assert_starts(&report, "trapped: a panic or an abort, in `");
    assert!(report.log.iter().any(|line| line.message.contains("dropped with a bang")), "{:#?}", report.log);
    let report = step("lingers", Step::SetSecret, VALUE, Limits::default()).await;
    assert_starts(&report, "trapped: a panic or an abort, in `");
    assert_eq!(report.log.last().map(|line| line.message.as_str()), Some("after the end: true"));
    let report = step("lingers", Step::FinishSecret, VALUE, Limits::default()).await;
    assert_starts(&report, "trapped: the function ended itself with exit status 0");
    assert!(!format!("{report:?}").contains(PASSWORD));

    let mut server = Scripted::start(&[]).await.unwrap();
    let address = format!("{HOST}:{}", server.port());
    let secrets = Arc::new(InMemory::new(VALUE));
    let function = load(keywheel_guests::component("lingers")).await;
    let egress = Egress::deny_all().allow_rule(format!("http://{address}").parse().unwrap());
    let mut sending = invocation(Step::TestSecret, &secrets, egress, Limits::default());
    sending.environment = vec![("ADDRESS".to_owned(), address)];
    assert_eq!(function.invoke(sending).await.outcome, Outcome::Done);
    server.all_closed().await.expect("no connection outlives its step");
}
