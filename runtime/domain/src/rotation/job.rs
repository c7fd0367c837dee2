//! The record of one rotation.

use serde::{Deserialize, Serialize};

use super::{Approval, Cause, End, Expiry, FailureKind, Lease, Purpose, State, Step};
use crate::secret::Secret;
use crate::sensitive::Sensitive;
use crate::time::Timestamp;

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
    /// Of which kind a failure was; absent when the step succeeded or asked for approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<FailureKind>,
    /// The sentence of a failure, or what the function asks people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// Why `testSecret` is asked whether the target takes the pending value, before that value is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Probe {
    /// `setSecret` says that retrying cannot help.
    Failed,
    /// A person wants the rotation undone.
    Undo,
}

/// One rotation of one secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Full ARN of the secret.
    pub secret_arn: String,
    /// Its first token: names the rotation, also when it goes on with another version.
    pub id: String,
    /// Id of the version that it works on.
    pub token: String,
    /// What the function shows to prove that it is this rotation. Whoever can read the store needs no proof.
    #[serde(with = "crate::sensitive::stored")]
    pub rotation_token: Sensitive<String>,
    /// What it is for.
    pub purpose: Purpose,
    /// Who asked.
    pub cause: Cause,
    /// What is called.
    pub function_arn: String,
    /// `host:port` that the secret named when it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
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
    /// Of these, refusals of the target at the end of the row.
    #[serde(default)]
    pub refusals: u32,
    /// Failures since the job was last started or resumed by a person or a slot.
    pub failures: u32,
    /// Whether `setSecret` may have run: then the target may know the pending value only.
    #[serde(default)]
    pub touched: bool,
    /// `setSecret` runs, or ran, once more because the target refused what it had set.
    #[serde(default)]
    pub set_again: bool,
    /// The pending value is being tried before it is given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// The version whose rotation it undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// The token of the RollBackRotation that asked for what it does now, if that had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roll_back_token: Option<String>,
    /// Who agreed to what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    /// Which requests for approval nobody answered in time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expiries: Vec<Expiry>,
    /// What ran, oldest first.
    pub attempts: Vec<Attempt>,
}

impl Job {
    /// A job that is ready at `now`.
    pub fn new(
        secret: &Secret,
        token: &str,
        rotation_token: Sensitive<String>,
        purpose: Purpose,
        cause: Cause,
        function_arn: String,
        now: Timestamp,
    ) -> Self {
        Self {
            secret_arn: secret.arn.clone(),
            id: token.to_owned(),
            token: token.to_owned(),
            rotation_token,
            purpose,
            cause,
            function_arn,
            target: None,
            requested: now,
            step: purpose.steps()[0],
            state: State::Ready { since: now },
            fence: 0,
            step_failures: 0,
            refusals: 0,
            failures: 0,
            touched: false,
            set_again: false,
            probe: None,
            undoes: None,
            roll_back_token: None,
            approvals: Vec::new(),
            expiries: Vec::new(),
            attempts: Vec::new(),
        }
    }

    /// When the worker has to look at it, if by itself.
    pub const fn due(&self) -> Option<Timestamp> {
        match &self.state {
            State::Ready { since } => Some(*since),
            State::Running { lease, .. } => Some(lease.until),
            State::BackOff { until } | State::WaitingWindow { until } => Some(*until),
            State::WaitingApproval { request } => Some(request.until),
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

    /// What it was asked for: a rotation that is undone goes on as a roll back.
    pub const fn asked_for(&self) -> Purpose {
        if self.undoes.is_some() { Purpose::Rotate } else { self.purpose }
    }

    /// Whether what RotateSecret asks for may take its place: AWS knows nothing of it, and it has not
    /// touched the target.
    pub const fn gives_way(&self) -> bool {
        self.purpose.is_ours() && !self.touched
    }

    /// Whether `testSecret` is to show here that the target takes what `setSecret` has set.
    pub(super) const fn tests_what_it_set(&self) -> bool {
        matches!(self.step, Step::TestSecret) && self.probe.is_none() && self.purpose.changes_target()
    }

    /// The last failure. Of a value that is probed because `setSecret` failed for good, that one: what the
    /// probes found only says what followed from it.
    pub fn last_failure(&self) -> Option<&Attempt> {
        let mut failures = self.attempts.iter().rev().filter(|attempt| attempt.failure.is_some());
        let is_cause = |attempt: &&Attempt| {
            attempt.step == Step::SetSecret && attempt.kind == Some(FailureKind::Permanent)
        };
        match self.probe {
            Some(Probe::Failed) => failures.clone().find(is_cause).or_else(|| failures.next()),
            _ => failures.next(),
        }
    }

    /// The job, ended.
    #[must_use]
    pub fn ended(&self, end: End, now: Timestamp) -> Self {
        Self { state: State::Ended { end, at: now }, ..self.clone() }
    }

    /// Goes on at once with what waits for attention, a back-off or a window, under the same token, and
    /// with all attempts before it. A step that runs is left alone, and so is a question to people. A
    /// slot brings its own window; a person does not wait for one.
    #[must_use]
    pub fn resumed(&self, cause: &Cause, now: Timestamp) -> Self {
        match self.state {
            State::NeedsAttention { .. } | State::BackOff { .. } | State::WaitingWindow { .. } => {
                let cause = match (&self.cause, cause) {
                    (Cause::Schedule { .. }, Cause::Schedule { .. }) => cause.clone(),
                    (Cause::Schedule { slot, .. }, Cause::Api { .. }) => {
                        Cause::Schedule { slot: *slot, closes: None }
                    }
                    (Cause::Api { .. }, _) => self.cause.clone(),
                };
                // A probe that could not tell is over, and a target that refuses what was set may be
                // repaired: setSecret has the word again.
                let sets = self.probe == Some(Probe::Failed) || self.refusals > 0 && self.tests_what_it_set();
                let (probe, step) = if sets { (None, Step::SetSecret) } else { (self.probe, self.step) };
                Self { cause, probe, step, set_again: false, ..self.again(now) }
            }
            State::Ready { .. }
            | State::Running { .. }
            | State::WaitingApproval { .. }
            | State::Ended { .. } => self.clone(),
        }
    }

    /// Gives the rotation up: at once when the target was never touched, with `end`; else the target is
    /// asked first which value it takes. Not for a step that runs: its effect may be on its way.
    #[must_use]
    pub fn given_up(&self, end: End, now: Timestamp) -> Self {
        if !self.touched {
            return self.ended(end, now);
        }
        Self { probe: Some(Probe::Undo), step: Step::TestSecret, ..self.again(now) }
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
        let touched = self.touched || self.step == Step::SetSecret;
        Self { state: State::Running { lease, started: now }, fence, touched, ..self.clone() }
    }

    /// Ready, with all failures forgiven.
    pub(super) fn again(&self, now: Timestamp) -> Self {
        Self {
            state: State::Ready { since: now },
            failures: 0,
            step_failures: 0,
            refusals: 0,
            ..self.clone()
        }
    }
}
