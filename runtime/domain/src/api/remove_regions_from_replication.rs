//! RemoveRegionsFromReplication.

use super::members::{Members, SECRET_ID_CHARS};
use super::replicate_secret_to_regions::{REGION_CHARS, check_region};
use super::{ApiError, ReplicateSecretToRegionsResponse, Request};
use crate::replication::REPLICAS_MAX;

/// Removes the replicas of a secret in some regions.
#[derive(Clone, Debug)]
pub struct RemoveRegionsFromReplicationRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// Where the replicas are.
    pub regions: Vec<String>,
}

impl Request for RemoveRegionsFromReplicationRequest {
    const NAME: &'static str = "RemoveRegionsFromReplication";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let secret_id = members.required_text("SecretId", SECRET_ID_CHARS)?;
        let regions = members.list("RemoveReplicaRegions", 1..=REPLICAS_MAX, REGION_CHARS)?;
        let regions = members.require("RemoveReplicaRegions", regions).unwrap_or_default();
        for region in &regions {
            check_region(members, "RemoveReplicaRegions", Some(region));
        }
        Ok(Self { secret_id, regions })
    }
}

/// The primary, and how the replicas that are left are doing.
pub type RemoveRegionsFromReplicationResponse = ReplicateSecretToRegionsResponse;
