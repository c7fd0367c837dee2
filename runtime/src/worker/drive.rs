//! The job loop: lease, call, record, until the job rests.
//!
//! On disk at each `await`: before the lease is committed, a job that is ready; from then until the
//! outcome is committed, a job that runs under a lease with its fence. Dying in between leaves that, and
//! the step is called again with the same token when the lease is over.

use keywheel_domain::api::ApiError;
use keywheel_domain::rotation::{self, Action, Job, Outcome, Purpose, Ran, SCHEDULER, State, settle};

use super::{Invocation, Report, Worker};
use crate::ops::keys;
use crate::ops::{Caller, Change, Principal};

/// Steps and lost races in one go; the rest is due again at once.
const PASSES_MAX: usize = 64;
/// Conflicts when an outcome is recorded: each is another change of the same secret or job.
const RECORD_ATTEMPTS_MAX: usize = 32;

impl Worker {
    /// Drives the job of a secret until it rests, waits or ends.
    pub(super) async fn drive(&self, secret_arn: &str) -> Result<(), ApiError> {
        let _running = self.metrics.rotation_running();
        for _ in 0..PASSES_MAX {
            let Some(seen) = self.ops.load_job(secret_arn).await? else { return Ok(()) };
            let now = self.clock.now();
            let Action::Invoke(_) = rotation::next(&seen.record, now) else { return Ok(()) };
            let Some(job) = self.lease(&seen, now).await? else {
                self.metrics.conflict();
                continue;
            };
            let report = self.call(&job).await;
            self.record(&job, report).await?;
        }
        Ok(())
    }

    async fn call(&self, job: &Job) -> Report {
        let Ok(Some(secret)) = self.ops.secret_by_arn(&job.secret_arn).await else {
            let message = "the secret cannot be read".to_owned();
            return Report {
                outcome: Outcome::Failed { retry: true, message },
                log: Vec::new(),
                duration_us: 0,
                digest: String::new(),
            };
        };
        let secret = secret.record;
        let principal = Principal::Rotation {
            function_arn: job.function_arn.clone(),
            secret_arn: secret.arn.clone(),
            secret_name: secret.name,
            fence: job.fence,
        };
        let caller = Caller { account: secret.scope.account, region: secret.scope.region, principal };
        let invocation = Invocation {
            function_arn: job.function_arn.clone(),
            step: job.step,
            secret_arn: secret.arn,
            token: job.token.clone(),
            rotation_token: job.rotation_token.clone(),
            caller,
        };
        self.invoke.invoke(invocation).await
    }

    /// Commits what came of a step, alone, with the log of the call. A worker whose lease is over
    /// commits nothing.
    async fn record(&self, leased: &Job, report: Report) -> Result<(), ApiError> {
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
            let log_key = keys::log(&leased.secret_arn, &leased.token, leased.fence);
            let mut change = Change::new().update_job(&seen, &after).put_log(log_key, log.clone());
            if after.end().is_some() {
                let settled = settle(&secret.record, &after, now);
                change =
                    self.ops.forget_oldest(change, &after.secret_arn).await?.update_secret(&secret, &settled);
            }
            if let Some(event) = event(&after) {
                let detail = after.last_failure().filter(|_| event.ends_with("Failed"));
                let detail = detail.and_then(|attempt| attempt.failure.clone());
                let row = self.ops.audit_row(SCHEDULER, event, &after.secret_arn, Some(&after.token), detail);
                change = change.audit(&row);
            }
            if self.ops.commit(change).await? {
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
        let took = std::time::Duration::from_micros(ran.duration_us);
        let (secret_arn, token) = (job.secret_arn.as_str(), job.token.as_str());
        let Some(attempt) = job.attempts.last() else { return };
        let (step, duration_us) = (attempt.step.as_str(), ran.duration_us);
        match &attempt.failure {
            None => {
                self.metrics.step(step, "ok", took);
                tracing::info!(secret_arn, token, step, duration_us, "a step of a rotation is done");
            }
            Some(failure) => {
                self.metrics.step(step, "failed", took);
                let state = job.state.as_str();
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
        if event(job).is_some() && job.purpose == Purpose::Rotate {
            self.metrics.rotation(match job.end() {
                Some(rotation::End::Succeeded) => "succeeded",
                _ => "failed",
            });
        }
    }
}

/// The event that a job's new state is, if it is one.
const fn event(job: &Job) -> Option<&'static str> {
    match &job.state {
        State::Ended { end, .. } => Some(end.event(job.purpose)),
        State::NeedsAttention { .. } => Some("RotationFailed"),
        _ => None,
    }
}
