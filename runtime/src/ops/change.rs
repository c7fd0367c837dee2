//! Writes records back in one batch, with the due index and the sealed values in step.

use keywheel_domain::api::ApiError;
use keywheel_domain::rotation::Job;
use keywheel_domain::secret::{Scope, Secret};
use keywheel_domain::time::Timestamp;
use serde::Serialize;

use super::Operations;
use super::keys::{self, Due, DueEntry};
use crate::audit::{self, AuditRow};
use crate::store::{Batch, CommitError, Key, Revision};

/// What an entry of the due index holds: its key says it all, and a store may not keep empty values.
const DUE_RECORD: [u8; 1] = [1];

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
    /// The secrets in it that others follow.
    followed: Vec<Secret>,
}

impl Change {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was prepared elsewhere.
    pub(super) const fn of(batch: Batch) -> Self {
        Self { batch, followed: Vec::new() }
    }

    /// Writes a new secret, where there must be none.
    #[must_use]
    pub fn create_secret(mut self, secret: &Secret) -> Self {
        let key = keys::secret(&secret.scope, &secret.name);
        self.batch = self.batch.expect(key.clone(), None);
        self.put_secret(key, None, secret)
    }

    /// Both changes as one. They write different keys.
    #[must_use]
    pub(super) fn and(mut self, other: Self) -> Self {
        self.batch.expect.extend(other.batch.expect);
        self.batch.puts.extend(other.batch.puts);
        self.batch.deletes.extend(other.batch.deletes);
        self.batch.appends.extend(other.batch.appends);
        self.followed.extend(other.followed);
        self
    }

