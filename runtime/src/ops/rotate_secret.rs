//! RotateSecret.

use keywheel_domain::api::{ApiError, ErrorCode, RotateSecretRequest, RotateSecretResponse, RotationRules};
use keywheel_domain::rotation::{Cause, Job, Purpose};
use keywheel_domain::secret::{RotationSettings, Secret};
use keywheel_domain::time::Timestamp;
use keywheel_domain::version::{CURRENT, PENDING, Version};

use super::change::Change;
use super::values::{put_refused, required_rotation_token, token_in_use};
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, Seen, contended};
use crate::entropy;

impl Operations {
    /// Stores the rotation settings and commits a job for the worker. The function is not called
    /// here: an answer means that the job is durable.
    pub async fn rotate_secret(
        &self,
        caller: &Caller,
        request: RotateSecretRequest,
    ) -> Result<RotateSecretResponse, ApiError> {
        self.authorize(caller, "RotateSecret", Some(&request.secret_id))?;
        let token = required_rotation_token(request.client_request_token.as_deref())?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, &request.secret_id).await?;
            let now = self.clock.now();
            let (purpose, cause) = (purpose(&request), Cause::Api { caller: caller.arn() });
            let after = self.configured(&seen, &request, now)?;
            if let Some(other) = self.unfinished_token(&seen.record).await?.filter(|other| other != token) {
                if self.reattempt(&seen, &other, cause, now).await? {
                    return Err(not_complete());
                }
                continue;
            }
            let change = self.begin(&seen, after, token, purpose, cause, now).await?;
            if change.is_empty() {
                // The same request again, while its rotation goes on or after it has succeeded.
                return Ok(answer(&seen.record, token));
            }
            let row = self.audit_row(&caller.arn(), "RotateSecret", &seen.record.arn, Some(token), None);
            if self.commit(change.audit(&row)).await? {
                return Ok(answer(&seen.record, token));
            }
        }
        Err(contended())
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
        let change = self.begin(seen, secret.clone(), token, Purpose::Rotate, cause, now).await?;
        if change.is_empty() { Ok(true) } else { self.commit(change.audit(&row)).await }
    }

    /// The record with the settings of this request; refuses what cannot work.
    fn configured(
        &self,
        seen: &Seen<Secret>,
        request: &RotateSecretRequest,
        now: Timestamp,
    ) -> Result<Secret, ApiError> {
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
        self.functions.check(&function_arn, &secret.scope)?;
        // A slot that is set already stays, so that rotating by hand does not put the schedule off.
        let next = before.filter(|rotation| rotation.rules == rules).and_then(|rotation| rotation.next);
        let mut after = secret.clone();
        after.rotation = Some(RotationSettings { function_arn, rules, enabled: true, next });
        if next.is_none() {
            after.reschedule(now);
        }
        Ok(seen.stamped(after, now))
    }

    /// The token of a rotation that is not complete: of the job, or of a version that a cancelled one
    /// left pending, which may be the only one that the target knows.
    pub(super) async fn unfinished_token(&self, secret: &Secret) -> Result<Option<String>, ApiError> {
        let job = self.load_job(&secret.arn).await?.map(|job| job.record.token);
        Ok(job.or_else(|| secret.versions.unfinished().map(|version| version.id.clone())))
    }

    /// The change that begins the rotation `token` of `seen`'s secret, whose record becomes `after`, or
    /// goes on with it. RotateSecret and the schedule both come here.
    pub(super) async fn begin(
        &self,
        seen: &Seen<Secret>,
        mut after: Secret,
        token: &str,
        purpose: Purpose,
        cause: Cause,
        now: Timestamp,
    ) -> Result<Change, ApiError> {
        let secret = &seen.record;
        if let Some(job) = self.load_job(&secret.arn).await? {
            let resumed = job.record.resumed(now);
            return Ok(Change::new().update_secret(seen, &after).update_job(&job, &resumed));
        }
        let change = Change::new();
        if secret.versions.is_at(CURRENT, token) {
            // This very rotation has succeeded; its answer was lost.
            return Ok(change.update_secret(seen, &after));
        }
        // A test needs a version of its own, which it removes again.
        let usable = |version: &Version| version.has(PENDING) && purpose == Purpose::Rotate;
        if secret.versions.get(token).is_some_and(|version| version.filled && !usable(version)) {
            return Err(ApiError::new(ErrorCode::InvalidParameter, token_in_use(token, secret)));
        }
        let change = match (purpose, secret.versions.holder(CURRENT)) {
            (Purpose::Rotate, _) => {
                after.versions = after.versions.begin(token, now);
                change
            }
            // Without a value there is nothing to test with: the settings are all.
            (Purpose::Test, None) => return Ok(change.update_secret(seen, &after)),
            (Purpose::Test, Some(current)) => {
                let value = self.open(secret, &current.id).await?;
                let put = after.versions.put(token, &[PENDING.to_owned()], None, now);
                after.versions = put.map_err(|error| put_refused(&error, token, secret))?;
                change.put_value(&secret.arn, token, self.seal(secret, token, &value).await?)
            }
        };
        after.changed = now;
        let settings = after.rotation.as_ref().or(secret.rotation.as_ref());
        let function_arn = settings.map(|rotation| rotation.function_arn.clone()).unwrap_or_default();
        let rotation_token = entropy::uuid(self.entropy.as_ref());
        let job = Job::new(secret, token, rotation_token, purpose, cause, function_arn, now);
        let event = if purpose == Purpose::Test { "TestRotationStarted" } else { "RotationStarted" };
        let row = self.audit_row(job.cause.who(), event, &secret.arn, Some(token), None);
        Ok(change.update_secret(seen, &after).create_job(&job).audit(&row))
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
