//! VerifySecret, ReconcileSecret and DryRunRotation: jobs on a copy of the current value.

use keywheel_domain::api::{
    ApiError, DryRunRotationRequest, ErrorCode, ReconcileSecretRequest, RotationVerb, RotationVerbResponse,
    VerifySecretRequest,
};
use keywheel_domain::rotation::{Cause, Job, Purpose};
use keywheel_domain::secret::Secret;

use super::access::Access;
use super::begin::Begin;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, Seen, contended};
use crate::entropy;

impl Operations {
    /// Begins a verification.
    pub async fn verify_secret(
        &self,
        caller: &Caller,
        request: VerifySecretRequest,
    ) -> Result<RotationVerbResponse, ApiError> {
        self.begin_verb(caller, "VerifySecret", Purpose::Verify, request.0).await
    }

    /// Begins to make the target take the current value again.
    pub async fn reconcile_secret(
        &self,
        caller: &Caller,
        request: ReconcileSecretRequest,
    ) -> Result<RotationVerbResponse, ApiError> {
        self.begin_verb(caller, "ReconcileSecret", Purpose::Reconcile, request.0).await
    }

    /// Begins a dry run.
    pub async fn dry_run_rotation(
        &self,
        caller: &Caller,
        request: DryRunRotationRequest,
    ) -> Result<RotationVerbResponse, ApiError> {
        self.begin_verb(caller, "DryRunRotation", Purpose::DryRun, request.0).await
    }

    async fn begin_verb(
        &self,
        caller: &Caller,
        action: &str,
        purpose: Purpose,
        verb: RotationVerb,
    ) -> Result<RotationVerbResponse, ApiError> {
        let access = Access::secret(format!("keywheel:{action}"), &verb.secret_id);
        let token = self.verb_token(&verb);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_rotating_secret(caller, &access).await?;
            let secret = &seen.record;
            if let Some(known) = self.begun_before(secret, &verb, purpose).await? {
                return Ok(RotationVerbResponse::new(secret, &known));
            }
            if let Some(job) = self.load_job(&secret.arn).await? {
                return Err(not_complete(&job.record));
            }
            if let Some(left) = secret.versions.unfinished() {
                return Err(left_pending(&left.id));
            }
            let cause = Cause::from(caller.person());
            let begin = Begin::new(&token, purpose, cause, self.clock.now());
            let change = self.begin(&seen, secret.clone(), begin).await?;
            let row = self.audit_row(&caller.arn(), action, &secret.arn, Some(&token), None);
            if self.commit(change.audit(&row)).await? {
                return self.begun(secret, &token).await;
            }
        }
        Err(contended())
    }

    /// The job that this token has begun, ended or not: asking again begins no other. A token that names a
    /// job for something else is refused.
    pub(super) async fn begun_before(
        &self,
        secret: &Secret,
        verb: &RotationVerb,
        purpose: Purpose,
    ) -> Result<Option<Job>, ApiError> {
        let Some(token) = &verb.client_request_token else { return Ok(None) };
        let known = self.jobs_of(&secret.arn).await?;
        let asked = |job: &&Job| match purpose {
            Purpose::RollBack => job.roll_back_token.as_ref() == Some(token),
            _ => job.id == *token && job.asked_for() == purpose,
        };
        if let Some(job) = known.iter().rev().find(asked) {
            return Ok(Some(job.clone()));
        }
        match known.iter().rev().find(|job| job.id == *token || job.roll_back_token.as_ref() == Some(token)) {
            Some(other) => Err(names_another(token, other)),
            None => Ok(None),
        }
    }

    /// The answer of a verb that has begun the job `id`; the worker may have ended it already.
    pub(super) async fn begun(&self, secret: &Secret, id: &str) -> Result<RotationVerbResponse, ApiError> {
        let mut jobs = self.jobs_of(&secret.arn).await?;
        jobs.retain(|job| job.id == id);
        let job = jobs.pop().ok_or_else(ApiError::internal)?;
        Ok(RotationVerbResponse::new(secret, &job))
    }

    pub(super) fn verb_token(&self, verb: &RotationVerb) -> String {
        verb.client_request_token.clone().unwrap_or_else(|| entropy::uuid(self.entropy.as_ref()))
    }

    /// A live secret that has a rotation function.
    pub(super) async fn load_rotating_secret(
        &self,
        caller: &Caller,
        access: &Access<'_>,
    ) -> Result<Seen<Secret>, ApiError> {
        let seen = self.load_live_secret(caller, access).await?;
        if seen.record.rotation.is_none() {
            let told = "No Lambda rotation function ARN is associated with this secret.";
            return Err(ApiError::new(ErrorCode::InvalidRequest, told));
        }
        Ok(seen)
    }
}

/// Another job is in the way.
pub(super) fn not_complete(job: &Job) -> ApiError {
    let (purpose, id, state, step) = (job.purpose.as_str(), &job.id, job.state.as_str(), job.step);
    ApiError::new(
        ErrorCode::InvalidRequest,
        format!("A previous rotation isn't complete: {purpose} {id} is {state} at {step}."),
    )
}

fn names_another(token: &str, job: &Job) -> ApiError {
    let (purpose, id) = (job.purpose.as_str(), &job.id);
    ApiError::new(
        ErrorCode::InvalidParameter,
        format!("You can't use ClientRequestToken {token}: it belongs to {purpose} {id} of this secret."),
    )
}

fn left_pending(version_id: &str) -> ApiError {
    ApiError::new(
        ErrorCode::InvalidRequest,
        format!(
            "Version {version_id} is still AWSPENDING, and the target may know no other: RotateSecret goes on with \
             it, RollBackRotation gives it up."
        ),
    )
}
