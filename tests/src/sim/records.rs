//! Reads the records of a durable image.

use keywheel::audit::{self, AuditRow};
use keywheel::ops::keys::{self, Due, DueEntry};
use keywheel::store::{Batch, Key};
use keywheel_domain::rotation::Job;
use keywheel_domain::secret::Secret;
use serde::de::DeserializeOwned;

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
}

/// The audit rows that a batch adds.
pub(super) fn rows(batch: &Batch) -> Vec<AuditRow> {
    let added = batch.appends.iter().filter(|(log, _)| *log == audit::log());
    added.map(|(_, row)| read(row)).collect()
}

/// What the due index must hold for these records.
pub(super) fn due(secrets: &[Secret], jobs: &[Job]) -> Vec<Key> {
    let slot = |secret: &Secret| Some(secret.rotation.as_ref()?.next?.starts);
    let end = |secret: &Secret| Some(secret.deletion.as_ref()?.due);
    let of_secrets = secrets.iter().flat_map(|secret| {
        [(slot(secret), Due::Rotation), (end(secret), Due::Purge)]
            .into_iter()
            .filter_map(|(at, due)| Some(DueEntry { at: at?, due, secret_arn: secret.arn.clone() }))
    });
    let of_jobs = jobs.iter().filter_map(|job| {
        Some(DueEntry { at: job.due()?, due: Due::Job, secret_arn: job.secret_arn.clone() })
    });
    let mut keys: Vec<Key> = of_secrets.chain(of_jobs).map(|entry| keys::due(&entry)).collect();
    keys.sort();
    keys
}
