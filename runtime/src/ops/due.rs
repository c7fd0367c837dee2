//! What happens to a secret when its time comes: a scheduled rotation, a look for drift, the end of a
//! deleted secret.
//! The worker calls these; nobody asked for them over the wire.

use keywheel_domain::api::ApiError;
use keywheel_domain::rotation::{self, Cause, Job, Purpose, SCHEDULER};
use keywheel_domain::rotation_policy::{Decision, Hindrance, Partner, decide};
use keywheel_domain::secret::{Secret, Slot};
use keywheel_domain::time::Timestamp;
use keywheel_domain::version::{CURRENT, PENDING};

use super::begin::Begin;
use super::change::{Change, due_of_job, due_of_secret};
use super::keys::{Due, DueEntry};
use super::{COMMIT_ATTEMPTS_MAX, Operations, Seen, contended};

impl Operations {
    /// Whether the record of a due entry says the same. An entry that no record stands behind is taken
    /// away, so that a fault elsewhere cannot keep the worker busy for ever.
    pub async fn confirm_due(&self, entry: &DueEntry) -> Result<bool, ApiError> {
        let Some(found) = self.load_due(entry).await? else { return Ok(false) };
        let backed = match entry.due {
            Due::Job => self.load_job(&entry.secret_arn).await?.map(|job| due_of_job(&job.record)),
            Due::Rotation | Due::Purge | Due::Verify => {
                self.secret_by_arn(&entry.secret_arn).await?.map(|secret| due_of_secret(&secret.record))
            }
            Due::KeyRotation | Due::KeyDeletion => self.due_of_key_arn(&entry.secret_arn).await?,
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
    /// next slot, in one commit. Slots that passed unseen count as one. What may not start now is put off
    /// or left out, as [`decide`] says. Two schedulers derive the same token from the same slot, and one of
    /// them conflicts; so do two secrets that are kept apart, because each expects the other as it was seen.
    pub async fn start_scheduled(&self, secret_arn: &str, now: Timestamp) -> Result<(), ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let Some(seen) = self.secret_by_arn(secret_arn).await? else { return Ok(()) };
            let next = seen.record.rotation.as_ref().and_then(|rotation| rotation.next);
            let Some(slot) = next.filter(|slot| slot.starts <= now) else { return Ok(()) };
            let job = self.load_job(secret_arn).await?.map(|job| job.record);
            let passing = job.as_ref().filter(|job| job.purpose.is_passing()).and_then(Job::due);
            let resumes = job.is_some() || seen.record.versions.unfinished().is_some();
            let (partners, states) = self.partners(&seen.record).await?;
            let decision = decide(&seen.record, slot, passing, resumes, &states, now);
            let change = match decision {
                Decision::Start => self.scheduled_start(&seen, slot, now).await?,
                Decision::PutOff { until, why } => self.put_off(&seen, slot, until, &why, now),
                Decision::Skip => {
                    let why = "its window has passed, and the policy does not catch up";
                    self.left_out(&seen, slot, now, why)
                }
            };
            let change = partners.iter().fold(change, Change::expect_secret);
            if self.commit(change).await? {
                return Ok(());
            }
        }
        Err(contended())
    }

    async fn scheduled_start(
        &self,
        seen: &Seen<Secret>,
        slot: Slot,
        now: Timestamp,
    ) -> Result<Change, ApiError> {
        let secret_arn = &seen.record.arn;
        let mut after = seen.record.clone();
        // A clock that jumped back must not bring the same slot again.
        after.reschedule(now.max(slot.opens));
        let unfinished = self.unfinished_token(&seen.record).await?;
        let token = match unfinished {
            Some(token) => token,
            None => {
                let token = rotation::slot_token(secret_arn, slot.opens);
                if let Err(why) = seen.record.versions.check_begin(&token, now) {
                    return Ok(self.left_out(seen, slot, now, &why.to_string()));
                }
                token
            }
        };
        let done = seen.record.versions.get(&token).is_some_and(|version| !version.has(PENDING));
        // One that is late because nothing ran does not wait for the next window.
        let closes = Some(slot.closes).filter(|closes| now < *closes);
        let cause = Cause::Schedule { slot: slot.starts, closes };
        let change = match done {
            true => Change::new().update_secret(seen, &after),
            false => self.begin(seen, after, Begin::new(&token, Purpose::Rotate, cause, now)).await?,
        };
        let detail = Some(format!("slot {}", slot.opens));
        let row = self.audit_row(SCHEDULER, "ScheduledRotation", secret_arn, Some(&token), detail);
        Ok(change.audit(&row))
    }

