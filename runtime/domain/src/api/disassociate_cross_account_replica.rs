//! DisassociateCrossAccountReplica.

use serde::Serialize;

use super::associate_cross_account_replica::ARN_CHARS;
use super::members::{Members, SECRET_ID_CHARS};
use super::{ApiError, Request};

/// No longer lets a secret of another account follow this one.
#[derive(Clone, Debug)]
pub struct DisassociateCrossAccountReplicaRequest {
    /// Name or ARN of the primary.
    pub secret_id: String,
    /// The secret of the other account.
    pub replica_arn: String,
}

impl Request for DisassociateCrossAccountReplicaRequest {
    const NAME: &'static str = "DisassociateCrossAccountReplica";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            replica_arn: members.required_text("CrossAccountReplicaARN", ARN_CHARS)?,
        })
    }
}

/// Both secrets.
#[derive(Clone, Debug, Serialize)]
pub struct DisassociateCrossAccountReplicaResponse {
    /// The full ARN of the primary.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The full ARN of the replica.
    #[serde(rename = "CrossAccountReplicaARN")]
    pub replica_arn: String,
}
