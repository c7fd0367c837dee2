//! The rules about what the calendar and the policy allow, checked after every commit.

use keywheel_domain::rotation::{Cause, Job, Purpose, State as JobState, Step};
use keywheel_domain::rotation_policy::is_black;
use keywheel_domain::secret::Secret;
use keywheel_domain::time::{HOUR_MS, Timestamp};

use super::ports::State;
use super::records::Records;
use super::watch::Rule;

impl State {
    /// What the schedule begins, and what it goes on with before the target was touched.
    pub(super) fn check_calendar(&mut self, old: &Records, new: &Records) {
        let mut wrong = Vec::new();
        for job in new.jobs.iter().filter(|job| matches!(job.cause, Cause::Schedule { .. })) {
            // As it was when that was decided.
            let Some(secret) = old.secrets.iter().find(|secret| secret.arn == job.secret_arn) else {
                continue;
            };
            let was = old.jobs.iter().find(|was| was.secret_arn == job.secret_arn && was.id == job.id);
            let what = match was {
                None if job.purpose == Purpose::Rotate && !job.touched => begun(job, secret, new),
                Some(was) => touches_target(was, job, secret),
                None => None,
            };
            wrong.extend(what.map(|what| format!("{} of {}: {what}", job.id, secret.name)));
        }
        for what in wrong {
            self.violation(Rule::Calendar, what);
        }
    }
}

/// Why a scheduled rotation should not have begun.
fn begun(job: &Job, secret: &Secret, new: &Records) -> Option<String> {
    let Cause::Schedule { closes, .. } = job.cause else { return None };
    let (policy, at) = (secret.policy.as_ref(), job.requested);
    if policy.is_some_and(|policy| is_black(policy, at).is_some()) {
        return Some("it began in a blackout".to_owned());
    }
    if closes.is_none() && policy.is_some_and(|policy| !policy.catch_up) {
        return Some("it began after its window, without catch-up".to_owned());
    }
    secret.kept_apart_from().into_iter().find_map(|kept| {
        let partner = new.secrets.iter().find(|partner| partner.arn == kept.secret_arn)?;
        let apart_ms = i64::from(kept.hours) * HOUR_MS;
        let is_near = |rotated: Timestamp| at.millis_since(rotated).abs() < apart_ms;
        let rotates = |job: &Job| job.secret_arn == partner.arn && job.purpose.changes_target();
        if new.jobs.iter().any(rotates) {
            return Some(format!("it began while {} rotates", partner.name));
        }
        partner
            .rotated
            .is_some_and(is_near)
            .then(|| format!("it began near the rotation of {}", partner.name))
    })
}

/// Why a scheduled rotation should not have gone on to the target.
fn touches_target(was: &Job, job: &Job, secret: &Secret) -> Option<String> {
    let Cause::Schedule { closes: Some(closes), .. } = was.cause else { return None };
    let JobState::Running { started, .. } = job.state else { return None };
    if was.touched || job.step != Step::SetSecret || matches!(was.state, JobState::Running { .. }) {
        return None;
    }
    if started >= closes {
        return Some("setSecret began after the window".to_owned());
    }
    let is_black = secret.policy.as_ref().is_some_and(|policy| is_black(policy, started).is_some());
    is_black.then(|| "setSecret began in a blackout".to_owned())
}
