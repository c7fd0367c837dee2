//! Loads records and writes them back in one batch, with the due index and the sealed values in step.

use std::sync::Arc;

use keywheel_domain::api::ApiError;
use keywheel_domain::rotation::Job;
use keywheel_domain::secret::{Secret, SecretId};
use keywheel_domain::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keys::{self, Due, DueEntry};
use super::{Caller, Operations};
use crate::audit::AuditRow;
use crate::store::{Batch, CommitError, Entry, Key, Revision};

/// A record as it was when it was loaded.
#[derive(Clone, Debug)]
pub struct Seen<T> {
    /// Where it is.
    pub key: Key,
    /// What a commit expects to find again.
    pub revision: Revision,
    /// What it says.
    pub record: T,
}

impl Seen<Secret> {
    /// The record as an action leaves it, stamped when anything differs.
    pub(super) fn stamped(&self, after: Secret, now: Timestamp) -> Secret {
        if after == self.record { after } else { Secret { changed: now, ..after } }
    }
}

/// A batch in the making. Each record that goes in is expected to be as it was seen, and one that did
/// not change is not written.
#[derive(Default)]
pub struct Change {
    batch: Batch,
}

impl Change {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a new secret, where there must be none.
    #[must_use]
    pub fn create_secret(mut self, secret: &Secret) -> Self {
        let key = keys::secret(&secret.scope, &secret.name);
        self.batch = self.batch.expect(key.clone(), None);
        self.put_secret(key, None, secret)
    }

    /// Whether nothing would be written.
    pub(super) const fn is_empty(&self) -> bool {
        self.batch.puts.is_empty() && self.batch.deletes.is_empty()
    }

    /// Writes a secret over the one that was seen, and removes the values of versions that are gone.
    #[must_use]
    pub fn update_secret(mut self, seen: &Seen<Secret>, after: &Secret) -> Self {
        self.batch = self.batch.expect(seen.key.clone(), Some(seen.revision));
        if *after == seen.record {
            return self;
        }
        for version in seen.record.versions.iter().filter(|version| version.filled) {
            if after.versions.get(&version.id).is_none() {
                self.batch = self.batch.delete(keys::value(&after.arn, &version.id));
            }
        }
        self.put_secret(seen.key.clone(), Some(&seen.record), after)
    }

    /// Removes the secret that was seen, with all its values. Its history and its audit rows stay.
    #[must_use]
    pub fn remove_secret(mut self, seen: &Seen<Secret>) -> Self {
        self.batch = self.batch.expect(seen.key.clone(), Some(seen.revision)).delete(seen.key.clone());
        for version in seen.record.versions.iter().filter(|version| version.filled) {
            self.batch = self.batch.delete(keys::value(&seen.record.arn, &version.id));
        }
        self.reindex(due_of_secret(&seen.record), Vec::new())
    }

    /// Stores a sealed value.
    #[must_use]
    pub fn put_value(mut self, secret_arn: &str, version_id: &str, sealed: Vec<u8>) -> Self {
        self.batch = self.batch.put(keys::value(secret_arn, version_id), sealed);
        self
    }

    /// Writes a new job, where there must be none.
    #[must_use]
    pub fn create_job(mut self, job: &Job) -> Self {
        let key = keys::job(&job.secret_arn);
        self.batch = self.batch.expect(key.clone(), None);
        self.put_job(key, None, job)
    }

    /// Writes a job over the one that was seen; one that has ended becomes history.
    #[must_use]
    pub fn update_job(mut self, seen: &Seen<Job>, after: &Job) -> Self {
        self.batch = self.batch.expect(seen.key.clone(), Some(seen.revision));
        if *after == seen.record {
            return self;
        }
        if after.end().is_none() {
            return self.put_job(seen.key.clone(), Some(&seen.record), after);
        }
        let history = keys::history(&after.secret_arn, after.requested, &after.token);
        self.batch = self.batch.delete(seen.key.clone()).put(history, to_bytes(after));
        self.reindex(due_of_job(&seen.record), Vec::new())
    }

