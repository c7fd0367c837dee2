//! UpdateSecretVersionStage.

use keywheel_domain::api::{
    ApiError, ErrorCode, UpdateSecretVersionStageRequest, UpdateSecretVersionStageResponse,
};
use keywheel_domain::rotation::{End, Job};
use keywheel_domain::secret::Secret;
use keywheel_domain::version::{MoveError, PENDING, STAGES_MAX};

use super::access::Access;
use super::authorize::check_move;
use super::change::Change;
use super::quotas::too_many_labels;
use super::values::check_own_values;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, Seen, contended};

impl Operations {
    /// Moves a label. A person who takes `AWSPENDING` off the version of a rotation abandons it.
    pub async fn update_secret_version_stage(
        &self,
        caller: &Caller,
        request: UpdateSecretVersionStageRequest,
    ) -> Result<UpdateSecretVersionStageResponse, ApiError> {
        let access = Access::secret("UpdateSecretVersionStage", &request.secret_id)
            .with("secretsmanager:versionstage", Some(request.version_stage.as_str()));
        let stage = request.version_stage.as_str();
        let (from, to) = (request.remove_from_version_id.as_deref(), request.move_to_version_id.as_deref());
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let running = self.running_job(caller).await?;
            let seen = self.load_live_secret(caller, &access).await?;
            if let Some(running) = caller.running(running.as_ref()) {
                check_move(running, stage, from, to)?;
            }
            check_own_values(&seen.record)?;
            let now = self.clock.now();
            let versions = seen
                .record
                .versions
                .move_stage(stage, from, to, now)
                .map_err(|error| refused(&error, stage))?;
            if versions == seen.record.versions {
                return Ok(answer(&seen.record));
            }
            if !caller.is_rotation() {
                self.quotas.check_versions(&seen.record.versions, &versions)?;
            }
            let after = Secret { versions, changed: now, ..seen.record.clone() };
            let row = self.audit_row(
                &caller.arn(),
                "UpdateSecretVersionStage",
                &after.arn,
                to.or(from),
                Some(format!("label {stage}")),
            );
            let change = Change::new().audit(&row).expect_no_job(caller.secret_by_hand());
            let (change, after) = match self.abandoned_by(caller, stage, &after).await? {
                Some(job) => self.end_job(caller, change, after, &job, End::Abandoned, now).await?,
                None => (change.expect_job(running.as_ref()), after),
            };
            if self.commit(change.update_secret(&seen, &after)).await? {
                return Ok(answer(&after));
            }
        }
        Err(contended())
    }

    async fn abandoned_by(
        &self,
        caller: &Caller,
        stage: &str,
        after: &Secret,
    ) -> Result<Option<Seen<Job>>, ApiError> {
        if caller.is_rotation() || stage != PENDING {
            return Ok(None);
        }
        let job = self.load_job(&after.arn).await?;
        Ok(job.filter(|job| !after.versions.is_at(PENDING, &job.record.token)))
    }
}

fn answer(secret: &Secret) -> UpdateSecretVersionStageResponse {
    UpdateSecretVersionStageResponse { arn: secret.arn.clone(), name: secret.name.clone() }
}

fn refused(error: &MoveError, stage: &str) -> ApiError {
    let parameter = |told: String| ApiError::new(ErrorCode::InvalidParameter, told);
    match error {
        MoveError::NothingAsked => {
            parameter("You must provide RemoveFromVersionId, MoveToVersionId, or both.".to_owned())
        }
        MoveError::HolderNotNamed { holder } => parameter(format!(
            "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to \
             version {holder}, so you must explicitly reference that version in RemoveFromVersionId."
        )),
        MoveError::NotTheHolder { version } => {
            parameter(format!("Staging label {stage} is not attached to version {version}."))
        }
        MoveError::NoSuchVersion { version } => ApiError::new(
            ErrorCode::ResourceNotFound,
            format!("Secrets Manager can't find the specified secret value for VersionId: {version}"),
        ),
        MoveError::CurrentMustStay => parameter(format!(
            "You can only move staging label {stage} to a different secret version. It can't be completely removed."
        )),
        MoveError::TooManyStages => too_many_labels(STAGES_MAX),
    }
}
