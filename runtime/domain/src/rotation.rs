//! One rotation as a stored record: [`next`] says what to do, [`apply`] what an outcome changes.
//!
//! Nothing about a rotation lives in memory, so going on after a crash is the ordinary path. A step
//! is committed as started before the function is called, and its outcome before the next step.
//! A step may run any number of times under one token; this module never assumes that it ran once.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::secret::Secret;
use crate::time::{MINUTE_MS, SECOND_MS, Timestamp};
use crate::version::CURRENT;

/// First wait after a failure of a step; doubles with each further one.
pub const BACK_OFF_FIRST_MS: i64 = 10 * SECOND_MS;
/// Longest wait after a failure.
pub const BACK_OFF_MAX_MS: i64 = 5 * MINUTE_MS;
/// Failures in one rotation after which a person is needed.
pub const FAILURES_MAX: u32 = 8;
/// Attempts that a job remembers; the oldest go first.
pub const ATTEMPTS_REMEMBERED: usize = 64;
/// Bytes of a failure's sentence that are kept.
pub const MESSAGE_BYTES_MAX: usize = 2_048;

/// The phase of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Make and store the pending value.
    CreateSecret,
    /// Make the target accept it.
    SetSecret,
    /// Log in with it.
    TestSecret,
    /// Make it current.
    FinishSecret,
}

impl Step {
    /// All four, in order.
    pub const ALL: [Self; 4] = [Self::CreateSecret, Self::SetSecret, Self::TestSecret, Self::FinishSecret];

    /// As AWS's event spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateSecret => "createSecret",
            Self::SetSecret => "setSecret",
            Self::TestSecret => "testSecret",
            Self::FinishSecret => "finishSecret",
        }
    }

    const fn following(self) -> Option<Self> {
        match self {
            Self::CreateSecret => Some(Self::SetSecret),
            Self::SetSecret => Some(Self::TestSecret),
            Self::TestSecret => Some(Self::FinishSecret),
            Self::FinishSecret => None,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// All four steps.
    Rotate,
    /// Only `testSecret`, on a copy of the current value: `RotateImmediately=false`.
    Test,
}

/// Who asked for a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// RotateSecret.
    Api {
        /// The caller's ARN.
        caller: String,
    },
    /// The schedule.
    Schedule {
        /// When the slot was due.
        slot: Timestamp,
    },
}

impl Cause {
    /// Who audit rows name.
    pub fn who(&self) -> &str {
        match self {
            Self::Api { caller } => caller,
            Self::Schedule { .. } => SCHEDULER,
        }
    }
}

/// The caller of what nobody asked for.
pub const SCHEDULER: &str = "keywheel:schedule";

/// The token of a scheduled rotation: the same wherever and whenever it is derived.
pub fn slot_token(secret_arn: &str, slot_opens: Timestamp) -> String {
    let digest = Sha256::new().chain_update(secret_arn).chain_update(slot_opens.millis().to_be_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// A worker's right to run a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The worker.
    pub holder: String,
    /// Grows with every lease of the job: an older worker is told apart by it.
    pub fence: u64,
    /// From then on another worker may take the job.
    pub until: Timestamp,
}

/// Where a job stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub enum State {
    /// The next step may run.
    Ready {
        /// Since when.
        since: Timestamp,
    },
    /// A worker has called the function.
    Running {
        /// Its lease.
        lease: Lease,
        /// When the step was started.
        started: Timestamp,
    },
    /// A step failed in a way that may pass.
    BackOff {
        /// When it runs again.
        until: Timestamp,
    },
    /// Failures are spent, or retrying cannot help: waits for RotateSecret or the next slot.
    NeedsAttention {
        /// Since when.
        since: Timestamp,
    },
    /// Over; kept as history.
    Ended {
        /// How.
        end: End,
        /// When.
        at: Timestamp,
    },
}

impl State {
    /// In one word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ready { .. } => "Ready",
            Self::Running { .. } => "Running",
            Self::BackOff { .. } => "BackOff",
            Self::NeedsAttention { .. } => "NeedsAttention",
            Self::Ended { end: End::Succeeded, .. } => "Succeeded",
            Self::Ended { end: End::Abandoned, .. } => "Abandoned",
            Self::Ended { end: End::Cancelled, .. } => "Cancelled",
            Self::Ended { end: End::Failed, .. } => "Failed",
        }
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// The pending version is current; or the test passed.
    Succeeded,
    /// A version was made by hand meanwhile.
    Abandoned,
    /// CancelRotateSecret or DeleteSecret.
    Cancelled,
    /// Only a test ends like this; a rotation waits for attention instead.
    Failed,
}

