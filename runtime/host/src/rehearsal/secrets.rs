//! The calls of `secrets`, on record.

use std::sync::Arc;

use async_trait::async_trait;
use keywheel_domain::api::{
    ApiError, DescribeSecretRequest, DescribeSecretResponse, GetRandomPasswordRequest,
    GetRandomPasswordResponse, GetSecretValueRequest, GetSecretValueResponse, PutSecretValueRequest,
    PutSecretValueResponse, UpdateSecretVersionStageRequest, UpdateSecretVersionStageResponse,
};

use super::{Call, Rehearsal, Touch, unavailable};
use crate::imports::secrets::Secrets;

/// Another implementation, with each call on the stage.
pub(super) struct Recorded {
    pub(super) inner: Arc<dyn Secrets>,
    pub(super) rehearsal: Rehearsal,
}

#[async_trait]
impl Secrets for Recorded {
    async fn get_secret_value(
        &self,
        request: GetSecretValueRequest,
    ) -> Result<GetSecretValueResponse, ApiError> {
        let version = match (&request.version_stage, &request.version_id) {
            (Some(stage), _) => stage.clone(),
            (None, Some(id)) => id.clone(),
            (None, None) => "AWSCURRENT".to_owned(),
        };
        let touch = Touch::Reads { secret: request.secret_id.clone(), version };
        let call = Call::new("secrets.get-secret-value", touch);
        self.rehearsal.call(call, unavailable, self.inner.get_secret_value(request)).await
    }

    async fn put_secret_value(
        &self,
        request: PutSecretValueRequest,
    ) -> Result<PutSecretValueResponse, ApiError> {
        let stages = request.version_stages.clone().unwrap_or_default();
        let touch = Touch::Puts { secret: request.secret_id.clone(), stages };
        let call = Call::new("secrets.put-secret-value", touch);
        self.rehearsal.call(call, unavailable, self.inner.put_secret_value(request)).await
    }

    async fn describe_secret(
        &self,
        request: DescribeSecretRequest,
    ) -> Result<DescribeSecretResponse, ApiError> {
        let touch = Touch::Reads { secret: request.secret_id.clone(), version: "labels".to_owned() };
        let call = Call::new("secrets.describe-secret", touch);
        self.rehearsal.call(call, unavailable, self.inner.describe_secret(request)).await
    }

    async fn update_secret_version_stage(
        &self,
        request: UpdateSecretVersionStageRequest,
    ) -> Result<UpdateSecretVersionStageResponse, ApiError> {
        let touch = Touch::Moves {
            stage: request.version_stage.clone(),
            from: request.remove_from_version_id.clone(),
            to: request.move_to_version_id.clone(),
        };
        let call = Call::new("secrets.update-secret-version-stage", touch);
        self.rehearsal.call(call, unavailable, self.inner.update_secret_version_stage(request)).await
    }

    async fn get_random_password(
        &self,
        request: GetRandomPasswordRequest,
    ) -> Result<GetRandomPasswordResponse, ApiError> {
        let call = Call::new("secrets.get-random-password", Touch::Nothing);
        self.rehearsal.call(call, unavailable, self.inner.get_random_password(request)).await
    }
}