    fn put_off(
        &self,
        seen: &Seen<Secret>,
        slot: Slot,
        until: Timestamp,
        why: &Hindrance,
        now: Timestamp,
    ) -> Change {
        let mut after = seen.record.clone();
        after.put_off_slot(until, now);
        self.moved(seen, &after, slot, "ScheduledRotationPutOff", &why.to_string())
    }

    fn left_out(&self, seen: &Seen<Secret>, slot: Slot, now: Timestamp, why: &str) -> Change {
        let mut after = seen.record.clone();
        after.skip_slot(now);
        self.moved(seen, &after, slot, "ScheduledRotationSkipped", why)
    }

    /// Sets another next slot, and says why.
    fn moved(&self, seen: &Seen<Secret>, after: &Secret, slot: Slot, event: &str, why: &str) -> Change {
        let starts = after.rotation.as_ref().and_then(|rotation| rotation.next).map(|next| next.starts);
        let instead = match starts {
            Some(starts) => format!("the next start is {starts}"),
            None => "no other follows".to_owned(),
        };
        let detail = format!("slot {}: {why}; {instead}", slot.opens);
        let row = self.audit_row(SCHEDULER, event, &after.arn, None, Some(detail));
        Change::new().update_secret(seen, after).audit(&row)
    }

    /// The secrets from which this one is kept apart, as they are stored and as the decision sees them.
    async fn partners(&self, secret: &Secret) -> Result<(Vec<Seen<Secret>>, Vec<Partner>), ApiError> {
        let (mut partners, mut states) = (Vec::new(), Vec::new());
        for kept in secret.kept_apart_from() {
            // One that is gone for good holds nobody up.
            let Some(partner) = self.secret_by_arn(&kept.secret_arn).await? else { continue };
            let job = self.load_job(&kept.secret_arn).await?;
            states.push(Partner {
                secret_arn: kept.secret_arn,
                hours: kept.hours,
                rotated: partner.record.rotated,
                is_rotating: job.is_some_and(|job| job.record.purpose.changes_target()),
            });
            partners.push(partner);
        }
        Ok((partners, states))
    }

    /// Begins the verification that is due, and sets the next one, in one commit; tells whether it did. Not
    /// while another rotation has not ended, which says more about the target.
    pub async fn start_verification(&self, secret_arn: &str, now: Timestamp) -> Result<bool, ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let Some(seen) = self.secret_by_arn(secret_arn).await? else { return Ok(false) };
            let secret = &seen.record;
            let due = secret.verification.as_ref().map(|set| set.next).filter(|next| *next <= now);
            let Some(due) = due else { return Ok(false) };
            let mut after = secret.clone();
            after.verification = after.next_verification(now.max(due));
            let possible = secret.rotation.is_some() && secret.versions.holder(CURRENT).is_some();
            let token = rotation::copy_token(secret_arn, &rotation::slot_token(secret_arn, due));
            let room = secret.versions.check_begin(&token, now);
            let starts = possible && room.is_ok() && self.unfinished_token(secret).await?.is_none();
            let change = if starts {
                let cause = Cause::Schedule { slot: due, closes: None };
                self.begin(&seen, after, Begin::new(&token, Purpose::Verify, cause, now)).await?
            } else {
                Change::new().update_secret(&seen, &after)
            };
            let detail = match room {
                _ if starts => None,
                Err(why) => Some(format!("left out: {why}")),
                Ok(()) => Some("left out: a rotation is not complete".to_owned()),
            };
            let row = self.audit_row(SCHEDULER, "ScheduledVerification", secret_arn, None, detail);
            if self.commit(change.audit(&row)).await? {
                return Ok(starts);
            }
        }
        Err(contended())
    }

    /// Sets the next slot anew where a clock that was ahead has set it.
    pub async fn reset_schedule(&self, secret_arn: &str, now: Timestamp) -> Result<(), ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let Some(seen) = self.secret_by_arn(secret_arn).await? else { return Ok(()) };
            let Some(after) = seen.record.after_clock_change(now) else { return Ok(()) };
            let detail = Some("the clock has gone back".to_owned());
            let row = self.audit_row(SCHEDULER, "ScheduleReset", secret_arn, None, detail);
            if self.commit(Change::new().update_secret(&seen, &after).audit(&row)).await? {
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