impl End {
    /// The event's name in the audit log.
    pub const fn event(self, purpose: Purpose) -> &'static str {
        match (purpose, self) {
            (Purpose::Rotate, Self::Succeeded) => "RotationSucceeded",
            (Purpose::Rotate, Self::Abandoned) => "RotationAbandoned",
            (Purpose::Rotate, Self::Cancelled) => "RotationCancelled",
            (Purpose::Rotate, Self::Failed) => "RotationFailed",
            (Purpose::Test, Self::Succeeded) => "TestRotationSucceeded",
            (Purpose::Test, _) => "TestRotationFailed",
        }
    }
}

/// A run of a step that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Which step.
    pub step: Step,
    /// Which lease ran it; its log is kept under this number.
    pub fence: u64,
    /// When it was started.
    pub started: Timestamp,
    /// How long the function ran.
    pub duration_us: u64,
    /// Digest of the component that ran.
    pub digest: String,
    /// The sentence of a failure; absent when the step succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// One rotation of one secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Full ARN of the secret.
    pub secret_arn: String,
    /// Id of the version that becomes current.
    pub token: String,
    /// What the function shows to prove that it is this rotation.
    pub rotation_token: String,
    /// Rotate, or only test.
    pub purpose: Purpose,
    /// Who asked.
    pub cause: Cause,
    /// What is called.
    pub function_arn: String,
    /// When it was asked for.
    pub requested: Timestamp,
    /// The step that runs or runs next.
    pub step: Step,
    /// Where it stands.
    pub state: State,
    /// Number of leases so far.
    pub fence: u64,
    /// Failures of this step in a row.
    pub step_failures: u32,
    /// Failures since the job was last started or resumed by a person or a slot.
    pub failures: u32,
    /// What ran, oldest first.
    pub attempts: Vec<Attempt>,
}

/// What the worker is to do with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Take a lease, commit it, call the function with this step.
    Invoke(Step),
    /// Look again then.
    Wait(Timestamp),
    /// Nothing, until somebody changes the job.
    Rest,
}

/// What came of calling the function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The step says that it is done.
    Done,
    /// It failed; the sentence is for the operator.
    Failed {
        /// Whether the same call may succeed later.
        retry: bool,
        /// Holds no secret value.
        message: String,
    },
}

/// How long a run of a step took, and what ran.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What came of it.
    pub outcome: Outcome,
    /// How long the function ran.
    pub duration_us: u64,
    /// Digest of the component that ran.
    pub digest: String,
}

impl Job {
    /// A job that is ready at `now`.
    pub fn new(
        secret: &Secret,
        token: &str,
        rotation_token: String,
        purpose: Purpose,
        cause: Cause,
        function_arn: String,
        now: Timestamp,
    ) -> Self {
        Self {
            secret_arn: secret.arn.clone(),
            token: token.to_owned(),
            rotation_token,
            purpose,
            cause,
            function_arn,
            requested: now,
            step: match purpose {
                Purpose::Rotate => Step::CreateSecret,
                Purpose::Test => Step::TestSecret,
            },
            state: State::Ready { since: now },
            fence: 0,
            step_failures: 0,
            failures: 0,
            attempts: Vec::new(),
        }
    }

    /// When the worker has to look at it, if by itself.
    pub const fn due(&self) -> Option<Timestamp> {
        match &self.state {
            State::Ready { since } => Some(*since),
            State::Running { lease, .. } => Some(lease.until),
            State::BackOff { until } => Some(*until),
            State::NeedsAttention { .. } | State::Ended { .. } => None,
        }
    }

    /// Whether this is the lease under which the job runs.
    pub const fn runs_under(&self, fence: u64) -> bool {
        matches!(&self.state, State::Running { lease, .. } if lease.fence == fence)
    }

    /// How it ended, if it did.
    pub const fn end(&self) -> Option<End> {
        match &self.state {
            State::Ended { end, .. } => Some(*end),
            _ => None,
        }
    }

    /// The last failure's sentence.
    pub fn last_failure(&self) -> Option<&Attempt> {
        self.attempts.iter().rev().find(|attempt| attempt.failure.is_some())
    }

    /// The job, ended.
    #[must_use]
    pub fn ended(&self, end: End, now: Timestamp) -> Self {
        Self { state: State::Ended { end, at: now }, ..self.clone() }
    }

    /// Goes on at once with what waits for attention or for a back-off, under the same token, and
    /// with all attempts before it. A step that runs is left alone.
    #[must_use]
    pub fn resumed(&self, now: Timestamp) -> Self {
        match self.state {
            State::NeedsAttention { .. } | State::BackOff { .. } => {
                Self { state: State::Ready { since: now }, failures: 0, step_failures: 0, ..self.clone() }
            }
            State::Ready { .. } | State::Running { .. } | State::Ended { .. } => self.clone(),
        }
    }

