//! Begins a job, whatever it is for, or goes on with one: one commit, and the worker does the rest.

use keywheel_domain::api::{ApiError, ErrorCode, SecretValue};
use keywheel_domain::rotation::{Cause, End, Job, Purpose, settle};
use keywheel_domain::secret::Secret;
use keywheel_domain::target::Target;
use keywheel_domain::time::Timestamp;
use keywheel_domain::version::{CURRENT, PENDING, PREVIOUS, PutError, STAGES_MAX, VERSIONS_MAX};

use super::change::Change;
use super::quotas::too_many_versions;
use super::values::{put_refused, token_in_use};
use super::{Operations, Seen};
use crate::entropy;

/// What a job begins with.
pub(super) struct Begin<'a> {
    /// Of the request, or derived from the slot.
    pub(super) token: &'a str,
    /// What it is for.
    pub(super) purpose: Purpose,
    /// Who asked.
    pub(super) cause: Cause,
    /// The time of day.
    pub(super) now: Timestamp,
    /// The token of a RollBackRotation; the job is named by the version that it brings back.
    pub(super) roll_back_token: Option<String>,
}

impl<'a> Begin<'a> {
    pub(super) const fn new(token: &'a str, purpose: Purpose, cause: Cause, now: Timestamp) -> Self {
        Self { token, purpose, cause, now, roll_back_token: None }
    }
}

impl Operations {
    /// The token of a rotation that is not complete: of the job, or of a version that a cancelled one
    /// left pending, which may be the only one that the target knows.
    pub(super) async fn unfinished_token(&self, secret: &Secret) -> Result<Option<String>, ApiError> {
        let job = self.load_job(&secret.arn).await?.map(|job| job.record);
        if job.as_ref().is_some_and(Job::gives_way) {
            return Ok(None);
        }
        Ok(job.map(|job| job.id).or_else(|| secret.versions.unfinished().map(|version| version.id.clone())))
    }

    /// The change that begins a job for `seen`'s secret, whose record becomes `after`, or goes on with the
    /// job that is there. RotateSecret, the schedule and the operators' verbs all come here.
    pub(super) async fn begin(
        &self,
        seen: &Seen<Secret>,
        mut after: Secret,
        begin: Begin<'_>,
    ) -> Result<Change, ApiError> {
        let secret = &seen.record;
        let (token, purpose, now) = (begin.token, begin.purpose, begin.now);
        let before = self.load_job(&secret.arn).await?;
        let gives_way = |job: &Seen<Job>| job.record.gives_way() && !purpose.is_ours();
        let (way, before) = match before {
            Some(job) if gives_way(&job) => (Some(job), None),
            before => (None, before),
        };
        // The copy that gives way has a value under this token, and one token means one value.
        if way.as_ref().is_some_and(|job| job.record.token == token) {
            return Err(ApiError::new(ErrorCode::InvalidParameter, token_in_use(token, secret)));
        }
        if let Some(job) = before {
            let resumed = job.record.resumed(&begin.cause, now);
            return Ok(Change::new().update_secret(seen, &after).update_job(&job, &resumed));
        }
        if purpose == Purpose::Rotate && secret.versions.is_at(CURRENT, token) {
            // This very rotation has succeeded; its answer was lost.
            return Ok(Change::new().update_secret(seen, &after));
        }
        let current = match secret.versions.holder(CURRENT).filter(|version| version.filled) {
            Some(current) => Some(self.open(secret, &current.id).await?),
            // Without a value there is nothing to test with: the settings are all.
            None if purpose == Purpose::Test => return Ok(Change::new().update_secret(seen, &after)),
            None => None,
        };
        let mut change = Change::new();
        let ended = way.as_ref().map(|job| job.record.ended(End::Cancelled, now));
        if let (Some(job), Some(ended)) = (&way, &ended) {
            after = settle(&after, &job.record, ended, now);
            let event = ended.end().map_or("", |end| end.event(ended.purpose));
            let detail = Some(format!("gives way to {token}"));
            let row = self.audit_row(begin.cause.who(), event, &secret.arn, Some(&ended.token), detail);
            change = self.forget_oldest(change.audit(&row), &secret.arn).await?;
        }
        let change = self.give_version(change, secret, &mut after, &begin, current.as_ref()).await?;
        after.changed = now;
        let settings = after.rotation.as_ref().or(secret.rotation.as_ref());
        let function_arn = settings.map(|rotation| rotation.function_arn.clone()).unwrap_or_default();
        let rotation_token = entropy::uuid(self.entropy.as_ref()).into();
        let mut job = Job::new(secret, token, rotation_token, purpose, begin.cause, function_arn, now);
        // What was left pending with a value may be what the target knows.
        let left = secret.versions.get(token).is_some_and(|left| left.filled && left.has(PENDING));
        job.touched = left;
        job.roll_back_token = begin.roll_back_token;
        job.target = current.as_ref().and_then(target);
        let row = self.audit_row(job.cause.who(), purpose.started(), &secret.arn, Some(token), None);
        let change = change.update_secret(seen, &after).audit(&row);
        Ok(match (&way, &ended) {
            (Some(way), Some(ended)) => change.replace_job(way, ended, &job),
            _ => change.create_job(&job),
        })
    }

    /// Labels the version that the job works on `AWSPENDING`: an empty one, the one that is to come back,
    /// or a copy of the current one, which the job removes again.
    async fn give_version(
        &self,
        change: Change,
        secret: &Secret,
        after: &mut Secret,
        begin: &Begin<'_>,
        current: Option<&SecretValue>,
    ) -> Result<Change, ApiError> {
        let (token, now) = (begin.token, begin.now);
        let known = secret.versions.get(token).filter(|version| version.filled);
        let usable = match begin.purpose {
            Purpose::Rotate => known.is_none_or(|version| version.has(PENDING)),
            Purpose::RollBack => true,
            _ => known.is_none(),
        };
        if !usable {
            return Err(ApiError::new(ErrorCode::InvalidParameter, token_in_use(token, secret)));
        }
        after.versions.check_begin(token, now).map_err(|error| no_room(&error))?;
        if !begin.purpose.is_passing() {
            after.versions = after.versions.begin(token, now);
            return Ok(change);
        }
        let current = current.ok_or_else(|| {
            ApiError::new(ErrorCode::InvalidRequest, "The secret has no current value to work with.")
        })?;
        let put = after.versions.put(token, &[PENDING.to_owned()], None, now);
        after.versions = put.map_err(|error| put_refused(&error, token, secret))?;
        Ok(change.put_value(&secret.arn, token, self.seal(secret, token, current).await?))
    }
}

/// A rotation that would find no room for its labels when it finishes does not begin.
fn no_room(error: &PutError) -> ApiError {
    if *error == PutError::TooManyVersions {
        return too_many_versions(VERSIONS_MAX);
    }
    let told = format!(
        "A secret can have at most {STAGES_MAX} staging labels, and a rotation needs {CURRENT}, {PENDING} and \
         {PREVIOUS}: take another one off."
    );
    ApiError::new(ErrorCode::LimitExceeded, told)
}

fn target(value: &SecretValue) -> Option<String> {
    match value {
        SecretValue::Text(text) => Target::of(text.expose()).map(|target| target.to_string()),
        SecretValue::Binary(_) => None,
    }
}
