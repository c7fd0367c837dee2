//! Takes what follows a secret along in the commit that changes it.
//!
//! Every change goes through [`Operations::commit`], and each changed primary in it brings its replicas: whoever
//! changed it, a caller, a rotation or the schedule. What a replica lacks is sealed anew for its own address.

use keywheel_domain::api::ApiError;
use keywheel_domain::secret::Secret;

use super::change::Change;
use super::{Operations, Seen, keys};

impl Operations {
    /// The change, with what it means for the replicas of the secrets in it. Each replica is expected as it was
    /// seen.
    pub(super) async fn with_followers(&self, mut change: Change) -> Result<Change, ApiError> {
        for primary in change.take_followed() {
            // Most secrets are followed by none.
            change = Box::pin(self.with_followers_of(change, &primary)).await?;
        }
        Ok(change)
    }

    async fn with_followers_of(&self, mut change: Change, primary: &Secret) -> Result<Change, ApiError> {
        for arn in primary.followers() {
            // One that this very change makes has everything, and may not be there yet.
            let Some(replica) = self.secret_by_arn(&arn).await? else { continue };
            if change.writes(&replica.key) {
                continue;
            }
            let after = primary.followed_by(&replica.record);
            change = self.give_values(change, primary, &replica.record, &after).await?;
            change = change.update_secret(&replica, &after);
        }
        Ok(change)
    }

    /// Adds the values that `after` has and `before` had not, sealed for the replica.
    pub(super) async fn give_values(
        &self,
        mut change: Change,
        primary: &Secret,
        before: &Secret,
        after: &Secret,
    ) -> Result<Change, ApiError> {
        for version in after.versions.iter().filter(|version| version.filled) {
            if before.versions.get(&version.id).is_some_and(|held| held.filled) {
                continue;
            }
            let stored = match change.value(&keys::value(&primary.arn, &version.id)) {
                Some(sealed) => Some(sealed.to_vec()),
                None => self.load_value(&primary.arn, &version.id).await?,
            };
            // One that is gone has gone with a later record of the primary: the commit conflicts.
            let Some(sealed) = stored else { continue };
            let value = self.unseal(primary, &version.id, &sealed).await?;
            change = change.put_value(&after.arn, &version.id, self.seal(after, &version.id, &value).await?);
        }
        Ok(change)
    }

    /// The replica in a region, if it still follows this primary.
    pub(super) async fn replica_of(
        &self,
        primary: &Secret,
        region: &str,
    ) -> Result<Option<Seen<Secret>>, ApiError> {
        let found = self.secret_by_arn(&primary.arn_in(region)).await?;
        let own = primary.scope.region.as_str();
        Ok(found.filter(|found| found.record.replication.primary_region.as_deref() == Some(own)))
    }
}
