//! Reads the records of a durable image.

use keywheel::audit::{self, AuditRow};
use keywheel::ops::keys::{self, Due, DueEntry};
use keywheel::store::{Batch, Key};
use keywheel_domain::rotation::Job;
use keywheel_domain::secret::{Scope, Secret};
use keywheel_domain::version::PENDING;
use serde::de::DeserializeOwned;

use super::SECRET;
use crate::store::SimImage;

/// What kind of record a key leads to.
pub(super) fn is(key: &Key, kind: &str) -> bool {
    key.as_bytes().strip_prefix(kind.as_bytes()).is_some_and(|rest| rest.first() == Some(&0))
}

fn all<T: DeserializeOwned>(image: &SimImage, kind: &str) -> Vec<T> {
    let entries = image.entries().iter().filter(|(key, _)| is(key, kind));
    entries.map(|(_, entry)| read(&entry.value)).collect()
}

/// Reads a record.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> T {
    serde_json::from_slice(bytes).expect("what is stored is a record")
}

/// The record of a secret as it would be if nothing had been stored under its pending version.
pub(super) fn without_pending_values(bytes: &[u8]) -> Vec<u8> {
    let mut secret: serde_json::Value = read(bytes);
    for version in secret["versions"].as_array_mut().into_iter().flatten() {
        let stages = version["stages"].as_array();
        if stages.is_some_and(|stages| stages.iter().any(|stage| stage == PENDING)) {
            version["filled"] = false.into();
        }
    }
    serde_json::to_vec(&secret).expect("a record is JSON")
}

/// The records of an image.
#[derive(Clone, Default)]
pub(super) struct Records {
    /// The secrets.
    pub(super) secrets: Vec<Secret>,
    /// The unfinished rotations.
    pub(super) jobs: Vec<Job>,
    /// The rotations that have ended, oldest first.
    pub(super) histories: Vec<Job>,
}

impl Records {
    pub(super) fn of(image: &SimImage) -> Self {
        Self { secrets: all(image, "secret"), jobs: all(image, "job"), histories: all(image, "history") }
    }

    /// The secret of this name.
    pub(super) fn named(&self, name: &str) -> Option<&Secret> {
        self.secrets.iter().find(|secret| secret.name == name)
    }

    /// The secret that it is about.
    pub(super) fn main(&self) -> Option<&Secret> {
        self.named(SECRET)
    }

    /// The unfinished rotations, then those that have ended.
    pub(super) fn all_jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().chain(&self.histories)
    }
}

/// The audit rows that a batch adds.
pub(super) fn rows(batch: &Batch) -> Vec<AuditRow> {
    let added = batch.appends.iter().filter(|(log, _)| *log == audit::log());
    added.map(|(_, row)| read(row)).collect()
}

/// What the due index must hold for these records.
pub(super) fn due(records: &Records) -> Vec<Key> {
    let slot = |secret: &Secret| Some(secret.rotation.as_ref()?.next?.starts);
    let end = |secret: &Secret| Some(secret.deletion.as_ref()?.due);
    let verification = |secret: &Secret| Some(secret.verification.as_ref()?.next);
    let of_secrets = records.secrets.iter().flat_map(|secret| {
        [(slot(secret), Due::Rotation), (end(secret), Due::Purge), (verification(secret), Due::Verify)]
            .into_iter()
            .filter_map(|(at, due)| Some(DueEntry { at: at?, due, secret_arn: secret.arn.clone() }))
    });
    let of_jobs = records.jobs.iter().filter_map(|job| {
        Some(DueEntry { at: job.due()?, due: Due::Job, secret_arn: job.secret_arn.clone() })
    });
    let mut keys: Vec<Key> = of_secrets.chain(of_jobs).map(|entry| keys::due(&entry)).collect();
    keys.sort();
    keys
}

/// What the index of open requests for approval must hold for these records.
pub(super) fn approvals(records: &Records) -> Vec<(Key, String)> {
    let open = records.jobs.iter().filter_map(|job| {
        let request = job.open_request()?;
        Some((keys::approval(&Scope::of_arn(&job.secret_arn), &request.id), job.secret_arn.clone()))
    });
    let mut open: Vec<_> = open.collect();
    open.sort();
    open
}
