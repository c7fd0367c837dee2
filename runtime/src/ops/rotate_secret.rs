//! RotateSecret.

use keywheel_domain::api::{ApiError, ErrorCode, RotateSecretRequest, RotateSecretResponse, RotationRules};
use keywheel_domain::rotation::{Cause, Job, Purpose};
use keywheel_domain::secret::{RotationSettings, Secret};
use keywheel_domain::time::Timestamp;

use super::access::Access;
use super::begin::Begin;
use super::change::Change;
use super::put_rotation_policy::policy_refused;
use super::values::{check_own_values, required_rotation_token, token_in_use};
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, Seen, contended};

impl Operations {
    /// Stores the rotation settings and commits a job for the worker. The function is not called
    /// here: an answer means that the job is durable.
    pub async fn rotate_secret(
        &self,
        caller: &Caller,
        request: RotateSecretRequest,
    ) -> Result<RotateSecretResponse, ApiError> {
        let access = Access::secret("RotateSecret", &request.secret_id)
            .with("secretsmanager:rotationlambdaarn", request.rotation_lambda_arn.as_deref())
            .with_flag("secretsmanager:modifyrotationrules", request.rotation_rules.is_some())
            .with_flag("secretsmanager:rotateimmediately", request.rotate_immediately);
        let token = required_rotation_token(request.client_request_token.as_deref())?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, &access).await?;
            check_own_values(&seen.record)?;
            let known = seen.record.rotation.as_ref().map(|rotation| rotation.function_arn.as_str());
            let function = request.rotation_lambda_arn.as_deref().filter(|arn| !arn.is_empty()).or(known);
            if let Some(function) = function {
                self.authorize(caller, "lambda:InvokeFunction", Some(function))?;
            }
            let now = self.clock.now();
            let (purpose, cause) = (purpose(&request), Cause::from(caller.person()));
            let (after, function) = self.configured(&seen, &request, now).await?;
            let asked = self.asked_before(&seen.record, token, purpose).await?;
            if let Some(other) = self.unfinished_token(&seen.record).await?.filter(|other| other != token) {
                if self.reattempt(&seen, &other, cause, now).await? {
                    return Err(not_complete());
                }
                continue;
            }
            let change = match asked {
                // This very test has ended: its settings are all that there is to do again.
                Some(test) if purpose == Purpose::Test && test.end().is_some() => {
                    Change::new().update_secret(&seen, &after)
                }
                _ => self.begin(&seen, after, Begin::new(token, purpose, cause, now)).await?,
            };
            if change.is_empty() {
                // The same request again, while its rotation goes on or after it has succeeded.
                return Ok(answer(&seen.record, token));
            }
            let row = self.audit_row(&caller.arn(), "RotateSecret", &seen.record.arn, Some(token), None);
            if self.commit(change.and(function).audit(&row)).await? {
                return Ok(answer(&seen.record, token));
            }
        }
        Err(contended())
    }

    /// The latest job that this token was used for. A token that names a job for something else names no
    /// other: the version of one may have had a value that the other must not give to it.
    async fn asked_before(
        &self,
        secret: &Secret,
        token: &str,
        purpose: Purpose,
    ) -> Result<Option<Job>, ApiError> {
        let mut named = self.jobs_of(&secret.arn).await?;
        named.retain(|job| job.id == token);
        let is_other = !named.is_empty() && named.iter().all(|job| job.asked_for() != purpose);
        if is_other {
            return Err(ApiError::new(ErrorCode::InvalidParameter, token_in_use(token, secret)));
        }
        Ok(named.pop())
    }

    /// Goes on with the rotation `token`, as the refusal of another one says; nothing of the refused
    /// request is stored. `false` when something is not as it was seen.
    async fn reattempt(
        &self,
        seen: &Seen<Secret>,
        token: &str,
        cause: Cause,
        now: Timestamp,
    ) -> Result<bool, ApiError> {
        let secret = &seen.record;
        if secret.rotation.is_none() {
            // Somebody set AWSPENDING by hand: there is no function to go on with.
            return Ok(true);
        }
        let row = self.audit_row(
            cause.who(),
            "RotateSecret",
            &secret.arn,
            Some(token),
            Some("another rotation was asked for: this one goes on".to_owned()),
        );
        let begin = Begin::new(token, Purpose::Rotate, cause, now);
        let change = self.begin(seen, secret.clone(), begin).await?;
        if change.is_empty() { Ok(true) } else { self.commit(change.audit(&row)).await }
    }

    /// The record with the settings of this request, and the change that keeps its function there; refuses what
    /// cannot work.
    async fn configured(
        &self,
        seen: &Seen<Secret>,
        request: &RotateSecretRequest,
        now: Timestamp,
    ) -> Result<(Secret, Change), ApiError> {
        let secret = &seen.record;
        let before = secret.rotation.as_ref();
        let function_arn = request.rotation_lambda_arn.clone().filter(|arn| !arn.is_empty());
        let function_arn = function_arn.or_else(|| before.map(|rotation| rotation.function_arn.clone()));
        let function_arn = function_arn.ok_or_else(|| {
            let told = "No Lambda rotation function ARN is associated with this secret.";
            ApiError::new(ErrorCode::InvalidRequest, told)
        })?;
        let rules = match &request.rotation_rules {
            None => before.and_then(|rotation| rotation.rules.clone()),
            Some(rules) if *rules == RotationRules::default() => None,
            Some(rules) => {
                let checked = rules.schedule();
                checked.map_err(|error| ApiError::new(ErrorCode::InvalidParameter, error.to_string()))?;
                Some(rules.clone())
            }
        };
        let function = self.check_invocable(&function_arn, secret).await?;
        // A slot that is set already stays, so that rotating by hand does not put the schedule off.
        let next = before.filter(|rotation| rotation.rules == rules).and_then(|rotation| rotation.next);
        let mut after = secret.clone();
        if let Some(metadata) = &request.external_metadata {
            after.external_metadata.clone_from(metadata);
        }
        if let Some(role_arn) = &request.external_role_arn {
            after.external_role_arn = Some(role_arn.clone());
        }
        after.rotation = Some(RotationSettings { function_arn, rules, enabled: true, next });
        if next.is_none() {
            after.check_policy(now).map_err(policy_refused)?;
            after.reschedule(now);
        }
        Ok((seen.stamped(after, now), function))
    }
}

const fn purpose(request: &RotateSecretRequest) -> Purpose {
    if request.rotate_immediately { Purpose::Rotate } else { Purpose::Test }
}

fn not_complete() -> ApiError {
    ApiError::new(
        ErrorCode::InvalidRequest,
        "A previous rotation isn't complete. That rotation will be reattempted.",
    )
}

fn answer(secret: &Secret, token: &str) -> RotateSecretResponse {
    RotateSecretResponse {
        arn: secret.arn.clone(),
        name: secret.name.clone(),
        version_id: Some(token.to_owned()),
    }
}
