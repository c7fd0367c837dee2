//! Reads of two entries that are overtaken by a change of both.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use keywheel::ops::keys;
use keywheel::store::{Batch, CommitError, Entry, Key, Revision, Store, StoreError};
use keywheel_domain::rotation::Job;
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::{ACCOUNT, Node, REGION};
use keywheel_tests::store::SimStore;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::watch;

const FIRST: &str = "11111111-1111-1111-1111-111111111111";
const SECOND: &str = "22222222-2222-2222-2222-222222222222";

/// Commits what is planned between the first and the second look at places of these two kinds.
struct Overtaken {
    inner: SimStore,
    kinds: [&'static str; 2],
    planned: Mutex<Option<Batch>>,
    has_looked: AtomicBool,
    /// A feed that tells no commit: each falls between the new view and the feed's move.
    late: Option<watch::Sender<Revision>>,
}

impl Overtaken {
    fn plan(&self, batch: Batch) {
        *self.planned.lock().unwrap() = Some(batch);
        self.has_looked.store(false, Ordering::Relaxed);
    }

    async fn looks_at(&self, place: &Key) {
        let is_one = |kind: &&str| place.as_bytes().starts_with(format!("{kind}\0").as_bytes());
        if self.kinds.iter().any(is_one) && self.has_looked.swap(true, Ordering::Relaxed) {
            let planned = self.planned.lock().unwrap().take();
            if let Some(batch) = planned {
                self.inner.commit(batch).await.unwrap();
            }
        }
    }
}

#[async_trait]
impl Store for Overtaken {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.looks_at(key).await;
        self.inner.load(key).await
    }

    async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        self.looks_at(from).await;
        self.inner.scan(from, to, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        self.inner.commit(batch).await
    }

    fn changes(&self) -> watch::Receiver<Revision> {
        self.late.as_ref().map_or_else(|| self.inner.changes(), watch::Sender::subscribe)
    }

    fn revision(&self) -> Revision {
        self.inner.revision()
    }

    fn exclusive(&self) -> bool {
        self.inner.exclusive()
    }
}

/// A store with a secret, and the ARN of that.
async fn with_secret(
    kinds: [&'static str; 2],
    late: Option<watch::Sender<Revision>>,
) -> (Arc<Overtaken>, Node, String, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let (planned, has_looked) = (Mutex::default(), AtomicBool::default());
    let store = Arc::new(Overtaken { inner: SimStore::new(), kinds, planned, has_looked, late });
    let shared = Arc::clone(&store) as Arc<dyn Store>;
    let (clock, entropy) = (Arc::new(SimClock::at_noon()), Arc::new(SimEntropy::new(1)));
    let node = Node::open(shared, folder.path(), &["noop"], clock, entropy).await.unwrap();
    let create = json!({"Name": "overtaken", "SecretString": "EXAMPLE", "ClientRequestToken": FIRST});
    let arn = node.call("CreateSecret", &create).await.unwrap()["ARN"].as_str().unwrap().to_owned();
    (store, node, arn, folder)
}

async fn check_read(whole: bool, expected: &str) {
    let (store, node, arn, _folder) = with_secret(["secret", "value"], None).await;
    let batch = Batch::new().delete(keys::value(&arn, FIRST));
    let secret = keys::secret(&Node::root().scope(), "overtaken");
    store.plan(if whole { batch.delete(secret) } else { batch });
    let read = node.call("GetSecretValue", &json!({"SecretId": "overtaken"})).await;
    assert_eq!(read.unwrap_err().to_string(), expected);
}

/// A deletion that fell between the two reads was answered as a fault of the service.
#[tokio::test]
async fn a_deleted_secret_is_not_found_and_a_lost_value_is_a_fault() {
    check_read(true, "ResourceNotFoundException: Secrets Manager can't find the specified secret.").await;
    check_read(false, "InternalServiceError: An error occurred on the server side.").await;
}

/// The record was taken from memory again and again, since the feed did not tell its deletion yet.
#[tokio::test]
async fn a_deletion_that_the_feed_does_not_tell_yet_is_no_fault() {
    let late = Some(watch::Sender::new(Revision::default()));
    let (store, node, arn, _folder) = with_secret(["secret", "value"], late).await;
    node.call("GetSecretValue", &json!({"SecretId": "overtaken"})).await.unwrap();
    let secret = keys::secret(&Node::root().scope(), "overtaken");
    store.inner.commit(Batch::new().delete(keys::value(&arn, FIRST)).delete(secret)).await.unwrap();
    let read = node.call("GetSecretValue", &json!({"SecretId": "overtaken"})).await;
    let told = "ResourceNotFoundException: Secrets Manager can't find the specified secret.";
    assert_eq!(read.unwrap_err().to_string(), told);
}

/// A rotation that ended just then was told as one that there never was.
#[tokio::test]
async fn a_rotation_that_ends_while_it_is_asked_for_is_found() {
    let (store, node, arn, _folder) = with_secret(["job", "history"], None).await;
    let function = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:noop");
    let rotate =
        json!({"SecretId": "overtaken", "ClientRequestToken": SECOND, "RotationLambdaARN": function});
    node.call("RotateSecret", &rotate).await.unwrap();
    let entry = store.inner.load(&keys::job(&arn)).await.unwrap().unwrap();
    let job: Job = serde_json::from_slice(&entry.value).unwrap();
    let history = keys::history(&arn, job.requested, &job.id);
    store.plan(Batch::new().delete(keys::job(&arn)).put(history, entry.value));
    let told = node.call("Keywheel.DescribeRotation", &json!({"SecretId": "overtaken"})).await.unwrap();
    assert_eq!(told["ClientRequestToken"], SECOND);
    assert!(store.planned.lock().unwrap().is_none());
}
