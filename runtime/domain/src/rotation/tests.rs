use super::*;
use crate::secret::Scope;
use crate::version::{PENDING, PREVIOUS};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);
const OLD: &str = "old";
const TOKEN: &str = "new";

fn secret() -> Secret {
    let scope = Scope { account: "123456789012".into(), region: "us-east-1".into() };
    let mut secret = Secret::new(scope, "db", "AbCdEf", NOW);
    secret.versions = secret.versions.put(OLD, &[CURRENT.into()], None, NOW).expect("the first version");
    secret.versions = secret.versions.begin(TOKEN, NOW);
    secret
}

fn job(purpose: Purpose) -> Job {
    let cause = Cause::Api { caller: "arn:aws:iam::123456789012:root".into() };
    Job::new(&secret(), TOKEN, "token-of-the-rotation".into(), purpose, cause, "f".into(), NOW)
}

fn ran(outcome: Outcome) -> Ran {
    Ran { outcome, duration_us: 1, digest: "d".into() }
}

/// What a well-behaved function does to the secret in each step.
fn effect(secret: &mut Secret, step: Step) {
    secret.versions = match step {
        Step::CreateSecret => secret.versions.put(TOKEN, &[PENDING.into()], None, NOW).expect("empty before"),
        Step::FinishSecret => {
            secret.versions.move_stage(CURRENT, Some(OLD), Some(TOKEN), NOW).expect("both exist")
        }
        Step::SetSecret | Step::TestSecret => secret.versions.clone(),
    };
}

#[test]
fn four_steps_end_in_success() {
    let (mut secret, mut job) = (secret(), job(Purpose::Rotate));
    for step in Step::ALL {
        assert_eq!(next(&job, NOW), Action::Invoke(step));
        job = job.leased("w", NOW, 1_000);
        assert_eq!(next(&job, NOW), Action::Wait(NOW.plus_millis(1_000)));
        effect(&mut secret, step);
        job = apply(&job, &secret, &ran(Outcome::Done), NOW, 0);
    }
    assert_eq!(job.end(), Some(End::Succeeded));
    let after = settle(&secret, &job, NOW);
    assert!(after.versions.is_at(CURRENT, TOKEN) && after.versions.is_at(PREVIOUS, OLD));
    assert!(after.versions.holder(PENDING).is_none());
    assert_eq!(after.rotated, Some(NOW));
}

#[test]
fn a_test_runs_one_step_and_leaves_nothing() {
    let (mut secret, job) = (secret(), job(Purpose::Test));
    effect(&mut secret, Step::CreateSecret);
    assert_eq!(next(&job, NOW), Action::Invoke(Step::TestSecret));
    for outcome in [Outcome::Done, Outcome::Failed { retry: false, message: "no".into() }] {
        let over = apply(&job.leased("w", NOW, 1), &secret, &ran(outcome), NOW, 0);
        assert!(over.end().is_some());
        let after = settle(&secret, &over, NOW);
        assert_eq!(after.versions.iter().count(), 1);
        assert!(after.versions.is_at(CURRENT, OLD));
    }
}

#[test]
fn a_function_that_only_says_it_is_done_is_not_believed() {
    for (step, part) in
        [(Step::CreateSecret, "without storing"), (Step::FinishSecret, "without moving AWSCURRENT")]
    {
        let mut job = job(Purpose::Rotate).leased("w", NOW, 1);
        job.step = step;
        let after = apply(&job, &secret(), &ran(Outcome::Done), NOW, 0);
        assert_eq!(after.state, State::NeedsAttention { since: NOW });
        let told = after.last_failure().and_then(|attempt| attempt.failure.clone()).unwrap_or_default();
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn failures_back_off_and_then_need_a_person() {
    let mut job = job(Purpose::Rotate);
    let mut longest = Vec::new();
    for _ in 1..FAILURES_MAX {
        let failure = ran(Outcome::Failed { retry: true, message: "refused".into() });
        job = apply(&job.leased("w", NOW, 1), &secret(), &failure, NOW, u64::MAX / 2);
        let State::BackOff { until } = job.state else { panic!("{:?}", job.state) };
        assert!(until.millis_since(NOW) <= BACK_OFF_MAX_MS);
        longest.push(back_off_ms(job.step_failures, 0));
        assert_eq!(next(&job, until.plus_millis(-1)), Action::Wait(until));
        assert_eq!(next(&job, until), Action::Invoke(Step::CreateSecret));
    }
    let failure = ran(Outcome::Failed { retry: true, message: "refused".into() });
    job = apply(&job.leased("w", NOW, 1), &secret(), &failure, NOW, 0);
    assert_eq!(next(&job, NOW.plus_millis(i64::MAX / 2)), Action::Rest);
    assert_eq!(next(&job.resumed(NOW), NOW), Action::Invoke(Step::CreateSecret));
    assert_eq!(job.resumed(NOW).failures, 0);
    assert_eq!(longest, vec![0; longest.len()], "jitter may be nothing");
    for (failures, at_most) in [(1, 10_000), (2, 20_000), (5, 160_000), (6, 300_000), (60, 300_000)] {
        let most = (0..2_000).map(|seed| back_off_ms(failures, seed * 7_919)).max().unwrap_or(0);
        assert!(most <= at_most && most > at_most / 2, "{failures}: {most}");
    }
}

#[test]
fn a_late_worker_changes_nothing() {
    let first = job(Purpose::Rotate).leased("a", NOW, 1_000);
    let second = first.leased("b", NOW.plus_millis(2_000), 1_000);
    assert!(second.runs_under(2) && !second.runs_under(1));
    let waiting = first.ended(End::Cancelled, NOW);
    assert_eq!(apply(&waiting, &secret(), &ran(Outcome::Done), NOW, 0), waiting);
}

#[test]
fn a_cancelled_rotation_keeps_what_the_target_may_know() {
    let mut secret = secret();
    let early = job(Purpose::Rotate).ended(End::Cancelled, NOW);
    assert!(settle(&secret, &early, NOW).versions.holder(PENDING).is_none());
    effect(&mut secret, Step::CreateSecret);
    let mut late = job(Purpose::Rotate);
    late.step = Step::SetSecret;
    let after = settle(&secret, &late.ended(End::Cancelled, NOW), NOW);
    assert!(after.versions.is_at(PENDING, TOKEN));
}

#[test]
fn messages_are_cut_at_a_character() {
    let long = "ä".repeat(MESSAGE_BYTES_MAX);
    assert_eq!(shortened(&long).len(), MESSAGE_BYTES_MAX);
    assert_eq!(shortened(&format!("a{long}")).len(), MESSAGE_BYTES_MAX - 1);
}
