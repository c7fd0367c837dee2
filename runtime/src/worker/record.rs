//! Commits what came of a step, alone and before the next one.

use std::time::Duration;

use keywheel_domain::api::ApiError;
use keywheel_domain::rotation::{self, End, Job, Purpose, Ran, State, settle};

use super::{Report, Worker};
use crate::ops::{Change, keys};

/// Conflicts when an outcome is recorded: each is another change of the same secret or job.
const RECORD_ATTEMPTS_MAX: usize = 32;

impl Worker {
    /// Commits what came of a step, with the log of the call. A worker whose lease is over commits nothing.
    pub(super) async fn record(&self, leased: &Job, report: Report) -> Result<(), ApiError> {
        let log = serde_json::to_vec(&report.log).expect("a list of strings is JSON");
        let ran = Ran { outcome: report.outcome, duration_us: report.duration_us, digest: report.digest };
        for _ in 0..RECORD_ATTEMPTS_MAX {
            let Some(seen) = self.ops.load_job(&leased.secret_arn).await? else { return Ok(()) };
            if !seen.record.runs_under(leased.fence) {
                tracing::warn!(secret_arn = leased.secret_arn, step = %leased.step, "a lease was lost; its outcome is dropped");
                return Ok(());
            }
            let Some(secret) = self.ops.secret_by_arn(&leased.secret_arn).await? else { return Ok(()) };
            let now = self.clock.now();
            let jitter = u64::from_le_bytes(crate::entropy::bytes(self.entropy.as_ref()));
            let after = rotation::apply(&seen.record, &secret.record, &ran, now, jitter);
            let settled = settle(&secret.record, &seen.record, &after, now);
            let log_key = keys::log(&leased.secret_arn, &leased.id, leased.fence);
            let mut change = Change::new().update_job(&seen, &after).put_log(log_key, log.clone());
            if after.end().is_some() {
                change = self.ops.forget_oldest(change, &after.secret_arn).await?;
            }
            if after.end().is_some() || settled != secret.record {
                change = change.update_secret(&secret, &settled);
            }
            let rows = self.ops.rows_of(&seen.record, &after);
            if self.ops.commit(rows.iter().fold(change, Change::audit)).await? {
                self.tell(&after, &ran);
                return Ok(());
            }
            self.metrics.conflict();
        }
        // The lease runs out and the step is called again, which every function has to bear.
        tracing::warn!(secret_arn = leased.secret_arn, step = %leased.step, "an outcome could not be stored");
        Ok(())
    }

    fn tell(&self, job: &Job, ran: &Ran) {
        let took = Duration::from_micros(ran.duration_us);
        let (secret_arn, token) = (job.secret_arn.as_str(), job.token.as_str());
        let Some(attempt) = job.attempts.last() else { return };
        let (step, duration_us, state) = (attempt.step.as_str(), ran.duration_us, job.state.as_str());
        match (&attempt.kind, &attempt.failure) {
            (None, None) => {
                self.metrics.step(step, "ok", took);
                tracing::info!(secret_arn, token, step, duration_us, state, "a step of a rotation is done");
            }
            (None, Some(_)) => {
                self.metrics.step(step, "asked", took);
                tracing::info!(secret_arn, token, step, duration_us, state, "a function asks for approval");
            }
            (Some(_), failure) => {
                self.metrics.step(step, "failed", took);
                let failure = failure.as_deref().unwrap_or_default();
                tracing::warn!(
                    secret_arn,
                    token,
                    step,
                    duration_us,
                    failure,
                    state,
                    "a step of a rotation failed"
                );
            }
        }
        match (&job.state, job.purpose) {
            (State::Ended { end: End::Drifted, .. }, _) => self.metrics.drift(),
            (State::Ended { end, .. }, Purpose::Rotate | Purpose::RollBack) => {
                self.metrics.rotation(match end {
                    End::Succeeded => "succeeded",
                    End::RolledBack => "rolled_back",
                    End::Rejected => "rejected",
                    End::Abandoned => "abandoned",
                    End::Cancelled => "cancelled",
                    End::Failed | End::Drifted => "failed",
                });
            }
            (State::NeedsAttention { .. }, _) => self.metrics.rotation("needs_attention"),
            _ => {}
        }
    }
}
