//! Reads of two entries that are overtaken by a change of both.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use keywheel::ops::keys;
use keywheel::store::{Batch, CommitError, Entry, Key, Revision, Store, StoreError};
use keywheel_domain::rotation::Job;
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::{ACCOUNT, Node, REGION};
use keywheel_tests::store::SimStore;
use serde_json::json;
use tokio::sync::watch;

/// Between the record and the value of a secret, deletes both, or only the value.
struct Overtaken {
    inner: SimStore,
    whole: bool,
}

#[async_trait]
impl Store for Overtaken {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        if key.as_bytes().starts_with(b"value\0") {
            let secret = keys::secret(&Node::root().scope(), "overtaken");
            let batch = Batch::new().delete(key.clone());
            let batch = if self.whole { batch.delete(secret) } else { batch };
            self.inner.commit(batch).await.unwrap();
        }
        self.inner.load(key).await
    }

    async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        self.inner.scan(from, to, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        self.inner.commit(batch).await
    }

    fn changes(&self) -> watch::Receiver<Revision> {
        self.inner.changes()
    }

    fn exclusive(&self) -> bool {
        self.inner.exclusive()
    }
}

async fn check(whole: bool, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Overtaken { inner: SimStore::new(), whole });
    let (clock, entropy) = (Arc::new(SimClock::at_noon()), Arc::new(SimEntropy::new(1)));
    let node = Node::open(store, folder.path(), &[], clock, entropy).await.unwrap();
    let token = "11111111-1111-1111-1111-111111111111";
    let create = json!({"Name": "overtaken", "SecretString": "EXAMPLE", "ClientRequestToken": token});
    node.call("CreateSecret", &create).await.unwrap();
    let read = node.call("GetSecretValue", &json!({"SecretId": "overtaken"})).await;
    assert_eq!(read.unwrap_err().to_string(), expected);
}

/// A deletion that fell between the two reads was answered as a fault of the service.
#[tokio::test]
async fn a_deleted_secret_is_not_found_and_a_lost_value_is_a_fault() {
    check(true, "ResourceNotFoundException: Secrets Manager can't find the specified secret.").await;
    check(false, "InternalServiceError: An error occurred on the server side.").await;
}

/// Moves an unfinished job to its history as soon as one of the two places was looked at.
struct Ending {
    inner: SimStore,
    has_ended: AtomicBool,
}

impl Ending {
    async fn end(&self) {
        let (from, to) = keys::jobs(&Node::root().scope());
        let Some((key, entry)) = self.inner.scan(&from, &to, 1).await.unwrap().pop() else { return };
        if self.has_ended.swap(true, Ordering::Relaxed) {
            return;
        }
        let job: Job = serde_json::from_slice(&entry.value).unwrap();
        let history = keys::history(&job.secret_arn, job.requested, &job.id);
        self.inner.commit(Batch::new().delete(key).put(history, entry.value)).await.unwrap();
    }
}

#[async_trait]
impl Store for Ending {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        let loaded = self.inner.load(key).await;
        if key.as_bytes().starts_with(b"job\0") {
            self.end().await;
        }
        loaded
    }

    async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        let found = self.inner.scan(from, to, limit).await;
        if from.as_bytes().starts_with(b"history\0") {
            self.end().await;
        }
        found
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        self.inner.commit(batch).await
    }

    fn changes(&self) -> watch::Receiver<Revision> {
        self.inner.changes()
    }

    fn exclusive(&self) -> bool {
        self.inner.exclusive()
    }
}

/// A rotation that ended just then was told as one that there never was.
#[tokio::test]
async fn a_rotation_that_ends_while_it_is_asked_for_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Ending { inner: SimStore::new(), has_ended: AtomicBool::new(true) });
    let shared = Arc::clone(&store) as Arc<dyn Store>;
    let (clock, entropy) = (Arc::new(SimClock::at_noon()), Arc::new(SimEntropy::new(1)));
    let node = Node::open(shared, folder.path(), &["noop"], clock, entropy).await.unwrap();
    let [first, second] = ["1", "2"].map(|digit| digit.repeat(32));
    let create = json!({"Name": "app", "SecretString": "EXAMPLE", "ClientRequestToken": first});
    node.call("CreateSecret", &create).await.unwrap();
    let function = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:noop");
    let rotate = json!({"SecretId": "app", "ClientRequestToken": second, "RotationLambdaARN": function});
    node.call("RotateSecret", &rotate).await.unwrap();
    store.has_ended.store(false, Ordering::Relaxed);
    let told = node.call("Keywheel.DescribeRotation", &json!({"SecretId": "app"})).await.unwrap();
    assert_eq!(told["ClientRequestToken"], second.as_str());
    assert!(store.has_ended.load(Ordering::Relaxed));
}
