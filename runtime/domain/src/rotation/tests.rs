use super::apply::{jittered, longest_back_off_ms, shortened};
use super::*;
use crate::secret::Scope;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::version::{CURRENT, PENDING, PREVIOUS};

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
    Job::new(
        &secret(),
        TOKEN,
        "token-of-the-rotation".to_owned().into(),
        purpose,
        api("root"),
        "f".into(),
        NOW,
    )
}

fn api(who: &str) -> Cause {
    Cause::from(Person::from(who))
}

/// The job after a call of its step, and its secret.
fn ran_with(job: &Job, secret: &Secret, outcome: Outcome) -> (Job, Secret) {
    let leased = job.leased("w", NOW, 1);
    let after = apply(&leased, secret, &ran(outcome), NOW, 0);
    let settled = settle(secret, &leased, &after, NOW);
    (after, settled)
}

fn refused() -> Outcome {
    Outcome::Failed { kind: FailureKind::Refused, message: "no".into() }
}

/// A rotation that has stored its value and is about to change the target.
fn before_set() -> (Job, Secret) {
    let mut secret = secret();
    effect(&mut secret, Step::CreateSecret);
    ran_with(&job(Purpose::Rotate), &secret, Outcome::Done)
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
    let after = settle(&secret, &job, &job, NOW);
    assert!(after.versions.is_at(CURRENT, TOKEN) && after.versions.is_at(PREVIOUS, OLD));
    assert!(after.versions.holder(PENDING).is_none());
    assert_eq!(after.rotated, Some(NOW));
}