    /// Writes only if this job is still as it was seen.
    #[must_use]
    pub fn expect_job(mut self, seen: Option<&Seen<Job>>) -> Self {
        if let Some(seen) = seen {
            self.batch = self.batch.expect(seen.key.clone(), Some(seen.revision));
        }
        self
    }

    /// Stores the log of an invocation.
    #[must_use]
    pub fn put_log(mut self, key: Key, log: Vec<u8>) -> Self {
        self.batch = self.batch.put(key, log);
        self
    }

    /// Removes an entry that is only there to be found, a log or an old history.
    #[must_use]
    pub fn remove(mut self, key: Key) -> Self {
        self.batch = self.batch.delete(key);
        self
    }

    /// Removes an entry of the due index that is as it was seen.
    #[must_use]
    pub fn remove_due(mut self, entry: &DueEntry, seen: Revision) -> Self {
        let key = keys::due(entry);
        self.batch = self.batch.expect(key.clone(), Some(seen)).delete(key);
        self
    }

    /// Adds an audit row.
    #[must_use]
    pub fn audit(mut self, row: &AuditRow) -> Self {
        self.batch = self.batch.put(row.key(), to_bytes(row));
        self
    }

    fn put_secret(mut self, key: Key, before: Option<&Secret>, after: &Secret) -> Self {
        self.batch = self.batch.put(key, to_bytes(after));
        self.reindex(before.map(due_of_secret).unwrap_or_default(), due_of_secret(after))
    }

    fn put_job(mut self, key: Key, before: Option<&Job>, after: &Job) -> Self {
        self.batch = self.batch.put(key, to_bytes(after));
        self.reindex(before.map(due_of_job).unwrap_or_default(), due_of_job(after))
    }

    fn reindex(mut self, before: Vec<DueEntry>, after: Vec<DueEntry>) -> Self {
        for entry in before.iter().filter(|entry| !after.contains(entry)) {
            self.batch = self.batch.delete(keys::due(entry));
        }
        for entry in after.iter().filter(|entry| !before.contains(entry)) {
            self.batch = self.batch.put(keys::due(entry), due_record(entry));
        }
        self
    }
}

/// When a secret has to be looked at: derived from its record, so that index and record agree.
pub(super) fn due_of_secret(secret: &Secret) -> Vec<DueEntry> {
    let rotation = secret.rotation.as_ref().and_then(|rotation| rotation.next);
    let rotation = rotation.map(|slot| (slot.starts, Due::Rotation));
    let purge = secret.deletion.as_ref().map(|deletion| (deletion.due, Due::Purge));
    [rotation, purge]
        .into_iter()
        .flatten()
        .map(|(at, due)| DueEntry { at, due, secret_arn: secret.arn.clone() })
        .collect()
}

pub(super) fn due_of_job(job: &Job) -> Vec<DueEntry> {
    job.due()
        .map(|at| DueEntry { at, due: Due::Job, secret_arn: job.secret_arn.clone() })
        .into_iter()
        .collect()
}

/// The key says it all; a store may not keep empty values.
fn due_record(_: &DueEntry) -> Vec<u8> {
    vec![1]
}

