//! A function that asks people before it goes on, with and without their agreement.

use std::sync::Arc;

use keywheel_domain::rotation::{FailureKind, Step};
use keywheel_host::{Egress, Limits, Outcome, Report};

use super::in_memory::InMemory;
use super::{PASSWORD, VALUE, invocation, load};

/// The longest summary, in bytes.
const SUMMARY_BYTES_MAX: usize = 2 * 1024;

async fn run(step: Step, approved: bool) -> Report {
    run_under(step, approved, "6b4c4a5e-6d2f-4f0e-9d5b-0c8f7a1e2b3c").await
}

async fn run_under(step: Step, approved: bool, token: &str) -> Report {
    let secrets = Arc::new(InMemory::new(VALUE));
    let mut invocation = invocation(step, &secrets, Egress::deny_all(), Limits::default());
    invocation.approved = approved;
    token.clone_into(&mut invocation.event.client_request_token);
    load(keywheel_guests::component("asks")).await.invoke(invocation).await
}

fn asked(summary: &str) -> Outcome {
    Outcome::Asked { summary: summary.to_owned() }
}

#[tokio::test]
async fn a_step_without_agreement_ends_with_what_it_asked_first() {
    let report = run(Step::CreateSecret, false).await;
    assert_eq!(report.outcome, asked("make a new password"));
    assert_eq!(report.log, []);
}

#[tokio::test]
async fn a_step_with_agreement_goes_on() {
    let report = run(Step::CreateSecret, true).await;
    assert_eq!(report.outcome, Outcome::Done);
    let lines: Vec<&str> = report.log.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(lines, ["people agree"]);
}

#[tokio::test]
async fn a_step_that_succeeds_without_agreement_is_done() {
    assert_eq!(run(Step::SetSecret, false).await.outcome, Outcome::Done);
}

#[tokio::test]
async fn a_failure_that_no_agreement_would_mend_keeps_its_kind() {
    const ASKS: &str = "asks-0000000000000000000000000000";
    let refused = Outcome::Failed { kind: FailureKind::Refused, message: "the target said no".to_owned() };
    for approved in [false, true] {
        assert_eq!(run(Step::FinishSecret, approved).await.outcome, refused);
    }
    assert_eq!(run_under(Step::FinishSecret, true, ASKS).await.outcome, refused);
    assert_eq!(run_under(Step::FinishSecret, false, ASKS).await.outcome, asked("fail"));
}

#[tokio::test]
async fn a_step_that_traps_after_it_asked_has_trapped() {
    let outcome = run_under(Step::FinishSecret, false, "trap-0000000000000000000000000000").await.outcome;
    assert!(matches!(outcome, Outcome::Trapped { .. }), "{outcome}");
}

#[tokio::test]
async fn a_summary_is_bounded_and_shows_no_value() {
    let report = run(Step::TestSecret, false).await;
    let Outcome::Asked { summary } = &report.outcome else { panic!("{}", report.outcome) };
    assert!(summary.starts_with("\\u{1b}[2J log in\nwith [redacted] éé"), "{summary}");
    let kept = summary.strip_suffix("… (line cut)").expect("it is cut");
    assert!((SUMMARY_BYTES_MAX - 1..=SUMMARY_BYTES_MAX).contains(&kept.len()), "{}", kept.len());
    assert!(!format!("{report:?}").contains(PASSWORD));
}
