//! GetSecretValue.

use keywheel_domain::api::{ApiError, ErrorCode, GetSecretValueRequest, GetSecretValueResponse};
use keywheel_domain::rotation::Job;
use keywheel_domain::secret::{Secret, SelectError};
use keywheel_domain::time::Timestamp;
use keywheel_domain::version::{CURRENT, Versions};

use super::access::Access;
use super::change::Change;
use super::load::check_live;
use super::{Caller, Operations, Seen};

/// Reads of a value that are overtaken by its deletion, before the store is taken for damaged.
const READ_ATTEMPTS_MAX: usize = 4;

impl Operations {
    /// Reads a value, and notes the day of the read.
    pub async fn get_secret_value(
        &self,
        caller: &Caller,
        request: GetSecretValueRequest,
    ) -> Result<GetSecretValueResponse, ApiError> {
        let is_current = request.version_id.is_none() && request.version_stage.is_none();
        let stage = request.version_stage.as_deref().or(is_current.then_some(CURRENT));
        let access = Access::secret("GetSecretValue", &request.secret_id)
            .with("secretsmanager:versionid", request.version_id.as_deref())
            .with("secretsmanager:versionstage", stage);
        let running = self.running_job(caller).await?;
        for _ in 0..READ_ATTEMPTS_MAX {
            let answer = self.read_value(caller, &access, &request, running.as_ref()).await?;
            if let Some(answer) = answer {
                return Ok(answer);
            }
        }
        tracing::error!(secret_id = request.secret_id, "a version says it has a value, and there is none");
        Err(ApiError::internal())
    }

    /// The record is looked up before the value. `None` when the value went in between, with its secret or
    /// with its version: the record, read again, tells which.
    async fn read_value(
        &self,
        caller: &Caller,
        access: &Access<'_>,
        request: &GetSecretValueRequest,
        running: Option<&Seen<Job>>,
    ) -> Result<Option<GetSecretValueResponse>, ApiError> {
        let seen = self.find_secret(caller, access).await?;
        let secret = &seen.record;
        check_live(secret)?;
        let version = secret
            .select(request.version_id.as_deref(), request.version_stage.as_deref())
            .map_err(|error| not_selected(&error))?;
        let Some(value) = self.find_value_for(caller, secret, &version.id).await? else { return Ok(None) };
        let day = self.clock.now().start_of_day();
        if let Some(versions) = secret.versions.touched(&version.id, day) {
            Box::pin(self.note_read(&seen, versions, day, running)).await;
        }
        Ok(Some(GetSecretValueResponse {
            arn: secret.arn.clone(),
            name: secret.name.clone(),
            version_id: version.id.clone(),
            value,
            version_stages: version.stages.clone(),
            created_date: version.created,
        }))
    }

    /// Writes the first read of a day. When another change is faster, the next read notes it; when
    /// nothing can be written, on a full disk, values can still be read.
    async fn note_read(
        &self,
        seen: &Seen<Secret>,
        versions: Versions,
        day: Timestamp,
        running: Option<&Seen<Job>>,
    ) {
        let mut after = Secret { versions, ..seen.record.clone() };
        after.accessed = after.accessed.max(Some(day));
        let change = Change::new().update_secret(seen, &after).expect_job(running);
        if self.commit(change).await.is_err() {
            tracing::warn!(secret_arn = after.arn, "the day of a read was not noted");
        }
    }
}

fn not_selected(error: &SelectError) -> ApiError {
    let code = match error {
        SelectError::NoVersion { .. } | SelectError::NoStage { .. } => ErrorCode::ResourceNotFound,
        SelectError::StageElsewhere => ErrorCode::InvalidRequest,
    };
    ApiError::new(code, error.to_string())
}
