//! PutSecretValue.

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS, STAGE_CHARS, TOKEN_CHARS};
use super::{ApiError, Request, SecretValue};
use crate::sensitive::Sensitive;

/// Adds a version, or fills the empty one that a rotation made.
#[derive(Clone, Debug)]
pub struct PutSecretValueRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// Becomes the version's id; a token means one value for ever.
    pub client_request_token: Option<String>,
    /// The value.
    pub value: Option<SecretValue>,
    /// Labels; `AWSCURRENT` when none are named.
    pub version_stages: Option<Vec<String>>,
    /// What the rotation event carried.
    pub rotation_token: Option<Sensitive<String>>,
}

impl Request for PutSecretValueRequest {
    const NAME: &'static str = "PutSecretValue";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let request = Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            client_request_token: members.text("ClientRequestToken", TOKEN_CHARS)?,
            value: members.secret_value()?,
            version_stages: members.list("VersionStages", 1..=20, STAGE_CHARS)?,
            rotation_token: members.text("RotationToken", 36..=256)?.map(Sensitive::new),
        };
        if let Some(token) = &request.rotation_token
            && !token.expose().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            members.violation("RotationToken", "satisfy regular expression pattern: ^[a-zA-Z0-9\\-]+$");
        }
        Ok(request)
    }
}

/// The version that now holds the value.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutSecretValueResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// The version's id.
    pub version_id: String,
    /// The version's labels; absent when it has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub version_stages: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_rotation_token() {
        let body = br#"{"SecretId":"app","SecretString":"x","RotationToken":"11111111-1111-4111-8111-111111111111"}"#;
        let request: PutSecretValueRequest = crate::api::decode(body).expect("a request");
        assert!(request.rotation_token.is_some() && !format!("{request:?}").contains("1111"), "{request:?}");
    }
}