    /// Whether nothing would be written.
    pub(super) const fn is_empty(&self) -> bool {
        self.batch.puts.is_empty() && self.batch.deletes.is_empty() && self.batch.appends.is_empty()
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

    /// Writes another secret where one was seen, whose values go. Should it be the same one, as when a promoted
    /// replica becomes a replica again, those that it is to have are left for the caller to write.
    #[must_use]
    pub(super) fn replace_secret(mut self, seen: &Seen<Secret>, by: &Secret) -> Self {
        self.batch = self.batch.expect(seen.key.clone(), Some(seen.revision));
        let kept =
            |id: &str| seen.record.arn == by.arn && by.versions.get(id).is_some_and(|held| held.filled);
        for version in seen.record.versions.iter().filter(|version| version.filled && !kept(&version.id)) {
            self.batch = self.batch.delete(keys::value(&seen.record.arn, &version.id));
        }
        self.put_secret(seen.key.clone(), Some(&seen.record), by)
    }

    /// The secrets in it that others follow; they are told once.
    pub(super) fn take_followed(&mut self) -> Vec<Secret> {
        std::mem::take(&mut self.followed)
    }

    /// Whether it writes this key.
    pub(super) fn writes(&self, key: &Key) -> bool {
        self.batch.puts.iter().any(|(put, _)| put == key)
    }

    /// The sealed value that it stores under this key.
    pub(super) fn value(&self, key: &Key) -> Option<&[u8]> {
        self.batch.puts.iter().find(|(put, _)| put == key).map(|(_, value)| value.as_slice())
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
        let history = keys::history(&after.secret_arn, after.requested, &after.id);
        self.batch = self.batch.delete(seen.key.clone()).put(history, to_bytes(after));
        self.reindex_job(Some(&seen.record), None)
    }

    /// Writes a new job over one that was seen and has ended, which becomes history.
    #[must_use]
    pub fn replace_job(mut self, seen: &Seen<Job>, ended: &Job, job: &Job) -> Self {
        let history = keys::history(&ended.secret_arn, ended.requested, &ended.id);
        self.batch = self.batch.expect(seen.key.clone(), Some(seen.revision)).put(history, to_bytes(ended));
        self.put_job(seen.key.clone(), Some(&seen.record), job)
    }

    /// Writes only if this secret is still as it was seen.
    #[must_use]
    pub fn expect_secret(mut self, seen: &Seen<Secret>) -> Self {
        self.batch = self.batch.expect(seen.key.clone(), Some(seen.revision));
        self
    }

    /// Writes only if this job is still as it was seen.
    #[must_use]
    pub fn expect_job(mut self, seen: Option<&Seen<Job>>) -> Self {
        if let Some(seen) = seen {
            self.batch = self.batch.expect(seen.key.clone(), Some(seen.revision));
        }
        self
    }

    /// Writes only if the secret has no unfinished rotation: for a step that runs by hand.
    #[must_use]
    pub fn expect_no_job(mut self, secret_arn: Option<&str>) -> Self {
        if let Some(secret_arn) = secret_arn {
            self.batch = self.batch.expect(keys::job(secret_arn), None);
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
        self.batch = self.batch.append(audit::log(), row.to_bytes());
        self
    }

    fn put_secret(mut self, key: Key, before: Option<&Secret>, after: &Secret) -> Self {
        if !after.followers().is_empty() {
            self.followed.push(after.clone());
        }
        self.batch = self.batch.put(key, to_bytes(after));
        self.reindex(before.map(due_of_secret).unwrap_or_default(), due_of_secret(after))
    }

    fn put_job(mut self, key: Key, before: Option<&Job>, after: &Job) -> Self {
        self.batch = self.batch.put(key, to_bytes(after));
        self.reindex_job(before, Some(after))
    }

    fn reindex_job(mut self, before: Option<&Job>, after: Option<&Job>) -> Self {
        let request = |job: Option<&Job>| job.and_then(Job::open_request).map(|request| request.id.clone());
        let (closed, opened) = (request(before), request(after));
        if closed != opened {
            if let (Some(job), Some(id)) = (before, closed) {
                self.batch = self.batch.delete(keys::approval(&Scope::of_arn(&job.secret_arn), &id));
            }
            if let (Some(job), Some(id)) = (after, opened) {
                let key = keys::approval(&Scope::of_arn(&job.secret_arn), &id);
                self.batch = self.batch.put(key, job.secret_arn.as_bytes());
            }
        }
        let due = |job: Option<&Job>| job.map(due_of_job).unwrap_or_default();
        self.reindex(due(before), due(after))
    }

    pub(super) fn reindex(mut self, before: Vec<DueEntry>, after: Vec<DueEntry>) -> Self {
        for entry in before.iter().filter(|entry| !after.contains(entry)) {
            self.batch = self.batch.delete(keys::due(entry));
        }
        for entry in after.iter().filter(|entry| !before.contains(entry)) {
            self.batch = self.batch.put(keys::due(entry), DUE_RECORD);
        }
        self
    }
}

/// When a secret has to be looked at: derived from its record, so that index and record agree.
pub(super) fn due_of_secret(secret: &Secret) -> Vec<DueEntry> {
    let rotation = secret.rotation.as_ref().and_then(|rotation| rotation.next);
    let rotation = rotation.map(|slot| (slot.starts, Due::Rotation));
    let purge = secret.deletion.as_ref().map(|deletion| (deletion.due, Due::Purge));
    let verify = secret.verification.as_ref().map(|verification| (verification.next, Due::Verify));
    [rotation, purge, verify]
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

/// A record as it is stored.
pub(super) fn to_bytes<T: Serialize>(record: &T) -> Vec<u8> {
    serde_json::to_vec(record).expect("records have text keys and no failing serializer")
}

impl Operations {
    /// Commits, with what follows the secrets in it; `false` when something is not as it was seen: load and
    /// decide again.
    pub async fn commit(&self, change: Change) -> Result<bool, ApiError> {
        self.commit_alone(self.with_followers(change).await?).await
    }

    /// Commits what nothing follows.
    pub(super) async fn commit_alone(&self, change: Change) -> Result<bool, ApiError> {
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
            event: event.to_owned(),
            caller: caller_arn.to_owned(),
            secret_arn: secret_arn.to_owned(),
            version_id: version_id.map(str::to_owned),
            detail,
        }
    }
}
