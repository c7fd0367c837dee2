//! AssociateCrossAccountReplica.

use keywheel_domain::api::{
    ApiError, AssociateCrossAccountReplicaRequest, AssociateCrossAccountReplicaResponse, ErrorCode,
};
use keywheel_domain::replication::{
    CROSS_ACCOUNT_REPLICAS_MAX, CrossAccountReplica, Following, is_cross_account,
};
use keywheel_domain::secret::Secret;

use super::access::Access;
use super::change::Change;
use super::values::check_own_values;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, Seen, contended};

impl Operations {
    /// Lets a secret of another account follow this one, if it was made for it: it gets the values in the same
    /// commit.
    pub async fn associate_cross_account_replica(
        &self,
        caller: &Caller,
        request: AssociateCrossAccountReplicaRequest,
    ) -> Result<AssociateCrossAccountReplicaResponse, ApiError> {
        let access = Access::secret("AssociateCrossAccountReplica", &request.secret_id);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, &access).await?;
            check_own_values(&seen.record)?;
            check_replica_arn(&request.replica_arn, &seen.record)?;
            let replica = self.meant_replica(&seen.record, &request.replica_arn).await?;
            let now = self.clock.now();
            let mut after = seen.record.clone();
            let associated = CrossAccountReplica {
                arn: request.replica_arn.clone(),
                restriction: request.restriction.unwrap_or_default(),
                role_arn: request.role_arn.clone(),
                detached: false,
            };
            let others = &mut after.replication.cross_account_replicas;
            match others.iter_mut().find(|other| other.arn == associated.arn) {
                Some(other) => *other = associated,
                None => others.push(associated),
            }
            if others.len() > CROSS_ACCOUNT_REPLICAS_MAX {
                let told = format!(
                    "A secret can have at most {CROSS_ACCOUNT_REPLICAS_MAX} replicas in other accounts."
                );
                return Err(ApiError::new(ErrorCode::LimitExceeded, told));
            }
            let after = seen.stamped(after, now);
            let mut following = after.followed_by(&replica.record);
            if let Some(primary) = &mut following.replication.cross_account_primary {
                primary.following = Following::InSync;
            }
            following.changed = now;
            let change = self.give_values(Change::new(), &after, &replica.record, &following).await?;
            let change = change.update_secret(&replica, &following).update_secret(&seen, &after);
            let detail = Some(format!("replica {}", request.replica_arn));
            let row = self.audit_row(&caller.arn(), "AssociateCrossAccountReplica", &after.arn, None, detail);
            if self.commit(change.audit(&row)).await? {
                return Ok(AssociateCrossAccountReplicaResponse {
                    arn: after.arn,
                    replica_arn: request.replica_arn,
                    replication_status: "InSync",
                });
            }
        }
        Err(contended())
    }

    /// The secret of the other account, which must have been made to follow `primary`.
    async fn meant_replica(&self, primary: &Secret, arn: &str) -> Result<Seen<Secret>, ApiError> {
        let found = self.secret_by_arn(arn).await?.ok_or_else(ApiError::secret_not_found)?;
        let follows = found.record.replication.cross_account_primary.as_ref();
        if follows.is_some_and(|follows| follows.arn == primary.arn) && found.record.deletion.is_none() {
            return Ok(found);
        }
        let told = "The replica secret wasn't created as a cross-account replica of this secret.";
        Err(ApiError::new(ErrorCode::InvalidRequest, told))
    }
}

/// Refuses what is no secret of another account in the same region.
pub(super) fn check_replica_arn(arn: &str, primary: &Secret) -> Result<(), ApiError> {
    if is_cross_account(arn, &primary.scope) {
        return Ok(());
    }
    let told = "CrossAccountReplicaARN must be the complete ARN of a secret in another account and in the same \
                Region.";
    Err(ApiError::new(ErrorCode::InvalidParameter, told))
}