#[test]
fn a_test_runs_one_step_and_leaves_nothing() {
    let (mut secret, job) = (secret(), job(Purpose::Test));
    effect(&mut secret, Step::CreateSecret);
    assert_eq!(next(&job, NOW), Action::Invoke(Step::TestSecret));
    for outcome in [Outcome::Done, Outcome::permanent("no")] {
        let over = apply(&job.leased("w", NOW, 1), &secret, &ran(outcome), NOW, 0);
        assert!(over.end().is_some());
        let after = settle(&secret, &job, &over, NOW);
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
        let failure = ran(Outcome::retry("refused"));
        job = apply(&job.leased("w", NOW, 1), &secret(), &failure, NOW, u64::MAX / 2);
        let State::BackOff { until } = job.state else { panic!("{:?}", job.state) };
        assert!(until.millis_since(NOW) <= BACK_OFF_MAX_MS);
        longest.push(jittered(longest_back_off_ms(job.step_failures), 0));
        assert_eq!(next(&job, until.plus_millis(-1)), Action::Wait(until));
        assert_eq!(next(&job, until), Action::Invoke(Step::CreateSecret));
    }
    let failure = ran(Outcome::retry("refused"));
    job = apply(&job.leased("w", NOW, 1), &secret(), &failure, NOW, 0);
    assert_eq!(next(&job, NOW.plus_millis(i64::MAX / 2)), Action::Rest);
    assert_eq!(next(&job.resumed(&api("ann"), NOW), NOW), Action::Invoke(Step::CreateSecret));
    assert_eq!(job.resumed(&api("ann"), NOW).failures, 0);
    assert_eq!(longest, vec![0; longest.len()], "jitter may be nothing");
    for (failures, longest) in [(1, 10_000), (2, 20_000), (5, 160_000), (6, 300_000), (60, 300_000)] {
        assert_eq!(longest_back_off_ms(failures), longest);
        let most = (0..2_000).map(|seed| jittered(longest, seed * 7_919)).max().unwrap_or(0);
        assert!(most <= longest && most > longest / 2, "{failures}: {most}");
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
    effect(&mut secret, Step::CreateSecret);
    let check = |job: &Job, keeps: bool| {
        let after = settle(&secret, job, &job.ended(End::Cancelled, NOW), NOW);
        assert_eq!(after.versions.is_at(PENDING, TOKEN), keeps);
    };
    let mut job = job(Purpose::Rotate);
    check(&job, false);
    job.step = Step::SetSecret;
    check(&job, false);
    check(&job.leased("w", NOW, 1), true);
}

#[test]
fn messages_are_cut_at_a_character() {
    let long = "ä".repeat(MESSAGE_BYTES_MAX);
    assert_eq!(shortened(&long).len(), MESSAGE_BYTES_MAX);
    assert_eq!(shortened(&format!("a{long}")).len(), MESSAGE_BYTES_MAX - 1);
}

/// Vault retried such a password for ever; a rotation that gives it up unasked may lock its users out.
#[test]
fn a_value_that_set_secret_rejects_is_given_up_only_when_the_target_does_not_take_it() {
    let (set, secret) = before_set();
    let (probe, kept) = ran_with(&set, &secret, Outcome::permanent("too short"));
    assert_eq!(
        (probe.step, probe.probe, next(&probe, NOW)),
        (Step::TestSecret, Some(Probe::Failed), Action::Invoke(Step::TestSecret))
    );
    assert_eq!(kept, secret);
    let (taken, kept) = ran_with(&probe, &secret, Outcome::Done);
    assert_eq!((taken.step, &taken.state), (Step::SetSecret, &State::Ready { since: NOW }));
    assert_eq!(kept, secret);
    let (probed, _) = ran_with(&taken, &secret, Outcome::permanent("too short"));
    let (stuck, _) = ran_with(&probed, &secret, Outcome::Done);
    assert_eq!((stuck.step, &stuck.state), (Step::SetSecret, &State::NeedsAttention { since: NOW }));
    let (mut job, mut secret) = (probe, secret);
    for refusals in 1..=PROBE_REFUSALS {
        assert!(secret.versions.is_at(PENDING, TOKEN));
        (job, secret) = ran_with(&job, &secret, refused());
        // A login cache that is behind for some seconds must not decide this.
        let waits = State::BackOff { until: NOW.plus_millis(longest_back_off_ms(refusals)) };
        assert!(job.state == waits || refusals == PROBE_REFUSALS);
    }
    assert_eq!(job.end(), Some(End::Failed));
    assert!(secret.versions.holder(PENDING).is_none() && secret.versions.is_at(CURRENT, OLD));
    assert!(
        secret.versions.get(TOKEN).is_some_and(|version| version.filled),
        "the token is never used again"
    );
}

#[test]
fn a_probe_believes_refusals_only() {
    let (set, secret) = before_set();
    let (probe, _) = ran_with(&set, &secret, Outcome::permanent("no"));
    for outcome in [Outcome::permanent("a grant is missing"), Outcome::retry("no network")] {
        let mut job = probe.clone();
        for _ in 0..FAILURES_MAX {
            (job, _) = ran_with(&job, &secret, outcome.clone());
        }
        assert_eq!(job.state, State::NeedsAttention { since: NOW });
    }
}

#[test]
fn what_is_given_up_before_the_target_was_touched_ends_at_once() {
    let job = job(Purpose::Rotate).given_up(End::Rejected, NOW);
    assert_eq!(job.end(), Some(End::Rejected));
    assert!(settle(&secret(), &job, &job, NOW).versions.holder(PENDING).is_none());
}

#[test]
fn what_is_given_up_later_goes_back_through_the_target() {
    let (set, secret) = before_set();
    let (test, secret) = ran_with(&set, &secret, Outcome::Done);
    let (job, secret) = ran_with(&test.given_up(End::RolledBack, NOW), &secret, Outcome::Done);
    assert_eq!((job.purpose, job.step, job.token.as_str()), (Purpose::RollBack, Step::SetSecret, OLD));
    assert_eq!((job.id.as_str(), job.undoes.as_deref()), (TOKEN, Some(TOKEN)));
    // What applications read logs in, at every moment.
    assert!(secret.versions.is_at(CURRENT, TOKEN) && secret.versions.is_at(PENDING, OLD));
    let (job, secret) = ran_with(&job, &secret, Outcome::Done);
    let (job, mut secret) = ran_with(&job, &secret, Outcome::Done);
    secret.versions = secret.versions.move_stage(CURRENT, Some(TOKEN), Some(OLD), NOW).expect("both exist");
    let (job, secret) = ran_with(&job, &secret, Outcome::Done);
    assert_eq!(job.end(), Some(End::RolledBack));
    assert!(secret.versions.is_at(CURRENT, OLD) && secret.versions.is_at(PREVIOUS, TOKEN));
    assert!(secret.versions.holder(PENDING).is_none());
}

#[test]
fn a_verification_finds_drift_and_leaves_nothing_behind() {
    let with_copy = || {
        let mut secret = secret();
        effect(&mut secret, Step::CreateSecret);
        secret
    };
    let check = |outcomes: &[Outcome], end: End, drifted: bool| {
        let (mut job, mut secret) = (job(Purpose::Verify), with_copy());
        for outcome in outcomes {
            (job, secret) = ran_with(&job, &secret, outcome.clone());
        }
        assert_eq!((job.end(), secret.drifted.is_some()), (Some(end), drifted));
        assert!(secret.versions.get(TOKEN).is_none() && secret.versions.is_at(CURRENT, OLD));
    };
    check(&[Outcome::Done], End::Succeeded, false);
    check(&[refused(), refused(), refused()], End::Drifted, true);
    check(&[refused(), Outcome::Done], End::Succeeded, false);
    check(
        &[refused(), refused(), Outcome::retry("down"), refused(), refused(), refused()],
        End::Drifted,
        true,
    );
    check(&[Outcome::permanent("not JSON")], End::Failed, false);
}

#[test]
fn a_dry_run_tests_the_current_value_and_throws_a_new_one_away() {
    let mut secret = secret();
    effect(&mut secret, Step::CreateSecret);
    let (job, secret) = ran_with(&job(Purpose::DryRun), &secret, Outcome::Done);
    assert_eq!((job.step, job.id.as_str()), (Step::CreateSecret, TOKEN));
    assert!(secret.versions.get(TOKEN).is_none() && secret.versions.is_at(PENDING, &job.token));
    let mut stored = secret;
    stored.versions = stored.versions.put(&job.token, &[PENDING.into()], None, NOW).expect("empty before");
    let (job, secret) = ran_with(&job, &stored, Outcome::Done);
    assert_eq!(job.end(), Some(End::Succeeded));
    assert_eq!(secret.versions.iter().map(|version| version.id.as_str()).collect::<Vec<_>>(), [OLD]);
}

#[test]
fn people_agree_to_one_step_of_one_component() {
    let mut secret = secret();
    secret.tags.push(crate::api::Tag { key: "keywheel:approve-before".into(), value: "createSecret".into() });
    secret.tags.push(crate::api::Tag { key: "keywheel:approvals".into(), value: "2".into() });
    let ask = |job: &Job, digest: &str| match gate(job, &secret, Some(digest), NOW) {
        Gate::Wait(state) => Job { state, ..job.clone() },
        Gate::Open { .. } => job.clone(),
    };
    let asked = ask(&job(Purpose::Rotate), "d1");
    let request = asked.open_request().expect("the tags ask for it").clone();
    assert_eq!(next(&asked, NOW), Action::Wait(request.until));
    assert_eq!(next(&asked, request.until), Action::Expire);
    let agree = |job: &Job, who: &str, now| job.approved(&request.id, &who.into(), None, now);
    assert_eq!(agree(&asked, "root", NOW).unwrap_err(), ApprovalError::Requester { who: "root".into() });
    let (one, answer) = agree(&asked, "ann", NOW).expect("a first approval");
    assert_eq!(answer, Answer::Wanting(1));
    assert_eq!(agree(&one, "ann", NOW).expect("again").1, Answer::Again);
    let late = agree(&one, "bob", request.until).unwrap_err();
    assert_eq!(late, ApprovalError::Expired { until: request.until });
    let (two, answer) = agree(&one, "bob", NOW).expect("a second approval");
    assert_eq!((answer, next(&two, NOW)), (Answer::Complete, Action::Invoke(Step::CreateSecret)));
    assert_eq!(agree(&two, "cid", NOW).unwrap_err(), ApprovalError::NotOpen);
    assert_eq!(gate(&two, &secret, Some("d1"), NOW), Gate::Open { approved: false });
    // Nothing would run: nobody is asked.
    assert_eq!(gate(&one, &secret, None, NOW), Gate::Open { approved: false });
    assert!(ask(&two, "d2").open_request().is_some(), "another component needs another approval");
    let test_of_it = Job { purpose: Purpose::Verify, ..job(Purpose::Verify) };
    assert_eq!(gate(&test_of_it, &secret, Some("d1"), NOW), Gate::Open { approved: false });
}

/// Ids tell people apart where both have one; an answer or a rotation of before has none.
#[test]
fn people_are_known_by_id_and_else_by_arn() {
    let (ann, again) = (("user/ann", Some("AIDA1")), ("user/ann", Some("AIDA2")));
    let (lee, unknown, root) = (("user/lee", Some("AIDA1")), ("user/ann", None), ("root", None));
    let check = |asked: (&str, Option<&str>), agrees: (&str, Option<&str>), is_same: bool| {
        let person = |(arn, id): (&str, Option<&str>)| Person { arn: arn.into(), id: id.map(str::to_owned) };
        let asks = |cause| {
            let job = Job { cause, ..job(Purpose::Rotate) };
            ran_with(&job, &secret(), Outcome::Asked { summary: "drop 3".into() }).0
        };
        let own = asks(Cause::from(person(asked)));
        let id = own.open_request().expect("the function asks").id.clone();
        let answer = own.approved(&id, &person(agrees), None, NOW);
        let refused = Err(ApprovalError::Requester { who: agrees.0.into() });
        assert_eq!(answer.map(drop) == refused, is_same, "{asked:?} {agrees:?}");

        let mut other = asks(api("eve"));
        if let State::WaitingApproval { request } = &mut other.state {
            request.count = 2;
        }
        let (once, _) = other.approved(&id, &person(asked), None, NOW).expect("a first approval");
        let (_, answer) = once.approved(&id, &person(agrees), None, NOW).expect("a second one");
        assert_eq!(answer == Answer::Again, is_same, "{asked:?} {agrees:?}");
    };
    for (one, other, is_same) in [
        (ann, ann, true),
        (ann, lee, true),
        (ann, again, false),
        (ann, unknown, true),
        (lee, unknown, false),
        (unknown, unknown, true),
        (root, root, true),
        (root, ann, false),
    ] {
        check(one, other, is_same);
        check(other, one, is_same);
    }
}

#[test]
fn a_record_of_before_there_were_ids_is_read_and_written_as_it_was() {
    let check = |text: &str| {
        let cause: Cause = serde_json::from_str(text).expect("a cause");
        assert_eq!(serde_json::to_string(&cause).expect("it was read"), text);
    };
    check(r#"{"api":{"caller":"user/ann"}}"#);
    check(r#"{"api":{"caller":"user/ann","id":"AIDA1"}}"#);
    let text = r#"{"request_id":"r","by":"user/ann","at":1000}"#;
    let approval: Approval = serde_json::from_str(text).expect("an approval");
    assert_eq!(
        (approval.by_id.as_deref(), serde_json::to_string(&approval).expect("it was read")),
        (None, text.into())
    );
}

#[test]
fn a_function_may_ask_for_itself() {
    let (job, secret) =
        ran_with(&job(Purpose::Rotate), &secret(), Outcome::Asked { summary: "drop 3".into() });
    let request = job.open_request().expect("the function asks").clone();
    assert_eq!((request.asked_by, request.summary.as_deref()), (AskedBy::Function, Some("drop 3")));
    let (job, _) = job.approved(&request.id, &"ann".into(), None, NOW).expect("open");
    assert_eq!(gate(&job, &secret, Some(&request.digest), NOW), Gate::Open { approved: true });
    assert_eq!(gate(&job, &secret, Some("another"), NOW), Gate::Open { approved: false });
}

#[test]
fn a_scheduled_rotation_waits_for_its_window_until_it_has_touched_the_target() {
    let closes = Some(NOW.plus_millis(1_000));
    let late = NOW.plus_millis(1_000);
    let mut job = job(Purpose::Rotate);
    job.cause = Cause::Schedule { slot: NOW, closes };
    let open = Gate::Open { approved: false };
    assert_eq!(gate(&job, &secret(), Some("d"), NOW), open);
    assert_eq!(gate(&job, &secret(), Some("d"), late), Gate::Wait(State::NeedsAttention { since: late }));
    let touched = Job { touched: true, ..job.clone() };
    assert_eq!(gate(&touched, &secret(), Some("d"), late), open);
    let waiting = Job { state: State::WaitingWindow { until: late }, ..job };
    let person = waiting.resumed(&api("ann"), late);
    assert_eq!(person.cause, Cause::Schedule { slot: NOW, closes: None });
    assert_eq!(gate(&person, &secret(), Some("d"), late), open);
}

/// What people said to a request that expired was about a day that is over.
#[test]
fn an_expired_request_is_over_with_what_was_said_to_it() {
    let mut secret = secret();
    let tag = |key: &str, value: &str| crate::api::Tag { key: key.into(), value: value.into() };
    secret.tags = vec![tag("keywheel:approve-before", "createSecret"), tag("keywheel:approvals", "2")];
    let ask = |job: &Job, now| match gate(job, &secret, Some("d1"), now) {
        Gate::Wait(state) => Job { state, ..job.clone() },
        Gate::Open { .. } => panic!("nobody has agreed"),
    };
    let asked = ask(&job(Purpose::Rotate), NOW);
    let first = asked.open_request().expect("the tags ask for it").clone();
    let (one, _) = asked.approved(&first.id, &"ann".into(), None, NOW).expect("a first approval");
    let late = first.until;
    let expired = one.expired(late);
    assert_eq!(expired.state, State::NeedsAttention { since: late });
    let again = ask(&expired.resumed(&api("root"), late), late);
    let second = again.open_request().expect("it is asked anew").clone();
    assert_ne!(second.id, first.id);
    assert_eq!(again.approved(&first.id, &"bob".into(), None, late).unwrap_err(), ApprovalError::NotOpen);
    let (one, answer) = again.approved(&second.id, &"bob".into(), None, late).expect("a first approval");
    assert_eq!(answer, Answer::Wanting(1));
    let (both, answer) = one.approved(&second.id, &"ann".into(), None, late).expect("a second approval");
    assert_eq!(
        (answer, gate(&both, &secret, Some("d1"), late)),
        (Answer::Complete, Gate::Open { approved: false })
    );
}

/// Somebody changes the password after `setSecret`: that looks again, once, and then a person is needed.
#[test]
fn a_target_that_refuses_what_was_set_is_set_once_more() {
    let (set, secret) = before_set();
    let (mut test, secret) = ran_with(&set, &secret, Outcome::Done);
    for refusals in 1..PROBE_REFUSALS {
        (test, _) = ran_with(&test, &secret, refused());
        assert!(matches!(test.state, State::BackOff { .. }), "{refusals}");
    }
    let (set, kept) = ran_with(&test, &secret, refused());
    assert_eq!((set.step, &set.state, set.failures), (Step::SetSecret, &State::Ready { since: NOW }, 0));
    assert_eq!(kept, secret, "the pending value stays");
    let (mut test, _) = ran_with(&set, &secret, Outcome::Done);
    let repaired = ran_with(&test, &secret, Outcome::Done).0;
    assert_eq!(repaired.step, Step::FinishSecret);
    for _ in 0..FAILURES_MAX {
        (test, _) = ran_with(&test, &secret, refused());
    }
    assert_eq!((test.step, &test.state), (Step::TestSecret, &State::NeedsAttention { since: NOW }));
    let told = test.last_failure().and_then(|attempt| attempt.failure.clone()).unwrap_or_default();
    assert!(
        told.starts_with("no; setSecret has run once more") && told.contains("RollBackRotation"),
        "{told}"
    );
    // Who says go on wants it looked at again.
    let resumed = test.resumed(&api("ann"), NOW);
    assert_eq!((resumed.step, resumed.set_again), (Step::SetSecret, false));
}

#[test]
fn what_a_function_proves_itself_with_is_shown_nowhere() {
    let job = job(Purpose::Rotate);
    assert!(!format!("{job:?}").contains("token-of-the-rotation"));
    let stored = serde_json::to_string(&job).expect("a record is JSON");
    let read: Job = serde_json::from_str(&stored).expect("what was written can be read");
    assert_eq!(read, job);
}
