//! The two functions that drive a job.

use super::approval::request_id;
use super::{
    ATTEMPTS_REMEMBERED, Action, AskedBy, Attempt, BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS, Cause, DRIFT_REFUSALS,
    End, FAILURES_MAX, FailureKind, Job, MESSAGE_BYTES_MAX, Outcome, PROBE_REFUSALS, Probe, Purpose, Ran,
    State, Step, copy_token, gate,
};
use crate::rotation_policy;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::version::{CURRENT, PREVIOUS};

/// What to do with a job now.
pub const fn next(job: &Job, now: Timestamp) -> Action {
    match &job.state {
        State::Running { lease: super::Lease { until, .. }, .. }
        | State::BackOff { until }
        | State::WaitingWindow { until }
            if until.millis() > now.millis() =>
        {
            Action::Wait(*until)
        }
        State::WaitingApproval { request } if request.until.millis() > now.millis() => {
            Action::Wait(request.until)
        }
        State::WaitingApproval { .. } => Action::Expire,
        State::Ready { .. } | State::Running { .. } | State::BackOff { .. } | State::WaitingWindow { .. } => {
            Action::Invoke(job.step)
        }
        State::NeedsAttention { .. } | State::Ended { .. } => Action::Rest,
    }
}

/// What a run of the job's step changes. `secret` is its record as it is now: a function that says
/// it is done without having moved `AWSCURRENT` is not believed. `jitter` is any random number.
pub fn apply(job: &Job, secret: &Secret, ran: &Ran, now: Timestamp, jitter: u64) -> Job {
    let State::Running { lease, started } = &job.state else {
        return job.clone();
    };
    let outcome = checked(job, secret, &ran.outcome);
    let (kind, failure) = match &outcome {
        Outcome::Done => (None, None),
        Outcome::Failed { kind, message } => (Some(*kind), Some(shortened(message))),
        Outcome::Asked { summary } => (None, Some(shortened(summary))),
    };
    let mut after = job.clone();
    after.attempts.push(Attempt {
        step: job.step,
        fence: lease.fence,
        started: *started,
        duration_us: ran.duration_us,
        digest: ran.digest.clone(),
        kind,
        failure,
    });
    let forgotten = after.attempts.len().saturating_sub(ATTEMPTS_REMEMBERED);
    after.attempts.drain(..forgotten);
    match outcome {
        Outcome::Done => done(after, secret, now),
        Outcome::Asked { summary } => asked(after, secret, &ran.digest, &summary, now),
        Outcome::Failed { kind, .. } => failed(after, secret, kind, now, jitter),
    }
}

fn done(mut job: Job, secret: &Secret, now: Timestamp) -> Job {
    job.step_failures = 0;
    job.refusals = 0;
    match job.probe {
        // The target took the pending value although setSecret failed. That finds it done when it runs
        // again; one that fails once more needs a person.
        Some(Probe::Failed) => {
            let gave_up = |attempt: &&Attempt| {
                attempt.step == Step::SetSecret && attempt.kind == Some(FailureKind::Permanent)
            };
            let again = job.attempts.iter().filter(gave_up).count() < 2;
            let state =
                if again { State::Ready { since: now } } else { State::NeedsAttention { since: now } };
            return Job { probe: None, step: Step::SetSecret, state, ..job };
        }
        Some(Probe::Undo) => return undo(job, secret, now),
        None => {}
    }
    let Some(step) = job.purpose.following(job.step) else {
        let end = if job.purpose == Purpose::RollBack { End::RolledBack } else { End::Succeeded };
        return job.ended(end, now);
    };
    if job.purpose == Purpose::DryRun {
        job.token = copy_token(&job.secret_arn, &job.token);
    }
    Job { step, state: State::Ready { since: now }, ..job }
}

/// The target takes the pending value. It becomes current, as [`super::settle`] writes, so that what
/// applications read logs in; then the value from before goes back by the steps of a roll back.
fn undo(mut job: Job, secret: &Secret, now: Timestamp) -> Job {
    job.probe = None;
    let stage = if secret.versions.is_at(CURRENT, &job.token) { PREVIOUS } else { CURRENT };
    let Some(back) = secret.versions.holder(stage).filter(|version| version.filled) else {
        return Job { state: State::NeedsAttention { since: now }, ..job };
    };
    let undone = std::mem::replace(&mut job.token, back.id.clone());
    Job { purpose: Purpose::RollBack, undoes: Some(undone), step: Step::SetSecret, ..job.again(now) }
}

