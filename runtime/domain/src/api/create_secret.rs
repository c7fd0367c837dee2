//! CreateSecret.

use serde::Serialize;

use super::associate_cross_account_replica::ARN_CHARS;
use super::members::{Bounds, DESCRIPTION_CHARS, Members, TOKEN_CHARS};
use super::{ApiError, NewReplicas, ReplicationStatus, Request, SecretValue, Tag};

/// `Type`.
pub(super) const TYPE_CHARS: Bounds = 0..=256;

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
    /// Where to replicate it.
    pub replicas: NewReplicas,
    /// The partner's name for a kind of managed external secret.
    pub secret_type: Option<String>,
    /// The secret of another account that this one is to follow.
    pub cross_account_primary_arn: Option<String>,
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
            replicas: NewReplicas::read(members)?.unwrap_or_default(),
            secret_type: members.text("Type", TYPE_CHARS)?.filter(|text| !text.is_empty()),
            cross_account_primary_arn: members.text("CrossAccountPrimaryARN", ARN_CHARS)?,
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
    /// Each replica; absent when none was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replication_status: Vec<ReplicationStatus>,
}