    /// The job after its worker's process died: ready, for whoever comes.
    #[must_use]
    pub fn orphaned(&self, now: Timestamp) -> Self {
        match self.state {
            State::Running { .. } => Self { state: State::Ready { since: now }, ..self.clone() },
            _ => self.clone(),
        }
    }

    /// The job under a new lease. Commit it before the function is called.
    #[must_use]
    pub fn leased(&self, holder: &str, now: Timestamp, lease_ms: i64) -> Self {
        let fence = self.fence + 1;
        let lease = Lease { holder: holder.to_owned(), fence, until: now.plus_millis(lease_ms) };
        Self { state: State::Running { lease, started: now }, fence, ..self.clone() }
    }
}

/// What to do with a job now.
pub const fn next(job: &Job, now: Timestamp) -> Action {
    match &job.state {
        State::Ready { .. } => Action::Invoke(job.step),
        State::Running { lease, .. } if lease.until.millis() > now.millis() => Action::Wait(lease.until),
        State::Running { .. } => Action::Invoke(job.step),
        State::BackOff { until } if until.millis() > now.millis() => Action::Wait(*until),
        State::BackOff { .. } => Action::Invoke(job.step),
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
    let mut after = job.clone();
    after.attempts.push(Attempt {
        step: job.step,
        fence: lease.fence,
        started: *started,
        duration_us: ran.duration_us,
        digest: ran.digest.clone(),
        failure: match &outcome {
            Outcome::Done => None,
            Outcome::Failed { message, .. } => Some(shortened(message)),
        },
    });
    let forgotten = after.attempts.len().saturating_sub(ATTEMPTS_REMEMBERED);
    after.attempts.drain(..forgotten);
    match outcome {
        Outcome::Done => {
            after.step_failures = 0;
            let following = if job.purpose == Purpose::Test { None } else { job.step.following() };
            after.state = match following {
                Some(step) => {
                    after.step = step;
                    State::Ready { since: now }
                }
                None => State::Ended { end: End::Succeeded, at: now },
            };
        }
        Outcome::Failed { retry, .. } => {
            after.step_failures += 1;
            after.failures += 1;
            after.state = if retry && after.failures < FAILURES_MAX {
                State::BackOff { until: now.plus_millis(back_off_ms(after.step_failures, jitter)) }
            } else if job.purpose == Purpose::Test {
                State::Ended { end: End::Failed, at: now }
            } else {
                State::NeedsAttention { since: now }
            };
        }
    }
    after
}

/// What the end of a job changes in its secret.
pub fn settle(secret: &Secret, job: &Job, now: Timestamp) -> Secret {
    let mut after = secret.clone();
    match (job.end(), job.purpose) {
        (None, _) => return after,
        // A test leaves nothing behind, however it ended.
        (Some(_), Purpose::Test) => after.versions = after.versions.without(&job.token),
        (Some(End::Succeeded), Purpose::Rotate) => {
            after.versions = after.versions.without_pending(now);
            after.rotated = Some(now);
            after.changed = now;
            after.reschedule_from_rotation(now);
        }
        (Some(End::Abandoned | End::Failed), Purpose::Rotate) => {
            after.versions = after.versions.without_pending(now);
            after.changed = now;
        }
        // Once `setSecret` may have run, the target may know only the pending value: it keeps its
        // label, and RotateSecret goes on with it.
        (Some(End::Cancelled), Purpose::Rotate) => {
            if job.step == Step::CreateSecret {
                after.versions = after.versions.without_pending(now);
            }
            after.changed = now;
        }
    }
    after
}

fn checked(job: &Job, secret: &Secret, outcome: &Outcome) -> Outcome {
    if *outcome != Outcome::Done || job.purpose == Purpose::Test {
        return outcome.clone();
    }
    let pending = secret.versions.get(&job.token);
    let complaint = match job.step {
        Step::CreateSecret if !pending.is_some_and(|version| version.filled) => {
            "the function returned from createSecret without storing a value under the token"
        }
        Step::FinishSecret if !pending.is_some_and(|version| version.has(CURRENT)) => {
            "the function returned from finishSecret without moving AWSCURRENT to the new version"
        }
        _ => return Outcome::Done,
    };
    Outcome::Failed { retry: false, message: complaint.to_owned() }
}

/// Full jitter: anything between nothing and the doubled wait.
fn back_off_ms(failures: u32, jitter: u64) -> i64 {
    let doubled = BACK_OFF_FIRST_MS.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let longest = u64::try_from(doubled.min(BACK_OFF_MAX_MS)).unwrap_or(0);
    i64::try_from(jitter % (longest + 1)).unwrap_or(BACK_OFF_MAX_MS)
}

fn shortened(message: &str) -> String {
    let mut end = message.len().min(MESSAGE_BYTES_MAX);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    message[..end].to_owned()
}

#[cfg(test)]
mod tests;
