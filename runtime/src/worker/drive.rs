//! The job loop: gate, lease, call, record, until the job rests.
//!
//! On disk at each `await`: before the lease is committed, a job that is ready; from then until the
//! outcome is committed, a job that runs under a lease with its fence. Dying in between leaves that, and
//! the step is called again with the same token when the lease is over.

use keywheel_domain::api::ApiError;
use keywheel_domain::rotation::{self, Action, Gate, Job, State};
use keywheel_domain::secret::Secret;
use keywheel_domain::time::Timestamp;

use super::{Invocation, Report, Worker};
use crate::ops::{Caller, Change, Principal, Seen, Standing};

/// Steps and lost races in one go; the rest is due again at once.
const PASSES_MAX: usize = 64;

impl Worker {
    /// Drives the job of a secret until it rests, waits or ends.
    pub(super) async fn drive(&self, secret_arn: &str) -> Result<(), ApiError> {
        let _running = self.metrics.rotation_running();
        for _ in 0..PASSES_MAX {
            let Some(seen) = self.ops.load_job(secret_arn).await? else { return Ok(()) };
            let now = self.clock.now();
            match rotation::next(&seen.record, now) {
                Action::Invoke(_) => {}
                Action::Expire => {
                    self.wait(&seen, seen.record.expired(now)).await?;
                    continue;
                }
                Action::Wait(_) | Action::Rest => return Ok(()),
            }
            let Some(secret) = self.ops.secret_by_arn(secret_arn).await? else { return Ok(()) };
            let Some((job, passed)) = self.pass(&seen, &secret.record, now).await? else { continue };
            let report = self.invoke.invoke(invocation(&job, secret.record, passed)).await;
            self.record(&job, report).await?;
        }
        Ok(())
    }

    /// Takes the job through the gate and leases it. `None` when it has to wait, or somebody else changed
    /// it: look again.
    async fn pass(
        &self,
        seen: &Seen<Job>,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<Option<(Job, Passed)>, ApiError> {
        let job = &seen.record;
        let digest = self.invoke.digest(&job.function_arn, &secret.arn).await;
        let approved = match rotation::gate(job, secret, digest.as_deref(), now) {
            Gate::Open { approved } => approved,
            Gate::Wait(state) => {
                self.wait(seen, Job { state, ..job.clone() }).await?;
                return Ok(None);
            }
        };
        let wall_ms_max = self.invoke.wall_ms_max_of(&job.function_arn, &secret.scope).await;
        let standing = match self.ops.standing_of_function(&job.function_arn, &secret.scope).await {
            // What cannot be read does not stop what has touched the target.
            Err(_) if job.touched => Standing::Nothing,
            standing => standing?,
        };
        let leased = self.lease(seen, wall_ms_max, now).await?;
        if leased.is_none() {
            self.metrics.conflict();
        }
        Ok(leased
            .map(|job| (job, Passed { approved, digest: digest.unwrap_or_default(), wall_ms_max, standing })))
    }

    /// Commits that the job waits, and for what. A conflict means that somebody else changed it.
    async fn wait(&self, seen: &Seen<Job>, after: Job) -> Result<(), ApiError> {
        let rows = self.ops.rows_of(&seen.record, &after);
        let change = rows.iter().fold(Change::new().update_job(seen, &after), Change::audit);
        if self.ops.commit(change).await? {
            let (secret_arn, state, step) = (&after.secret_arn, after.state.as_str(), after.step.as_str());
            tracing::info!(secret_arn, step, state, "a rotation waits");
        } else {
            self.metrics.conflict();
        }
        Ok(())
    }
}

/// What was found at the gate.
struct Passed {
    approved: bool,
    digest: String,
    wall_ms_max: i64,
    /// Of the role that the function runs as.
    standing: Standing,
}

fn invocation(job: &Job, secret: Secret, passed: Passed) -> Invocation {
    debug_assert!(matches!(job.state, State::Running { .. }), "a step runs under a lease");
    let principal = Principal::Rotation {
        function_arn: job.function_arn.clone(),
        secret_arn: secret.arn.clone(),
        secret_name: secret.name,
        readable: secret.policy.map(|policy| policy.readable_secret_ids).unwrap_or_default(),
        fence: job.fence,
        touched: job.touched,
    };
    Invocation {
        function_arn: job.function_arn.clone(),
        step: job.step,
        secret_arn: secret.arn,
        token: job.token.clone(),
        rotation_token: job.rotation_token.clone(),
        caller: Caller {
            standing: passed.standing,
            ..Caller::new(secret.scope.account, secret.scope.region, principal)
        },
        approved: passed.approved,
        digest: passed.digest,
        wall_ms_max: passed.wall_ms_max,
    }
}

/// A report of a function that did not run.
impl Report {
    pub(super) fn not_run(outcome: rotation::Outcome) -> Self {
        Self { outcome, log: Vec::new(), duration_us: 0, digest: String::new() }
    }
}
