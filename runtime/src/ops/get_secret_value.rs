//! GetSecretValue.

use std::sync::Arc;

use keywheel_domain::api::{ApiError, ErrorCode, GetSecretValueRequest, GetSecretValueResponse};
use keywheel_domain::rotation::Job;
use keywheel_domain::secret::{Secret, SelectError};

use super::change::Change;
use super::load::check_live;
use super::{Caller, Operations, Seen};

impl Operations {
    /// Reads a value, and notes the day of the read.
    pub async fn get_secret_value(
        &self,
        caller: &Caller,
        request: GetSecretValueRequest,
    ) -> Result<GetSecretValueResponse, ApiError> {
        self.authorize(caller, "GetSecretValue", Some(&request.secret_id))?;
        let running = self.running_job(caller).await?;
        let seen = self.find_secret(caller, &request.secret_id).await?;
        let secret = &seen.record;
        check_live(secret)?;
        let version = secret
            .select(request.version_id.as_deref(), request.version_stage.as_deref())
            .map_err(|error| not_selected(&error))?;
        let value = self.open(secret, &version.id).await?;
        self.note_read(&seen, &version.id, running.as_ref()).await?;
        Ok(GetSecretValueResponse {
            arn: secret.arn.clone(),
            name: secret.name.clone(),
            version_id: version.id.clone(),
            value,
            version_stages: version.stages.clone(),
            created_date: version.created,
        })
    }

    /// Writes only on the first read of a day. When another change is faster, the next read notes it.
    async fn note_read(
        &self,
        seen: &Seen<Arc<Secret>>,
        version_id: &str,
        running: Option<&Seen<Job>>,
    ) -> Result<(), ApiError> {
        let day = self.clock.now().start_of_day();
        let Some(versions) = seen.record.versions.touched(version_id, day) else { return Ok(()) };
        let seen = seen.owned();
        let mut after = Secret { versions, ..seen.record.clone() };
        after.accessed = after.accessed.max(Some(day));
        self.commit(Change::new().update_secret(&seen, &after).expect_job(running)).await.map(drop)
    }
}

fn not_selected(error: &SelectError) -> ApiError {
    let code = match error {
        SelectError::NoVersion { .. } | SelectError::NoStage { .. } => ErrorCode::ResourceNotFound,
        SelectError::StageElsewhere => ErrorCode::InvalidRequest,
    };
    ApiError::new(code, error.to_string())
}
