//! StopReplicationToReplica.

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS};
use super::{ApiError, Request};

/// Makes a replica a secret of its own. Called where the replica is.
#[derive(Clone, Debug)]
pub struct StopReplicationToReplicaRequest {
    /// Name or ARN of the replica.
    pub secret_id: String,
}

impl Request for StopReplicationToReplicaRequest {
    const NAME: &'static str = "StopReplicationToReplica";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { secret_id: members.required_text("SecretId", SECRET_ID_CHARS)? })
    }
}

/// The secret that was a replica.
#[derive(Clone, Debug, Serialize)]
pub struct StopReplicationToReplicaResponse {
    /// Its full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
}
