//! `secrets`: Secrets Manager as far as a rotation needs it, through whatever the runtime put in place.
//!
//! Every value that passes here, in either direction, is one that the log must not show.

use async_trait::async_trait;
use keywheel_domain::api::{
    ApiError, DescribeSecretRequest, DescribeSecretResponse, ErrorCode, GetRandomPasswordRequest,
    GetRandomPasswordResponse, GetSecretValueRequest, GetSecretValueResponse, PutSecretValueRequest,
    PutSecretValueResponse, SecretValue, UpdateSecretVersionStageRequest, UpdateSecretVersionStageResponse,
};

use crate::contract::keywheel::rotation::secrets as wit;
use crate::state::State;

/// What a function may ask of Secrets Manager. The implementation decides what the function may do, as
/// it does for any other caller.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// Reads a value.
    async fn get_secret_value(
        &self,
        request: GetSecretValueRequest,
    ) -> Result<GetSecretValueResponse, ApiError>;

    /// Stores a value. When it returns, the value is durable.
    async fn put_secret_value(
        &self,
        request: PutSecretValueRequest,
    ) -> Result<PutSecretValueResponse, ApiError>;

    /// Names versions and their stages.
    async fn describe_secret(
        &self,
        request: DescribeSecretRequest,
    ) -> Result<DescribeSecretResponse, ApiError>;

    /// Moves a stage. When it returns, the move is durable.
    async fn update_secret_version_stage(
        &self,
        request: UpdateSecretVersionStageRequest,
    ) -> Result<UpdateSecretVersionStageResponse, ApiError>;

    /// Makes a password; nothing is stored.
    async fn get_random_password(
        &self,
        request: GetRandomPasswordRequest,
    ) -> Result<GetRandomPasswordResponse, ApiError>;
}

impl wit::Host for State {
    async fn get_secret_value(
        &mut self,
        secret_id: String,
        version_id: Option<String>,
        version_stage: Option<String>,
    ) -> wasmtime::Result<Result<wit::VersionValue, wit::Error>> {
        self.begin("secrets.get-secret-value")?;
        let answer = self
            .secrets
            .get_secret_value(GetSecretValueRequest { secret_id, version_id, version_stage })
            .await;
        self.end();
        Ok(answer.map_err(refusal).map(|found| {
            self.transcript.lock().redactor().learn_value(&found.value);
            wit::VersionValue {
                arn: found.arn,
                name: found.name,
                version_id: found.version_id,
                version_stages: found.version_stages,
                value: to_guest(&found.value),
            }
        }))
    }

    async fn put_secret_value(
        &mut self,
        secret_id: String,
        client_request_token: String,
        value: wit::SecretValue,
        version_stages: Vec<String>,
        rotation_token: String,
    ) -> wasmtime::Result<Result<wit::StoredVersion, wit::Error>> {
        self.begin("secrets.put-secret-value")?;
        let value = from_guest(value);
        self.transcript.lock().redactor().learn_value(&value);
        let bytes = size_bytes(&value);
        if bytes > self.limits.value_bytes_max {
            self.end();
            let message =
                format!("the value has {bytes} bytes, more than the {} allowed", self.limits.value_bytes_max);
            return Ok(Err(refusal(ApiError::new(ErrorCode::InvalidParameter, message))));
        }
        let request = PutSecretValueRequest {
            secret_id,
            client_request_token: Some(client_request_token),
            value: Some(value),
            version_stages: Some(version_stages).filter(|stages| !stages.is_empty()),
            rotation_token: Some(rotation_token.into()),
        };
        let answer = self.secrets.put_secret_value(request).await;
        self.end();
        Ok(answer.map_err(refusal).map(|stored| wit::StoredVersion {
            version_id: stored.version_id,
            version_stages: stored.version_stages,
        }))
    }

    async fn describe_secret(
        &mut self,
        secret_id: String,
    ) -> wasmtime::Result<Result<wit::Description, wit::Error>> {
        self.begin("secrets.describe-secret")?;
        let answer = self.secrets.describe_secret(DescribeSecretRequest { secret_id }).await;
        self.end();
        Ok(answer.map_err(refusal).map(|found| wit::Description {
            arn: found.arn,
            name: found.name,
            rotation_enabled: found.rotation_enabled.unwrap_or(false),
            versions: found
                .version_ids_to_stages
                .unwrap_or_default()
                .into_iter()
                .map(|(version_id, stages)| wit::VersionStages { version_id, stages })
                .collect(),
        }))
    }

    async fn update_secret_version_stage(
        &mut self,
        secret_id: String,
        version_stage: String,
        move_to_version_id: Option<String>,
        remove_from_version_id: Option<String>,
    ) -> wasmtime::Result<Result<(), wit::Error>> {
        self.begin("secrets.update-secret-version-stage")?;
        let request = UpdateSecretVersionStageRequest {
            secret_id,
            version_stage,
            remove_from_version_id,
            move_to_version_id,
        };
        let answer = self.secrets.update_secret_version_stage(request).await;
        self.end();
        Ok(answer.map(drop).map_err(refusal))
    }

    async fn get_random_password(
        &mut self,
        request: wit::RandomPasswordRequest,
    ) -> wasmtime::Result<Result<String, wit::Error>> {
        self.begin("secrets.get-random-password")?;
        let request = GetRandomPasswordRequest {
            password_length: request
                .length
                .map_or(GetRandomPasswordRequest::default().password_length, |length| length as usize),
            exclude_characters: request.exclude_characters,
            exclude_numbers: request.exclude_numbers,
            exclude_punctuation: request.exclude_punctuation,
            exclude_uppercase: request.exclude_uppercase,
            exclude_lowercase: request.exclude_lowercase,
            include_space: request.include_space,
            require_each_included_type: request.require_each_included_type,
        };
        let answer = self.secrets.get_random_password(request).await;
        self.end();
        Ok(answer.map_err(refusal).map(|made| {
            self.transcript.lock().redactor().learn(made.random_password.expose());
            made.random_password.expose().clone()
        }))
    }
}

/// The guest's copy. It lives in linear memory, which is wiped after the step.
fn to_guest(value: &SecretValue) -> wit::SecretValue {
    match value {
        SecretValue::Text(text) => wit::SecretValue::Text(text.expose().clone()),
        SecretValue::Binary(bytes) => wit::SecretValue::Binary(bytes.expose().clone()),
    }
}

fn from_guest(value: wit::SecretValue) -> SecretValue {
    match value {
        wit::SecretValue::Text(text) => SecretValue::Text(text.into()),
        wit::SecretValue::Binary(bytes) => SecretValue::Binary(bytes.into()),
    }
}

const fn size_bytes(value: &SecretValue) -> usize {
    match value {
        SecretValue::Text(text) => text.expose().len(),
        SecretValue::Binary(bytes) => bytes.expose().len(),
    }
}

fn refusal(error: ApiError) -> wit::Error {
    wit::Error { code: error.code.as_str().to_owned(), message: error.message }
}
