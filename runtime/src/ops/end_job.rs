//! Ends a rotation because of what somebody did to its secret.

use keywheel_domain::api::ApiError;
use keywheel_domain::rotation::{End, Job, settle};
use keywheel_domain::secret::Secret;
use keywheel_domain::time::Timestamp;
use keywheel_domain::version::PENDING;

use super::change::Change;
use super::{Caller, Operations, Seen};

impl Operations {
    /// The change that takes a job to `after`, with what that means for its secret.
    pub(super) async fn turn(
        &self,
        secret: &Seen<Secret>,
        job: &Seen<Job>,
        after: &Job,
        now: Timestamp,
    ) -> Result<Change, ApiError> {
        let settled = settle(&secret.record, &job.record, after, now);
        let mut change = Change::new().update_secret(secret, &settled).update_job(job, after);
        if after.end().is_some() {
            change = self.forget_oldest(change, &after.secret_arn).await?;
        }
        Ok(self.rows_of(&job.record, after).iter().fold(change, Change::audit))
    }

    /// Adds the end of `job` to a change that leaves its secret as `after`; returns both.
    pub(super) async fn end_job(
        &self,
        caller: &Caller,
        change: Change,
        after: Secret,
        job: &Seen<Job>,
        end: End,
        now: Timestamp,
    ) -> Result<(Change, Secret), ApiError> {
        let ended = job.record.ended(end, now);
        // The caller may have put AWSPENDING on a version of its own: that one keeps it.
        let moved = !ended.purpose.is_passing() && !after.versions.is_at(PENDING, &ended.token);
        let after = if moved { after } else { settle(&after, &job.record, &ended, now) };
        let event = end.event(ended.purpose);
        let row = self.audit_row(&caller.arn(), event, &after.arn, Some(&ended.token), None);
        let change = self.forget_oldest(change.update_job(job, &ended).audit(&row), &after.arn).await?;
        Ok((change, after))
    }
}
