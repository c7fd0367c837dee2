//! Loads records; what an action decides on.

use std::sync::Arc;

use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::rotation::Job;
use keywheel_domain::secret::{Scope, Secret, SecretId};
use serde::de::DeserializeOwned;

use super::access::{Access, Resource, named_secret_arn};
use super::keys::{self, DueEntry};
use super::values::read_only;
use super::{Caller, Operations, Seen};
use crate::store::{Entry, Key, Lookup, Revision, StoreError};

/// A record as it was stored.
pub(super) fn from_entry<T: DeserializeOwned>(key: Key, entry: &Entry) -> Result<Seen<T>, ApiError> {
    match serde_json::from_slice(&entry.value) {
        Ok(record) => Ok(Seen { key, revision: entry.revision, record }),
        Err(error) => {
            tracing::error!(
                ?key,
                line = error.line(),
                column = error.column(),
                "a stored record cannot be read"
            );
            Err(ApiError::internal())
        }
    }
}

impl Operations {
    /// Entries of the store in key order.
    pub async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, ApiError> {
        self.store.scan(from, to, limit).await.map_err(|error| store_failed(&error))
    }

    /// The record of a secret, to be read only. One that was read before is not parsed again.
    pub(super) async fn find_record(&self, key: Key) -> Result<Option<Arc<Seen<Secret>>>, ApiError> {
        let missed = match self.records.find(&key).await.map_err(|error| store_failed(&error))? {
            Lookup::Hit(seen) => return Ok(Some(seen)),
            Lookup::Miss(missed) => missed,
        };
        let Some(entry) = self.load_entry(&key).await? else { return Ok(None) };
        let seen = from_entry(key.clone(), &entry)?;
        Ok(Some(self.records.keep(key.clone(), missed, vec![(key, entry.revision)], seen)))
    }

    /// The secret that a caller names, also when it waits for deletion, to be read only, if the caller may do
    /// this with it. Who may not is not told whether it is there.
    pub(super) async fn find_secret(
        &self,
        caller: &Caller,
        access: &Access<'_>,
    ) -> Result<Arc<Seen<Secret>>, ApiError> {
        let secret_id = access.named.as_deref().unwrap_or_default();
        let id = SecretId::parse(secret_id)
            .map_err(|error| ApiError::new(ErrorCode::Validation, error.to_string()))?;
        let scope = caller.scope();
        let (place, name) = id.place(&scope);
        // Another account's secrets may be used by their full ARN, in the same region.
        let is_reachable =
            *place == scope || (matches!(id, SecretId::FullArn { .. }) && place.region == scope.region);
        let seen = if is_reachable { self.find_record(keys::secret(place, name)).await? } else { None };
        match seen.filter(|seen| id.means(&seen.record)) {
            Some(seen) => {
                self.authorize_on(caller, access, &Resource::secret(&seen.record))?;
                Ok(seen)
            }
            None => {
                let arn = named_secret_arn(&scope, secret_id);
                self.authorize_on(caller, access, &Resource::plain(arn, &place.account))?;
                Err(ApiError::secret_not_found())
            }
        }
    }

    /// The same, to be changed.
    pub(super) async fn load_secret(
        &self,
        caller: &Caller,
        access: &Access<'_>,
    ) -> Result<Seen<Secret>, ApiError> {
        self.find_secret(caller, access).await.map(Arc::unwrap_or_clone)
    }

    /// The secret that a caller names, to be changed: neither one that waits for deletion nor a replica.
    pub(super) async fn load_live_secret(
        &self,
        caller: &Caller,
        access: &Access<'_>,
    ) -> Result<Seen<Secret>, ApiError> {
        let seen = self.find_secret(caller, access).await?;
        check_live(&seen.record)?;
        if seen.record.is_replica() {
            return Err(read_only());
        }
        Ok(Arc::unwrap_or_clone(seen))
    }

    /// The secret with this full ARN.
    pub async fn secret_by_arn(&self, arn: &str) -> Result<Option<Seen<Secret>>, ApiError> {
        let Ok(SecretId::FullArn { scope, name, .. }) = SecretId::parse(arn) else { return Ok(None) };
        let seen = self.find_record(keys::secret(&scope, &name)).await?;
        Ok(seen.filter(|seen| seen.record.arn == arn).map(Arc::unwrap_or_clone))
    }

    /// The unfinished rotation of a secret.
    pub async fn load_job(&self, secret_arn: &str) -> Result<Option<Seen<Job>>, ApiError> {
        self.load(keys::job(secret_arn)).await
    }

    /// The ARN of the secret whose rotation waits for this approval.
    pub(super) async fn load_approval(&self, scope: &Scope, id: &str) -> Result<Option<String>, ApiError> {
        let entry = self.load_entry(&keys::approval(scope, id)).await?;
        Ok(entry.and_then(|entry| String::from_utf8(entry.value).ok()))
    }

    /// The revision of an entry of the due index, if it is there.
    pub(super) async fn load_due(&self, entry: &DueEntry) -> Result<Option<Revision>, ApiError> {
        let found = self.load_entry(&keys::due(entry)).await?;
        Ok(found.map(|entry| entry.revision))
    }

    /// The bytes of a sealed value, if it is there.
    pub(super) async fn load_value(
        &self,
        secret_arn: &str,
        version_id: &str,
    ) -> Result<Option<Vec<u8>>, ApiError> {
        let entry = self.load_entry(&keys::value(secret_arn, version_id)).await?;
        Ok(entry.map(|entry| entry.value))
    }

    pub(super) async fn load<T: DeserializeOwned>(&self, key: Key) -> Result<Option<Seen<T>>, ApiError> {
        let entry = self.load_entry(&key).await?;
        entry.map(|entry| from_entry(key, &entry)).transpose()
    }

    pub(super) async fn load_entry(&self, key: &Key) -> Result<Option<Entry>, ApiError> {
        self.store.load(key).await.map_err(|error| store_failed(&error))
    }
}

/// Refuses what waits for deletion.
pub(super) fn check_live(secret: &Secret) -> Result<(), ApiError> {
    if secret.deletion.is_none() {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::InvalidRequest,
        "You can't perform this operation on the secret because it was marked for deletion.",
    ))
}

pub(super) fn store_failed(error: &StoreError) -> ApiError {
    tracing::error!(%error, "the store cannot be read");
    ApiError::internal()
}
