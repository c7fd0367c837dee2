//! CreateSecret.

use serde::Serialize;

use super::members::{DESCRIPTION_CHARS, Members, TOKEN_CHARS};
use super::{ApiError, Request, SecretValue, Tag};

/// Makes a secret, with or without a first value.
#[derive(Clone, Debug)]
pub struct CreateSecretRequest {
    /// The friendly name.
    pub name: String,
    /// Becomes the first version's id.
    pub client_request_token: Option<String>,
    /// What the owner writes.
    pub description: Option<String>,
    /// The key to seal with; the default one when absent.
    pub kms_key_id: Option<String>,
    /// The first value.
    pub value: Option<SecretValue>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Whether the request names replica regions.
    pub add_replica_regions: bool,
}

impl Request for CreateSecretRequest {
    const NAME: &'static str = "CreateSecret";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            name: members.required_text("Name", 1..=512)?,
            client_request_token: members.text("ClientRequestToken", TOKEN_CHARS)?,
            description: members.text("Description", DESCRIPTION_CHARS)?,
            kms_key_id: members.text("KmsKeyId", DESCRIPTION_CHARS)?,
            value: members.secret_value()?,
            tags: Tag::read_list(members)?.unwrap_or_default(),
            add_replica_regions: members
                .structures("AddReplicaRegions", 1..=usize::MAX, |_| Ok(()))?
                .is_some(),
        })
    }
}

/// The new secret.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSecretResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// The first version, when a value was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
}
