//! Ends a rotation because of what somebody did to its secret.

use keywheel_domain::api::ApiError;
use keywheel_domain::rotation::{End, Job, Purpose, settle};
use keywheel_domain::secret::Secret;
use keywheel_domain::time::Timestamp;
use keywheel_domain::version::PENDING;

use super::change::Change;
use super::{Caller, Operations, Seen};

impl Operations {
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
        let moved = ended.purpose == Purpose::Rotate && !after.versions.is_at(PENDING, &ended.token);
        let after = if moved { after } else { settle(&after, &ended, now) };
        let event = end.event(ended.purpose);
        let row = self.audit_row(&caller.arn(), event, &after.arn, Some(&ended.token), None);
        let change = self.forget_oldest(change.update_job(job, &ended).audit(&row), &after.arn).await?;
        Ok((change, after))
    }
}