/// A record as it is stored.
pub(super) fn to_bytes<T: Serialize>(record: &T) -> Vec<u8> {
    serde_json::to_vec(record).expect("records have text keys and no failing serializer")
}

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
    pub(super) async fn load<T: DeserializeOwned>(&self, key: Key) -> Result<Option<Seen<T>>, ApiError> {
        match self.store.load(&key).await {
            Ok(entry) => entry.map(|entry| from_entry(key, &entry)).transpose(),
            Err(error) => Err(store_failed(&error)),
        }
    }

    /// Entries of the store in key order.
    pub async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, ApiError> {
        self.store.scan(from, to, limit).await.map_err(|error| store_failed(&error))
    }

    /// The record of a secret. One that was read before is not parsed again.
    pub(super) async fn load_record(&self, key: Key) -> Result<Option<Seen<Secret>>, ApiError> {
        let found = self.store.load(&key).await.map_err(|error| store_failed(&error))?;
        let Some(entry) = found else { return Ok(None) };
        if let Some(record) = self.records.get(&key, entry.revision) {
            return Ok(Some(Seen { key, revision: entry.revision, record: Secret::clone(&record) }));
        }
        let seen: Seen<Secret> = from_entry(key.clone(), &entry)?;
        self.records.put(key, seen.revision, Arc::new(seen.record.clone()));
        Ok(Some(seen))
    }

    /// The secret that a caller names, also when it waits for deletion.
    pub(super) async fn load_secret(
        &self,
        caller: &Caller,
        secret_id: &str,
    ) -> Result<Seen<Secret>, ApiError> {
        let id = parse_secret_id(secret_id)?;
        let scope = caller.scope();
        let (place, name) = id.place(&scope);
        if *place != scope {
            return Err(ApiError::secret_not_found());
        }
        let seen = self.load_record(keys::secret(place, name)).await?;
        seen.filter(|seen| id.means(&seen.record)).ok_or_else(ApiError::secret_not_found)
    }

    /// The secret that a caller names, unless it waits for deletion.
    pub(super) async fn load_live_secret(
        &self,
        caller: &Caller,
        secret_id: &str,
    ) -> Result<Seen<Secret>, ApiError> {
        let seen = self.load_secret(caller, secret_id).await?;
        if seen.record.deletion.is_some() {
            return Err(ApiError::new(
                keywheel_domain::api::ErrorCode::InvalidRequest,
                "You can't perform this operation on the secret because it was marked for deletion.",
            ));
        }
        Ok(seen)
    }

    /// The secret with this full ARN.
    pub async fn secret_by_arn(&self, arn: &str) -> Result<Option<Seen<Secret>>, ApiError> {
        let Ok(SecretId::FullArn { scope, name, .. }) = SecretId::parse(arn) else { return Ok(None) };
        let seen = self.load_record(keys::secret(&scope, &name)).await?;
        Ok(seen.filter(|seen| seen.record.arn == arn))
    }

    /// The unfinished rotation of a secret.
    pub async fn load_job(&self, secret_arn: &str) -> Result<Option<Seen<Job>>, ApiError> {
        self.load(keys::job(secret_arn)).await
    }

    /// The revision of an entry of the due index, if it is there.
    pub(super) async fn load_due(&self, entry: &DueEntry) -> Result<Option<Revision>, ApiError> {
        let found = self.store.load(&keys::due(entry)).await.map_err(|error| store_failed(&error))?;
        Ok(found.map(|entry| entry.revision))
    }

    /// The bytes of a sealed value.
    pub(super) async fn load_value(&self, secret_arn: &str, version_id: &str) -> Result<Vec<u8>, ApiError> {
        match self.store.load(&keys::value(secret_arn, version_id)).await {
            Ok(Some(entry)) => Ok(entry.value),
            Ok(None) => {
                tracing::error!(secret_arn, version_id, "a version says it has a value, and there is none");
                Err(ApiError::internal())
            }
            Err(error) => Err(store_failed(&error)),
        }
    }

    /// Commits; `false` when something is not as it was seen: load and decide again.
    pub async fn commit(&self, change: Change) -> Result<bool, ApiError> {
        match self.store.commit(change.batch).await {
            Ok(_) => Ok(true),
            Err(CommitError::Conflict { .. }) => Ok(false),
            Err(error) => {
                tracing::error!(%error, "a change was not stored");
                Err(ApiError::internal())
            }
        }
    }

    /// An audit row of an action.
    pub fn audit_row(
        &self,
        caller_arn: &str,
        event: &str,
        secret_arn: &str,
        version_id: Option<&str>,
        detail: Option<String>,
    ) -> AuditRow {
        AuditRow {
            at: self.clock.now(),
            id: crate::entropy::uuid(self.entropy.as_ref()),
            event: event.to_owned(),
            caller: caller_arn.to_owned(),
            secret_arn: secret_arn.to_owned(),
            version_id: version_id.map(str::to_owned),
            detail,
        }
    }
}

fn parse_secret_id(secret_id: &str) -> Result<SecretId, ApiError> {
    SecretId::parse(secret_id)
        .map_err(|error| ApiError::new(keywheel_domain::api::ErrorCode::Validation, error.to_string()))
}

fn store_failed(error: &crate::store::StoreError) -> ApiError {
    tracing::error!(%error, "the store cannot be read");
    ApiError::internal()
}
