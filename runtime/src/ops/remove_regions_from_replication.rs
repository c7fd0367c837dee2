//! RemoveRegionsFromReplication.

use keywheel_domain::api::{
    ApiError, RemoveRegionsFromReplicationRequest, RemoveRegionsFromReplicationResponse,
};

use super::access::Access;
use super::change::Change;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};

impl Operations {
    /// Removes replicas, each with what the primary knows of it in a commit of its own. A region without one
    /// is no error, so that a request whose answer was lost can be sent again.
    pub async fn remove_regions_from_replication(
        &self,
        caller: &Caller,
        request: RemoveRegionsFromReplicationRequest,
    ) -> Result<RemoveRegionsFromReplicationResponse, ApiError> {
        let access = Access::secret("RemoveRegionsFromReplication", &request.secret_id);
        let secret = self.load_live_secret(caller, &access).await?.record;
        for region in &request.regions {
            self.remove_replica(caller, &access.on(&secret.arn), region).await?;
        }
        let secret = self.load_live_secret(caller, &access.on(&secret.arn)).await?.record;
        let replication_status = self.replication_status(&secret).await?;
        Ok(RemoveRegionsFromReplicationResponse { arn: secret.arn, replication_status })
    }

    async fn remove_replica(
        &self,
        caller: &Caller,
        access: &Access<'_>,
        region: &str,
    ) -> Result<(), ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, access).await?;
            let mut after = seen.record.clone();
            let held = after.replication.replicas.iter().position(|replica| replica.region == region);
            let Some(held) = held else { return Ok(()) };
            let removed = after.replication.replicas.remove(held);
            after.changed = self.clock.now();
            let mut change = Change::new();
            if removed.failure.is_none()
                && let Some(replica) = self.replica_of(&seen.record, region).await?
            {
                change = change.remove_secret(&replica);
            }
            let detail = Some(format!("region {region}"));
            let row = self.audit_row(&caller.arn(), "RemoveRegionsFromReplication", &after.arn, None, detail);
            if self.commit(change.update_secret(&seen, &after).audit(&row)).await? {
                return Ok(());
            }
        }
        Err(contended())
    }
}
