//! PutSecretValue.

use keywheel_domain::api::{ApiError, ErrorCode, PutSecretValueRequest, PutSecretValueResponse};
use keywheel_domain::secret::Secret;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::version::CURRENT;

use super::access::Access;
use super::authorize::check_put;
use super::values::{Put, required_token};
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};

impl Operations {
    /// Stores a value as a new version, or in the empty one that a rotation made.
    pub async fn put_secret_value(
        &self,
        caller: &Caller,
        request: PutSecretValueRequest,
    ) -> Result<PutSecretValueResponse, ApiError> {
        let access = Access::secret("PutSecretValue", &request.secret_id);
        let token = required_token(request.client_request_token.as_deref())?;
        let value = request.value.as_ref().ok_or_else(|| {
            ApiError::new(ErrorCode::InvalidRequest, "You must provide either SecretString or SecretBinary.")
        })?;
        let stages = request.version_stages.clone().unwrap_or_else(|| vec![CURRENT.to_owned()]);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let running = self.running_job(caller).await?;
            let seen = self.load_live_secret(caller, &access).await?;
            if let Some((_, own)) = caller.running(running.as_ref()) {
                check_put(own, token, &stages)?;
            }
            // A step by hand has no rotation whose token it could show.
            let shown = request.rotation_token.as_ref().filter(|_| caller.secret_by_hand().is_none());
            let proven = self.check_rotation_token(&seen.record, shown).await?;
            let put = Put { token, value, stages: &stages, now: self.clock.now(), proven };
            let Some((change, after)) = self.put_version(caller, &seen, seen.record.clone(), put).await?
            else {
                return Ok(answer(&seen.record, token));
            };
            let row = self.audit_row(&caller.arn(), "PutSecretValue", &after.arn, Some(token), None);
            let change = change.audit(&row).expect_job(running.as_ref());
            if self.commit(change.expect_no_job(caller.secret_by_hand())).await? {
                return Ok(answer(&after, token));
            }
        }
        Err(contended())
    }

    /// Whether the caller showed the token of the rotation that runs; a wrong one is refused.
    async fn check_rotation_token(
        &self,
        secret: &Secret,
        shown: Option<&Sensitive<String>>,
    ) -> Result<bool, ApiError> {
        let Some(shown) = shown else { return Ok(false) };
        match self.load_job(&secret.arn).await? {
            Some(job) if job.record.rotation_token == *shown => Ok(true),
            _ => Err(ApiError::new(
                ErrorCode::InvalidParameter,
                "The RotationToken isn't of a rotation of this secret that is running.",
            )),
        }
    }
}

fn answer(secret: &Secret, token: &str) -> PutSecretValueResponse {
    PutSecretValueResponse {
        arn: secret.arn.clone(),
        name: secret.name.clone(),
        version_id: token.to_owned(),
        version_stages: secret.versions.get(token).map(|version| version.stages.clone()).unwrap_or_default(),
    }
}
