//! What must happen before a step may run: the window is open, and people have agreed.

use super::approval::request_id;
use super::{ApprovalRequest, AskedBy, Cause, Job, State};
use crate::rotation_policy::{self, ApprovalRules};
use crate::secret::Secret;
use crate::time::{HOUR_MS, MINUTE_MS, Timestamp};

/// How long a rotation waits at least for a window that should be open and is not.
const WINDOW_LOOK_AGAIN_MS: i64 = MINUTE_MS;
/// Hours that people have to answer a function, where no policy says it.
const EXPIRES_AFTER_HOURS: u32 = 24;

/// Whether the next step may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It may. `approved`: people have agreed to what the function asks in it.
    Open {
        /// What the function is told when it asks.
        approved: bool,
    },
    /// The job waits in this state.
    Wait(State),
}

/// Asks the gate for the job's step, which this component would run. Without one the step fails, and nobody is
/// asked before.
pub fn gate(job: &Job, secret: &Secret, digest: Option<&str>, now: Timestamp) -> Gate {
    if let Some(state) = window_closed(job, secret, now) {
        return Gate::Wait(state);
    }
    let Some(digest) = digest else { return Gate::Open { approved: false } };
    let rules = rotation_policy::approval_rules(secret);
    if let Some(rules) = &rules
        && job.purpose.changes_target()
        && job.probe.is_none()
        && job.undoes.is_none()
        && rules.before.contains(&job.step)
    {
        let request = request(job, Some(rules), digest, AskedBy::Policy, None, now);
        if job.agreed(&request.id) < request.count {
            return Gate::Wait(State::WaitingApproval { request });
        }
    }
    let asked = request_id(job, job.step, digest, AskedBy::Function);
    Gate::Open { approved: job.agreed(&asked) >= rules.map_or(1, |rules| rules.count) }
}

/// What people are asked.
pub(super) fn request(
    job: &Job,
    rules: Option<&ApprovalRules>,
    digest: &str,
    asked_by: AskedBy,
    summary: Option<String>,
    now: Timestamp,
) -> ApprovalRequest {
    let hours = rules.map_or(EXPIRES_AFTER_HOURS, |rules| rules.expires_after_hours);
    ApprovalRequest {
        id: request_id(job, job.step, digest, asked_by),
        step: job.step,
        digest: digest.to_owned(),
        asked_by,
        count: rules.map_or(1, |rules| rules.count),
        approvers: rules.map(|rules| rules.approvers.clone()).unwrap_or_default(),
        summary,
        since: now,
        until: now.plus_millis(i64::from(hours) * HOUR_MS),
    }
}

/// A scheduled rotation that has not touched the target waits for its window. One that has goes on: a
/// target that knows the pending value only must not wait for a calendar.
fn window_closed(job: &Job, secret: &Secret, now: Timestamp) -> Option<State> {
    let Cause::Schedule { closes: Some(closes), .. } = job.cause else { return None };
    if job.touched {
        return None;
    }
    let again = now.plus_millis(WINDOW_LOOK_AGAIN_MS);
    if let Some(until) = secret.policy.as_ref().and_then(|policy| rotation_policy::is_black(policy, now)) {
        return Some(State::WaitingWindow { until: until.max(again) });
    }
    if now < closes {
        return None;
    }
    let next = secret.rotation.as_ref().and_then(|rotation| rotation.next);
    Some(match next {
        Some(slot) => State::WaitingWindow { until: slot.starts.max(again) },
        None => State::NeedsAttention { since: now },
    })
}
