//! StopReplicationToReplica.

use keywheel_domain::api::{
    ApiError, ErrorCode, StopReplicationToReplicaRequest, StopReplicationToReplicaResponse,
};
use keywheel_domain::secret::Secret;

use super::access::Access;
use super::change::Change;
use super::load::check_live;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};

impl Operations {
    /// Makes a replica a secret of its own, and takes it off its primary, in one commit.
    pub async fn stop_replication_to_replica(
        &self,
        caller: &Caller,
        request: StopReplicationToReplicaRequest,
    ) -> Result<StopReplicationToReplicaResponse, ApiError> {
        let access = Access::secret("StopReplicationToReplica", &request.secret_id);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_secret(caller, &access).await?;
            check_live(&seen.record)?;
            let now = self.clock.now();
            let mut after = Secret { changed: now, ..seen.record.clone() };
            let primary_arn = match (
                after.replication.primary_region.take(),
                after.replication.cross_account_primary.take(),
            ) {
                (Some(region), _) => seen.record.arn_in(&region),
                (None, Some(primary)) => primary.arn,
                (None, None) => {
                    let told = "The secret isn't a replica: make this call in the Region of the replica.";
                    return Err(ApiError::new(ErrorCode::InvalidRequest, told));
                }
            };
            let row = self.audit_row(&caller.arn(), "StopReplicationToReplica", &after.arn, None, None);
            let mut change = Change::new().update_secret(&seen, &after).audit(&row);
            if let Some(primary) = self.secret_by_arn(&primary_arn).await? {
                let mut alone = Secret { changed: now, ..primary.record.clone() };
                let own = after.scope.region.as_str();
                if after.scope.account == alone.scope.account {
                    alone.replication.replicas.retain(|replica| replica.region != own);
                }
                for replica in &mut alone.replication.cross_account_replicas {
                    replica.detached |= replica.arn == after.arn;
                }
                if alone.replication != primary.record.replication {
                    change = change.update_secret(&primary, &alone);
                }
            }
            if self.commit(change).await? {
                return Ok(StopReplicationToReplicaResponse { arn: after.arn });
            }
        }
        Err(contended())
    }
}
