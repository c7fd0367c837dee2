//! UpdateSecret.

use serde::Serialize;

use super::create_secret::TYPE_CHARS;
use super::members::{DESCRIPTION_CHARS, Members, SECRET_ID_CHARS, TOKEN_CHARS};
use super::{ApiError, Request, SecretValue};

/// Changes a secret's details, its value, or both.
#[derive(Clone, Debug)]
pub struct UpdateSecretRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// Becomes the new version's id.
    pub client_request_token: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// A new key; empty selects the default one.
    pub kms_key_id: Option<String>,
    /// A new value.
    pub value: Option<SecretValue>,
    /// The partner's name for a kind of managed external secret; empty for none.
    pub secret_type: Option<String>,
}

impl Request for UpdateSecretRequest {
    const NAME: &'static str = "UpdateSecret";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            client_request_token: members.text("ClientRequestToken", TOKEN_CHARS)?,
            description: members.text("Description", DESCRIPTION_CHARS)?,
            kms_key_id: members.text("KmsKeyId", DESCRIPTION_CHARS)?,
            value: members.secret_value()?,
            secret_type: members.text("Type", TYPE_CHARS)?,
        })
    }
}

/// The changed secret.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateSecretResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// The new version, when a value was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
}
