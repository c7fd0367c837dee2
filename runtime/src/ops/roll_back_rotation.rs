//! RollBackRotation.

use keywheel_domain::api::{ApiError, ErrorCode, RollBackRotationRequest, RotationVerbResponse};
use keywheel_domain::rotation::{Cause, End, Job, Probe, Purpose, State};
use keywheel_domain::secret::Secret;
use keywheel_domain::version::PREVIOUS;

use super::access::Access;
use super::begin::Begin;
use super::change::Change;
use super::verbs::not_complete;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, Seen, contended};

impl Operations {
    /// Gives an unfinished rotation up; where there is none, brings the previous value back, in the
    /// target first and then in the labels.
    pub async fn roll_back_rotation(
        &self,
        caller: &Caller,
        request: RollBackRotationRequest,
    ) -> Result<RotationVerbResponse, ApiError> {
        let verb = request.0;
        let access = Access::secret("keywheel:RollBackRotation", &verb.secret_id);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_rotating_secret(caller, &access).await?;
            let secret = &seen.record;
            if let Some(known) = self.begun_before(secret, &verb, Purpose::RollBack).await? {
                return Ok(RotationVerbResponse::new(secret, &known));
            }
            let token = &verb.client_request_token;
            let job = self.load_job(&secret.arn).await?;
            let (id, change) = match &job {
                // What it does is done. A token of its own would be forgotten, and could begin another later.
                Some(job) if is_rolling_back(&job.record) && token.is_none() => {
                    return Ok(RotationVerbResponse::new(secret, &job.record));
                }
                Some(job) if is_rolling_back(&job.record) => return Err(not_complete(&job.record)),
                Some(job) => {
                    check_can_be_given_up(&job.record)?;
                    let now = self.clock.now();
                    let given_up = job.record.given_up(End::RolledBack, now);
                    let after = Job { roll_back_token: token.clone(), ..given_up };
                    (after.id.clone(), self.turn(&seen, job, &after, now).await?)
                }
                None => self.begin_roll_back(caller, &seen, token.clone()).await?,
            };
            let row = self.audit_row(&caller.arn(), "RollBackRotation", &secret.arn, Some(&id), None);
            if self.commit(change.audit(&row)).await? {
                return self.begun(secret, &id).await;
            }
        }
        Err(contended())
    }

    /// No job: what a cancelled rotation left pending is given up, or the previous version comes back.
    async fn begin_roll_back(
        &self,
        caller: &Caller,
        seen: &Seen<Secret>,
        token: Option<String>,
    ) -> Result<(String, Change), ApiError> {
        let (secret, now) = (&seen.record, self.clock.now());
        let cause = Cause::from(caller.person());
        if let Some(left) = secret.versions.unfinished() {
            let settings = secret.rotation.as_ref();
            let function_arn = settings.map(|rotation| rotation.function_arn.clone()).unwrap_or_default();
            let rotation_token = crate::entropy::uuid(self.entropy.as_ref()).into();
            let mut job =
                Job::new(secret, &left.id, rotation_token, Purpose::Rotate, cause, function_arn, now);
            job.touched = true;
            job.roll_back_token = token;
            let job = job.given_up(End::RolledBack, now);
            let row = self.audit_row(job.cause.who(), "RollBackStarted", &secret.arn, Some(&job.token), None);
            return Ok((job.id.clone(), Change::new().expect_secret(seen).create_job(&job).audit(&row)));
        }
        let previous =
            secret.versions.holder(PREVIOUS).filter(|version| version.filled).ok_or_else(|| {
                let told = "There is no version AWSPREVIOUS to go back to.";
                ApiError::new(ErrorCode::InvalidRequest, told)
            })?;
        let begin =
            Begin { roll_back_token: token, ..Begin::new(&previous.id, Purpose::RollBack, cause, now) };
        Ok((previous.id.clone(), self.begin(seen, secret.clone(), begin).await?))
    }
}

fn is_rolling_back(job: &Job) -> bool {
    job.purpose == Purpose::RollBack || job.probe == Some(Probe::Undo)
}

/// What a step that runs does outside cannot be called back: its outcome comes first.
pub(super) fn check_can_be_given_up(job: &Job) -> Result<(), ApiError> {
    if job.purpose != Purpose::Rotate {
        return Err(not_complete(job));
    }
    if matches!(job.state, State::Running { .. }) {
        let told = format!("{} is running: roll back when it has ended.", job.step);
        return Err(ApiError::new(ErrorCode::InvalidRequest, told));
    }
    Ok(())
}
