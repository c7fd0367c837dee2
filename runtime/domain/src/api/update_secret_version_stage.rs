//! UpdateSecretVersionStage.

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS, STAGE_CHARS, TOKEN_CHARS};
use super::{ApiError, Request};

/// Moves a label from one version to another, or takes it off.
#[derive(Clone, Debug)]
pub struct UpdateSecretVersionStageRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// The label.
    pub version_stage: String,
    /// The version that loses it; must be the one that has it.
    pub remove_from_version_id: Option<String>,
    /// The version that gets it.
    pub move_to_version_id: Option<String>,
}

impl Request for UpdateSecretVersionStageRequest {
    const NAME: &'static str = "UpdateSecretVersionStage";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            version_stage: members.required_text("VersionStage", STAGE_CHARS)?,
            remove_from_version_id: members.text("RemoveFromVersionId", TOKEN_CHARS)?,
            move_to_version_id: members.text("MoveToVersionId", TOKEN_CHARS)?,
        })
    }
}

/// The secret whose label moved.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateSecretVersionStageResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
}
