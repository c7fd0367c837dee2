//! ReplicateSecretToRegions.

use std::sync::Arc;

use keywheel_domain::api::{
    ApiError, ErrorCode, NewReplicas, ReplicaRegion, ReplicateSecretToRegionsRequest,
    ReplicateSecretToRegionsResponse, ReplicationStatus,
};
use keywheel_domain::replication::{NAME_TAKEN, REPLICAS_MAX};
use keywheel_domain::rotation::End;
use keywheel_domain::secret::{Scope, Secret};
use keywheel_domain::time::Timestamp;

use super::access::Access;
use super::change::Change;
use super::values::check_own_values;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, Seen, contended, keys};

impl Operations {
    /// Makes replicas, each in a commit of its own: it holds the replica, its values and what the primary
    /// knows of it. A process that dies in between has made some of them, and the same request makes the rest.
    pub async fn replicate_secret_to_regions(
        &self,
        caller: &Caller,
        request: ReplicateSecretToRegionsRequest,
    ) -> Result<ReplicateSecretToRegionsResponse, ApiError> {
        let access = Access::secret("ReplicateSecretToRegions", &request.secret_id);
        let access = with_replicas(access, &request.replicas);
        let secret = self.load_live_secret(caller, &access).await?.record;
        check_own_values(&secret)?;
        check_regions(&secret, &request.replicas)?;
        self.check_replica_keys(caller, &secret.scope, &request.replicas).await?;
        for place in &request.replicas.regions {
            self.replicate(caller, &access.on(&secret.arn), place, request.replicas.force_overwrite).await?;
        }
        let secret = self.load_live_secret(caller, &access.on(&secret.arn)).await?.record;
        let replication_status = self.replication_status(&secret).await?;
        Ok(ReplicateSecretToRegionsResponse { arn: secret.arn, replication_status })
    }

    /// Checks that the keys that replicas are to have are there, in the regions of the replicas.
    pub(super) async fn check_replica_keys(
        &self,
        caller: &Caller,
        primary: &Scope,
        replicas: &NewReplicas,
    ) -> Result<(), ApiError> {
        for place in &replicas.regions {
            let there = Caller { region: place.region.clone(), ..caller.clone() };
            let scope = Scope { region: place.region.clone(), ..primary.clone() };
            self.check_key(&there, &scope, place.kms_key_id.as_deref()).await?;
        }
        Ok(())
    }

    async fn replicate(
        &self,
        caller: &Caller,
        access: &Access<'_>,
        place: &ReplicaRegion,
        force: bool,
    ) -> Result<(), ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, access).await?;
            let now = self.clock.now();
            let mut after = seen.record.clone();
            let change = self.place_replica(caller, Change::new(), &mut after, place, (force, now)).await?;
            if after == seen.record {
                return Ok(());
            }
            after.changed = now;
            let detail = Some(format!("region {}", place.region));
            let row = self.audit_row(&caller.arn(), "ReplicateSecretToRegions", &after.arn, None, detail);
            if self.commit(change.update_secret(&seen, &after).audit(&row)).await? {
                return Ok(());
            }
        }
        Err(contended())
    }

    /// Adds a replica of `primary` to a change, and what came of it to the primary. A name that is taken in the
    /// region is no error: the replica failed.
    pub(super) async fn place_replica(
        &self,
        caller: &Caller,
        change: Change,
        primary: &mut Secret,
        place: &ReplicaRegion,
        (force, now): (bool, Timestamp),
    ) -> Result<Change, ApiError> {
        let region = place.region.as_str();
        let held = primary.replication.replicas.iter().find(|replica| replica.region == region);
        if held.is_some_and(|replica| replica.failure.is_none()) {
            return Ok(change);
        }
        let replica = primary.new_replica(place, now);
        let nothing = Secret::new(replica.scope.clone(), &replica.name, "", now);
        let there = self.find_record(keys::secret(&replica.scope, &replica.name)).await?;
        let (change, failure) = match there.map(Arc::unwrap_or_clone) {
            None => {
                self.quotas.take_secret(&replica.scope)?;
                (change.create_secret(&replica), None)
            }
            Some(there) if force && may_be_overwritten(&there.record) => {
                (self.overwrite(caller, change, &there, &replica, now).await?, None)
            }
            Some(there) => (change.expect_secret(&there), Some(NAME_TAKEN)),
        };
        primary.replication.replicas.retain(|replica| replica.region != region);
        primary.replication.replicas.push(place.made(failure));
        match failure {
            None => self.give_values(change, primary, &nothing, &replica).await,
            Some(_) => Ok(change),
        }
    }

    /// Puts a replica where another secret was, which is gone as after a forced deletion.
    async fn overwrite(
        &self,
        caller: &Caller,
        mut change: Change,
        there: &Seen<Secret>,
        replica: &Secret,
        now: Timestamp,
    ) -> Result<Change, ApiError> {
        if let Some(job) = self.load_job(&there.record.arn).await? {
            let gone = there.record.clone();
            (change, _) = self.end_job(caller, change, gone, &job, End::Cancelled, now).await?;
        }
        let detail = Some("overwritten by a replica".to_owned());
        let row = self.audit_row(&caller.arn(), "DeleteSecret", &there.record.arn, None, detail);
        Ok(change.replace_secret(there, replica).audit(&row))
    }

    /// What is told of the replicas of a secret.
    pub(super) async fn replication_status(
        &self,
        secret: &Secret,
    ) -> Result<Vec<ReplicationStatus>, ApiError> {
        let mut accessed = std::collections::HashMap::new();
        for region in secret.replica_regions() {
            if let Some(replica) = self.replica_of(secret, region).await? {
                accessed.insert(region.to_owned(), replica.record.accessed);
            }
        }
        Ok(secret.replication_status(|region| accessed.get(region).copied().flatten()))
    }
}

/// What a request for replicas says for conditions.
pub(super) fn with_replicas<'a>(access: Access<'a>, replicas: &'a NewReplicas) -> Access<'a> {
    let regions = replicas.regions.iter().map(|place| place.region.as_str());
    access
        .with_all("secretsmanager:addreplicaregions", regions)
        .with_flag("secretsmanager:forceoverwritereplicasecret", replicas.force_overwrite)
}

/// What is a primary or a replica itself stays.
fn may_be_overwritten(secret: &Secret) -> bool {
    secret.replication.is_none()
}

/// Refuses regions that cannot have a replica of this secret.
pub(super) fn check_regions(secret: &Secret, replicas: &NewReplicas) -> Result<(), ApiError> {
    let mut regions = secret.replica_regions();
    for place in &replicas.regions {
        if place.region == secret.scope.region {
            return Err(ApiError::new(ErrorCode::InvalidParameter, "Invalid replica region."));
        }
        if !regions.contains(&place.region.as_str()) {
            regions.push(&place.region);
        }
    }
    if regions.len() > REPLICAS_MAX {
        let told = format!("A secret can have at most {REPLICAS_MAX} replicas.");
        return Err(ApiError::new(ErrorCode::InvalidParameter, told));
    }
    Ok(())
}
