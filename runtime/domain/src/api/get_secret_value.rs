//! GetSecretValue.

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS, STAGE_CHARS, TOKEN_CHARS};
use super::value::expose;
use super::{ApiError, Request, SecretValue};
use crate::time::{Timestamp, wire};

/// Reads the value of a version: by id, by label, by both, or `AWSCURRENT`.
#[derive(Clone, Debug)]
pub struct GetSecretValueRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// The version's id.
    pub version_id: Option<String>,
    /// A label of the version.
    pub version_stage: Option<String>,
}

impl Request for GetSecretValueRequest {
    const NAME: &'static str = "GetSecretValue";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            version_id: members.text("VersionId", TOKEN_CHARS)?,
            version_stage: members.text("VersionStage", STAGE_CHARS)?,
        })
    }
}

/// The value, and which version it is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSecretValueResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// The version's id.
    pub version_id: String,
    /// `SecretString` or `SecretBinary`.
    #[serde(flatten, serialize_with = "expose")]
    pub value: SecretValue,
    /// The version's labels; absent when it has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub version_stages: Vec<String>,
    /// When the version was made.
    #[serde(serialize_with = "wire::required")]
    pub created_date: Timestamp,
}
