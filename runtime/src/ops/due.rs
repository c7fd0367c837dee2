//! What happens to a secret when its time comes: a scheduled rotation, the end of a deleted secret.
//! The worker calls these; nobody asked for them over the wire.

use keywheel_domain::api::ApiError;
use keywheel_domain::rotation::{self, Cause, Purpose, SCHEDULER};
use keywheel_domain::time::Timestamp;
use keywheel_domain::version::PENDING;

use super::change::{Change, due_of_job, due_of_secret};
use super::keys::{Due, DueEntry};
use super::{COMMIT_ATTEMPTS_MAX, Operations, contended};

impl Operations {
    /// Whether the record of a due entry says the same. An entry that no record stands behind is taken
    /// away, so that a fault elsewhere cannot keep the worker busy for ever.
    pub async fn confirm_due(&self, entry: &DueEntry) -> Result<bool, ApiError> {
        let Some(found) = self.load_due(entry).await? else { return Ok(false) };
        let backed = match entry.due {
            Due::Job => self.load_job(&entry.secret_arn).await?.map(|job| due_of_job(&job.record)),
            Due::Rotation | Due::Purge => {
                self.secret_by_arn(&entry.secret_arn).await?.map(|secret| due_of_secret(&secret.record))
            }
        };
        if backed.is_some_and(|entries| entries.contains(entry)) {
            return Ok(true);
        }
        tracing::warn!(
            secret_arn = entry.secret_arn,
            due = entry.due.as_str(),
            "no record stands behind a due entry"
        );
        self.commit(Change::new().remove_due(entry, found)).await.map(|_| false)
    }

    /// Starts the rotation whose slot is due, or goes on with one that is not complete, and sets the
    /// next slot, in one commit. Slots that passed unseen count as one. Two schedulers derive the same
    /// token from the same slot, and one of them conflicts.
    pub async fn start_scheduled(&self, secret_arn: &str, now: Timestamp) -> Result<(), ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let Some(seen) = self.secret_by_arn(secret_arn).await? else { return Ok(()) };
            let next = seen.record.rotation.as_ref().and_then(|rotation| rotation.next);
            let Some(slot) = next.filter(|slot| slot.starts <= now) else { return Ok(()) };
            let mut after = seen.record.clone();
            // A clock that jumped back must not bring the same slot again.
            after.reschedule(now.max(slot.opens));
            let unfinished = self.unfinished_token(&seen.record).await?;
            let token = unfinished.unwrap_or_else(|| rotation::slot_token(secret_arn, slot.opens));
            let done = seen.record.versions.get(&token).is_some_and(|version| !version.has(PENDING));
            let cause = Cause::Schedule { slot: slot.starts };
            let change = match done {
                true => Change::new().update_secret(&seen, &after),
                false => self.begin(&seen, after, &token, Purpose::Rotate, cause, now).await?,
            };
            let detail = Some(format!("slot {}", slot.opens));
            let row = self.audit_row(SCHEDULER, "ScheduledRotation", secret_arn, Some(&token), detail);
            if self.commit(change.audit(&row)).await? {
                return Ok(());
            }
        }
        Err(contended())
    }

    /// Removes a secret whose recovery window has passed.
    pub async fn purge(&self, secret_arn: &str, now: Timestamp) -> Result<(), ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let Some(seen) = self.secret_by_arn(secret_arn).await? else { return Ok(()) };
            if seen.record.deletion.as_ref().is_none_or(|deletion| deletion.due > now) {
                return Ok(());
            }
            let row = self.audit_row(SCHEDULER, "EndSecretVersionDelete", secret_arn, None, None);
            if self.commit(Change::new().audit(&row).remove_secret(&seen)).await? {
                return Ok(());
            }
        }
        Err(contended())
    }
}
