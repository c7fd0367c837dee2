//! AssociateCrossAccountReplica.

use serde::Serialize;

use super::members::{Bounds, Members, SECRET_ID_CHARS};
use super::{ApiError, Request};
use crate::replication::ReplicaRestriction;

/// An ARN of a secret or of a role.
pub(super) const ARN_CHARS: Bounds = 20..=2048;

/// Lets a secret of another account, which was made for it, follow this one.
#[derive(Clone, Debug)]
pub struct AssociateCrossAccountReplicaRequest {
    /// Name or ARN of the primary.
    pub secret_id: String,
    /// The secret of the other account.
    pub replica_arn: String,
    /// Who may have the replica; `SameOrg` when absent.
    pub restriction: Option<ReplicaRestriction>,
    /// The role that replication is done under.
    pub role_arn: Option<String>,
}

impl Request for AssociateCrossAccountReplicaRequest {
    const NAME: &'static str = "AssociateCrossAccountReplica";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let words =
            [("SameOrg", ReplicaRestriction::SameOrg), ("NoRestriction", ReplicaRestriction::NoRestriction)];
        Ok(Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            replica_arn: members.required_text("CrossAccountReplicaARN", ARN_CHARS)?,
            restriction: members.word("ReplicaRestriction", &words)?,
            role_arn: members.text("ReplicationRoleARN", ARN_CHARS)?,
        })
    }
}

/// Both secrets, and how the replica is doing.
#[derive(Clone, Debug, Serialize)]
pub struct AssociateCrossAccountReplicaResponse {
    /// The full ARN of the primary.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The full ARN of the replica.
    #[serde(rename = "CrossAccountReplicaARN")]
    pub replica_arn: String,
    /// `InSync`.
    #[serde(rename = "ReplicationStatus")]
    pub replication_status: &'static str,
}
