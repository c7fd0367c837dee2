//! The way back from a guest to the API's own actions.

use std::sync::Arc;

use async_trait::async_trait;
use keywheel_domain::api::{
    ApiError, DescribeSecretRequest, DescribeSecretResponse, GetRandomPasswordRequest,
    GetRandomPasswordResponse, GetSecretValueRequest, GetSecretValueResponse, PutSecretValueRequest,
    PutSecretValueResponse, UpdateSecretVersionStageRequest, UpdateSecretVersionStageResponse,
};
use keywheel_host::Secrets;

use crate::ops::{Caller, Operations};

/// The `secrets` interface of a running function: the API's own actions, with a narrower caller.
pub(crate) struct GuestSecrets {
    pub(crate) ops: Arc<Operations>,
    pub(crate) caller: Caller,
}

#[async_trait]
impl Secrets for GuestSecrets {
    async fn get_secret_value(
        &self,
        request: GetSecretValueRequest,
    ) -> Result<GetSecretValueResponse, ApiError> {
        self.ops.get_secret_value(&self.caller, request).await
    }

    async fn put_secret_value(
        &self,
        request: PutSecretValueRequest,
    ) -> Result<PutSecretValueResponse, ApiError> {
        self.ops.put_secret_value(&self.caller, request).await
    }

    async fn describe_secret(
        &self,
        request: DescribeSecretRequest,
    ) -> Result<DescribeSecretResponse, ApiError> {
        self.ops.describe_secret(&self.caller, request).await
    }

    async fn update_secret_version_stage(
        &self,
        request: UpdateSecretVersionStageRequest,
    ) -> Result<UpdateSecretVersionStageResponse, ApiError> {
        self.ops.update_secret_version_stage(&self.caller, request).await
    }

    async fn get_random_password(
        &self,
        request: GetRandomPasswordRequest,
    ) -> Result<GetRandomPasswordResponse, ApiError> {
        self.ops.get_random_password(&self.caller, request).await
    }
}