fn asked(job: Job, secret: &Secret, digest: &str, summary: &str, now: Timestamp) -> Job {
    let rules = rotation_policy::approval_rules(secret);
    let summary = Some(shortened(summary));
    let request = gate::request(&job, rules.as_ref(), digest, AskedBy::Function, summary, now);
    debug_assert_eq!(request.id, request_id(&job, job.step, digest, AskedBy::Function));
    Job { state: State::WaitingApproval { request }, ..job }
}

fn failed(mut job: Job, secret: &Secret, kind: FailureKind, now: Timestamp, jitter: u64) -> Job {
    job.step_failures += 1;
    job.failures += 1;
    job.refusals = if kind == FailureKind::Refused { job.refusals + 1 } else { 0 };
    let believed = match (job.probe, job.purpose) {
        (Some(_), _) => Some(PROBE_REFUSALS),
        (None, Purpose::Verify) => Some(DRIFT_REFUSALS),
        (None, _) => None,
    };
    if believed.is_some_and(|refusals| job.refusals >= refusals) {
        return job.ended(
            match job.probe {
                None => End::Drifted,
                // Nothing outside has changed: the value from before is what the target takes.
                Some(Probe::Undo) => End::RolledBack,
                Some(Probe::Failed) => End::Failed,
            },
            now,
        );
    }
    let longest = longest_back_off_ms(job.step_failures);
    // Refusals that follow each other at once say no more than one of them.
    let wait = if believed.is_some() { longest } else { jittered(longest, jitter) };
    let until = now.plus_millis(wait);
    let failures_max = match (&secret.policy, job.probe) {
        (Some(policy), None) => policy.max_attempts,
        _ => FAILURES_MAX,
    };
    let in_time = match job.cause {
        Cause::Schedule { closes: Some(closes), .. } => job.touched || until < closes,
        _ => true,
    };
    let goes_on = kind != FailureKind::Permanent && job.failures < failures_max && in_time;
    let is_refused = kind == FailureKind::Refused && (job.refusals >= PROBE_REFUSALS || !goes_on);
    if is_refused && !job.set_again && job.tests_what_it_set() {
        // Somebody changed the target since. setSecret sees what it takes now, and may repair it.
        return Job { set_again: true, step: Step::SetSecret, ..job.again(now) };
    }
    if goes_on {
        return Job { state: State::BackOff { until }, ..job };
    }
    if is_refused && job.tests_what_it_set() {
        advise(&mut job);
    }
    if job.purpose.is_passing() {
        return job.ended(End::Failed, now);
    }
    let gives_up = kind == FailureKind::Permanent && job.step == Step::SetSecret;
    if gives_up && job.purpose == Purpose::Rotate {
        return Job { probe: Some(Probe::Failed), step: Step::TestSecret, ..job.again(now) };
    }
    Job { state: State::NeedsAttention { since: now }, ..job }
}

/// Says in the last failure what a person can do about a target that refuses again what was set again.
fn advise(job: &mut Job) {
    if let Some(failure) = job.attempts.last_mut().and_then(|attempt| attempt.failure.as_mut()) {
        *failure = shortened(&format!(
            "{failure}; setSecret has run once more and the target refuses it still: find out who else changes this \
             password, then RetryRotation; RollBackRotation gives the new value up"
        ));
    }
}

fn checked(job: &Job, secret: &Secret, outcome: &Outcome) -> Outcome {
    if *outcome != Outcome::Done {
        return outcome.clone();
    }
    let version = secret.versions.get(&job.token);
    let complaint = match job.step {
        Step::CreateSecret if !version.is_some_and(|version| version.filled) => {
            "the function returned from createSecret without storing a value under the token"
        }
        Step::FinishSecret if !version.is_some_and(|version| version.has(CURRENT)) => {
            "the function returned from finishSecret without moving AWSCURRENT to the new version"
        }
        _ => return Outcome::Done,
    };
    Outcome::permanent(complaint)
}

pub(super) fn longest_back_off_ms(failures: u32) -> i64 {
    BACK_OFF_FIRST_MS.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(BACK_OFF_MAX_MS)
}

/// Full jitter: anything between nothing and the longest wait.
pub(super) fn jittered(longest_ms: i64, jitter: u64) -> i64 {
    let span = u64::try_from(longest_ms).unwrap_or(0) + 1;
    i64::try_from(jitter % span).unwrap_or(longest_ms)
}

pub(super) fn shortened(message: &str) -> String {
    let mut end = message.len().min(MESSAGE_BYTES_MAX);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    message[..end].to_owned()
}
