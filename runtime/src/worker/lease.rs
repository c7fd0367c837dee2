//! Who runs what: leases with fencing numbers.

use keywheel_domain::api::ApiError;
use keywheel_domain::rotation::{Job, State};
use keywheel_domain::time::{SECOND_MS, Timestamp};

use super::Worker;
use crate::ops::keys::{self, Due};
use crate::ops::{Change, Seen};
use crate::store::SCAN_ENTRIES_MAX;

/// How much longer than a step's wall time a lease is: for committing the outcome.
const LEASE_GRACE_MS: i64 = 15 * SECOND_MS;

impl Worker {
    /// Commits that this worker runs the job's step, alone and before the function is called. `None`
    /// when somebody else changed the job.
    pub(super) async fn lease(
        &self,
        seen: &Seen<Job>,
        wall_ms_max: i64,
        now: Timestamp,
    ) -> Result<Option<Job>, ApiError> {
        let lease_ms = wall_ms_max + LEASE_GRACE_MS;
        let leased = seen.record.leased(&self.holder, now, lease_ms);
        let committed = self.ops.commit(Change::new().update_job(seen, &leased)).await?;
        Ok(committed.then_some(leased))
    }

    /// Makes the steps that an earlier process was running ready again. Only where this process alone
    /// can write: elsewhere a lease runs out in its own time.
    pub async fn adopt_orphans(&self) -> Result<(), ApiError> {
        if !self.ops.store().exclusive() {
            return Ok(());
        }
        let (mut from, to) = keys::due_all();
        loop {
            let found = self.ops.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
            for (key, _) in &found {
                from = key.successor();
                let Some(entry) = keys::parse_due(key).filter(|entry| entry.due == Due::Job) else {
                    continue;
                };
                self.adopt(&entry.secret_arn).await?;
            }
            if found.len() < SCAN_ENTRIES_MAX {
                return Ok(());
            }
            // A store answers at once, and others have to be answered while a million entries are read.
            tokio::task::yield_now().await;
        }
    }

    async fn adopt(&self, secret_arn: &str) -> Result<(), ApiError> {
        let Some(seen) = self.ops.load_job(secret_arn).await? else { return Ok(()) };
        let State::Running { lease, .. } = &seen.record.state else { return Ok(()) };
        if lease.holder == self.holder {
            return Ok(());
        }
        tracing::info!(secret_arn, step = %seen.record.step, "going on with an interrupted rotation");
        let ready = seen.record.orphaned(self.clock.now());
        // A conflict means that somebody changed the job in this moment: then it is not an orphan.
        self.ops.commit(Change::new().update_job(&seen, &ready)).await.map(drop)
    }
}
