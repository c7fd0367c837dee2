//! What a job changes in its secret.

use super::{End, Job, Purpose};
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::version::CURRENT;

/// The secret after its job went from `before` to `after`: commit all three together.
pub fn settle(secret: &Secret, before: &Job, after: &Job, now: Timestamp) -> Secret {
    let settled = match after.end() {
        None if before.token == after.token => return secret.clone(),
        None => with_another_version(secret, before, after, now),
        // Nothing is left behind, however it ended; but what it found out is kept.
        Some(end) if after.purpose.is_passing() => {
            return Secret {
                versions: secret.versions.without(&after.token),
                drifted: match end {
                    End::Drifted => secret.drifted.or(Some(now)),
                    End::Succeeded if after.purpose != Purpose::DryRun => None,
                    _ => secret.drifted,
                },
                ..secret.clone()
            };
        }
        Some(end) => ended(secret, after, end, now),
    };
    if settled == *secret { settled } else { Secret { changed: now, ..settled } }
}

/// The job goes on with another version.
fn with_another_version(secret: &Secret, before: &Job, after: &Job, now: Timestamp) -> Secret {
    let mut settled = secret.clone();
    settled.versions = match after.purpose {
        Purpose::RollBack => {
            let versions = &secret.versions;
            let current = versions.holder(CURRENT).map(|version| version.id.as_str());
            // The token's version has a value: the target has just taken it.
            let promoted = versions.move_stage(CURRENT, current, Some(&before.token), now);
            promoted.unwrap_or_else(|_| versions.clone()).begin(&after.token, now)
        }
        _ => secret.versions.without(&before.token).begin(&after.token, now),
    };
    settled
}

fn ended(secret: &Secret, job: &Job, end: End, now: Timestamp) -> Secret {
    let mut settled = secret.clone();
    match end {
        // Once `setSecret` may have run, the target may know only the pending value: it keeps its
        // label, and RotateSecret goes on with it.
        End::Cancelled if job.touched => {}
        End::Succeeded => {
            settled.versions = secret.versions.without_pending(now);
            settled.rotated = Some(now);
            settled.drifted = None;
            settled.reschedule_from_rotation(now);
        }
        End::RolledBack => {
            settled.versions = secret.versions.without_pending(now);
            settled.drifted = None;
        }
        End::Cancelled | End::Abandoned | End::Failed | End::Rejected | End::Drifted => {
            settled.versions = secret.versions.without_pending(now);
        }
    }
    settled
}
