//! One secret in memory, as a rotation function sees it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use keywheel_domain::api::*;
use keywheel_domain::time::Timestamp;
use keywheel_host::Secrets;

pub(crate) const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-AbCdEf";
const NAME: &str = "app";
/// The version that is current at first.
const FIRST: &str = "first";
/// What the one password that is ever made looks like.
pub(crate) const MADE: &str = "Made0by1the2host3and4never5said";

struct Version {
    value: SecretValue,
    stages: Vec<String>,
}

pub(crate) struct InMemory(Mutex<BTreeMap<String, Version>>);

impl InMemory {
    pub(crate) fn new(value: &str) -> Self {
        let first = Version { value: text(value), stages: vec!["AWSCURRENT".to_owned()] };
        Self(Mutex::new(BTreeMap::from([(FIRST.to_owned(), first)])))
    }

    /// The text under a stage.
    pub(crate) fn value(&self, stage: &str) -> Option<String> {
        let versions = self.versions();
        let version = versions.values().find(|version| version.has(stage))?;
        match &version.value {
            SecretValue::Text(text) => Some(text.expose().clone()),
            SecretValue::Binary(_) => None,
        }
    }

    fn versions(&self) -> MutexGuard<'_, BTreeMap<String, Version>> {
        self.0.lock().expect("no test panics while it holds the lock")
    }
}

impl Version {
    fn has(&self, stage: &str) -> bool {
        self.stages.iter().any(|known| known == stage)
    }
}

fn text(value: &str) -> SecretValue {
    SecretValue::Text(value.to_owned().into())
}

fn known(secret_id: &str) -> Result<(), ApiError> {
    if [ARN, NAME].contains(&secret_id) {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::AccessDenied, format!("not authorized to read `{secret_id}`")))
}

#[async_trait]
impl Secrets for InMemory {
    async fn get_secret_value(
        &self,
        request: GetSecretValueRequest,
    ) -> Result<GetSecretValueResponse, ApiError> {
        known(&request.secret_id)?;
        let stage =
            request.version_stage.or_else(|| request.version_id.is_none().then(|| "AWSCURRENT".into()));
        let versions = self.versions();
        let found = versions.iter().find(|(id, version)| {
            request.version_id.as_ref().is_none_or(|wanted| wanted == *id)
                && stage.as_ref().is_none_or(|stage| version.has(stage))
        });
        let (id, version) = found.ok_or_else(ApiError::secret_not_found)?;
        Ok(GetSecretValueResponse {
            arn: ARN.to_owned(),
            name: NAME.to_owned(),
            version_id: id.clone(),
            value: version.value.clone(),
            version_stages: version.stages.clone(),
            created_date: Timestamp::default(),
        })
    }

    async fn put_secret_value(
        &self,
        request: PutSecretValueRequest,
    ) -> Result<PutSecretValueResponse, ApiError> {
        known(&request.secret_id)?;
        let id = request.client_request_token.expect("the host sends a token");
        let stages = request.version_stages.expect("rotators name stages");
        let version =
            Version { value: request.value.expect("the host sends a value"), stages: stages.clone() };
        self.versions().insert(id.clone(), version);
        Ok(PutSecretValueResponse {
            arn: ARN.to_owned(),
            name: NAME.to_owned(),
            version_id: id,
            version_stages: stages,
        })
    }

    async fn describe_secret(
        &self,
        request: DescribeSecretRequest,
    ) -> Result<DescribeSecretResponse, ApiError> {
        known(&request.secret_id)?;
        let stages =
            self.versions().iter().map(|(id, version)| (id.clone(), version.stages.clone())).collect();
        Ok(DescribeSecretResponse {
            arn: ARN.to_owned(),
            name: NAME.to_owned(),
            rotation_enabled: Some(true),
            version_ids_to_stages: Some(stages),
            ..DescribeSecretResponse::default()
        })
    }

    async fn update_secret_version_stage(
        &self,
        request: UpdateSecretVersionStageRequest,
    ) -> Result<UpdateSecretVersionStageResponse, ApiError> {
        known(&request.secret_id)?;
        for (id, version) in self.versions().iter_mut() {
            version.stages.retain(|stage| *stage != request.version_stage);
            if request.move_to_version_id.as_ref() == Some(id) {
                version.stages.push(request.version_stage.clone());
            }
        }
        Ok(UpdateSecretVersionStageResponse { arn: ARN.to_owned(), name: NAME.to_owned() })
    }

    async fn get_random_password(
        &self,
        _: GetRandomPasswordRequest,
    ) -> Result<GetRandomPasswordResponse, ApiError> {
        Ok(GetRandomPasswordResponse { random_password: MADE.to_owned().into() })
    }
}
