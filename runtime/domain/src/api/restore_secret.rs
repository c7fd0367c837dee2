//! RestoreSecret.

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS};
use super::{ApiError, Request};

/// Takes back a scheduled deletion.
#[derive(Clone, Debug)]
pub struct RestoreSecretRequest {
    /// Name or ARN.
    pub secret_id: String,
}

impl Request for RestoreSecretRequest {
    const NAME: &'static str = "RestoreSecret";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { secret_id: members.required_text("SecretId", SECRET_ID_CHARS)? })
    }
}

/// The restored secret.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RestoreSecretResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
}
