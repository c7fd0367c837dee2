//! DisassociateCrossAccountReplica.

use keywheel_domain::api::{
    ApiError, DisassociateCrossAccountReplicaRequest, DisassociateCrossAccountReplicaResponse, ErrorCode,
};
use keywheel_domain::replication::Following;

use super::access::Access;
use super::associate_cross_account_replica::check_replica_arn;
use super::change::Change;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};

impl Operations {
    /// No longer lets a secret of another account follow this one: it keeps the values that it has.
    pub async fn disassociate_cross_account_replica(
        &self,
        caller: &Caller,
        request: DisassociateCrossAccountReplicaRequest,
    ) -> Result<DisassociateCrossAccountReplicaResponse, ApiError> {
        let access = Access::secret("DisassociateCrossAccountReplica", &request.secret_id);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, &access).await?;
            check_replica_arn(&request.replica_arn, &seen.record)?;
            let now = self.clock.now();
            let mut after = seen.record.clone();
            after.replication.cross_account_replicas.retain(|replica| replica.arn != request.replica_arn);
            if after == seen.record {
                let told = "The secret has no such replica in another account.";
                return Err(ApiError::new(ErrorCode::InvalidRequest, told));
            }
            after.changed = now;
            let mut change = Change::new().update_secret(&seen, &after);
            if let Some(replica) = self.secret_by_arn(&request.replica_arn).await? {
                let mut alone = replica.record.clone();
                if let Some(primary) = &mut alone.replication.cross_account_primary
                    && primary.arn == after.arn
                {
                    primary.following = Following::Detached;
                    alone.changed = now;
                    change = change.update_secret(&replica, &alone);
                }
            }
            let detail = Some(format!("replica {}", request.replica_arn));
            let row =
                self.audit_row(&caller.arn(), "DisassociateCrossAccountReplica", &after.arn, None, detail);
            if self.commit(change.audit(&row)).await? {
                return Ok(DisassociateCrossAccountReplicaResponse {
                    arn: after.arn,
                    replica_arn: request.replica_arn,
                });
            }
        }
        Err(contended())
    }
}
