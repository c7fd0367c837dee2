//! CancelRotateSecret.

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS};
use super::{ApiError, Request};

/// Turns automatic rotation off and ends a rotation that runs.
#[derive(Clone, Debug)]
pub struct CancelRotateSecretRequest {
    /// Name or ARN.
    pub secret_id: String,
}

impl Request for CancelRotateSecretRequest {
    const NAME: &'static str = "CancelRotateSecret";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { secret_id: members.required_text("SecretId", SECRET_ID_CHARS)? })
    }
}

/// The secret, and the version that the ended rotation left behind, if any.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CancelRotateSecretResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// The partial version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
}
