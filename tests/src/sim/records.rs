//! Reads the records of a durable image.

use std::collections::BTreeMap;

use keywheel::audit::{self, AuditRow};
use keywheel::ops::keys::{self, Due, DueEntry};
use keywheel::store::{Batch, Entry, Key, Revision};
use keywheel_domain::kms::KmsKey;
use keywheel_domain::rotation::Job;
use keywheel_domain::secret::{Scope, Secret};
use keywheel_domain::version::PENDING;
use keywheel_domain::webhook::Webhook;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::SECRET;
use crate::store::SimImage;

/// What kind of record a key leads to.
pub(super) fn is(key: &Key, kind: &str) -> bool {
    key.as_bytes().strip_prefix(kind.as_bytes()).is_some_and(|rest| rest.first() == Some(&0))
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

/// The record of a secret as it would be without a policy.
pub(super) fn without_policy(bytes: &[u8]) -> Vec<u8> {
    let secret = Secret { policy: None, ..read(bytes) };
    serde_json::to_vec(&secret).expect("a record is JSON")
}

/// The record of a webhook as it would be if one more event had been told.
pub(super) fn with_next_event(bytes: &[u8]) -> Vec<u8> {
    let webhook: Webhook = read(bytes);
    let cursor = webhook.cursor + u64::from(webhook.last_try.is_some());
    serde_json::to_vec(&Webhook { cursor, ..webhook }).expect("a record is JSON")
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
    /// The webhooks.
    pub(super) webhooks: Vec<Webhook>,
    /// The approvers.
    pub(super) users: Vec<User>,
    /// The keys of the key management service.
    pub(super) kms_keys: Vec<KmsKey>,
}

/// An approver as it is stored.
#[derive(Clone, Deserialize)]
pub(super) struct User {
    /// As it was given.
    pub(super) name: String,
    /// What they sign with.
    pub(super) keys: Vec<UserKey>,
}

/// An access key of an approver.
#[derive(Clone, Deserialize)]
pub(super) struct UserKey {
    pub(super) id: String,
}

impl User {
    /// The ids of the keys: an approver is made with one.
    pub(super) fn key_ids(&self) -> String {
        self.keys.iter().map(|key| key.id.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// Reads images that follow each other: what has not changed is not read again.
#[derive(Default)]
pub(super) struct Reader {
    known: BTreeMap<Key, (Revision, Record)>,
}

/// One record.
#[derive(Clone)]
enum Record {
    Secret(Box<Secret>),
    Job(Box<Job>),
    Webhook(Box<Webhook>),
    User(Box<User>),
    KmsKey(Box<KmsKey>),
}

impl Record {
    /// The record in this entry, if it is one of those that are looked at.
    fn of(key: &Key, value: &[u8]) -> Option<Self> {
        let kind = key.as_bytes().split(|byte| *byte == 0).next()?;
        Some(match kind {
            b"secret" => Self::Secret(read(value)),
            b"job" | b"history" => Self::Job(read(value)),
            b"webhook" => Self::Webhook(read(value)),
            b"user" => Self::User(read(value)),
            b"kms-key" => Self::KmsKey(read(value)),
            _ => return None,
        })
    }
}

impl Reader {
    /// The records of an image.
    pub(super) fn read(&mut self, image: &SimImage) -> Records {
        let mut records = Records::default();
        self.known.retain(|key, _| image.entries().contains_key(key));
        for (key, entry) in image.entries() {
            let known = self.known.get(key).filter(|(revision, _)| *revision == entry.revision);
            let record = match known {
                Some((_, record)) => record.clone(),
                None => {
                    let Some(record) = Record::of(key, &entry.value) else { continue };
                    self.known.insert(key.clone(), (entry.revision, record.clone()));
                    record
                }
            };
            match record {
                Record::Secret(secret) => records.secrets.push(*secret),
                Record::Job(job) if is(key, "job") => records.jobs.push(*job),
                Record::Job(job) => records.histories.push(*job),
                Record::Webhook(webhook) => records.webhooks.push(*webhook),
                Record::User(user) => records.users.push(*user),
                Record::KmsKey(key) => records.kms_keys.push(*key),
            }
        }
        records
    }
}

/// The leases of a secret's job that an image holds: their last number. One that somebody has ended at this very
/// moment is history.
pub(super) fn fence_of(image: &SimImage, secret_arn: &str) -> Option<u64> {
    let fence = |entry: &Entry| read::<Job>(&entry.value).fence;
    let (from, to) = keys::histories(secret_arn);
    let ended = image.entries().range(from..to).map(|(_, entry)| fence(entry));
    ended.chain(image.entries().get(&keys::job(secret_arn)).map(fence)).max()
}

impl Records {
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
