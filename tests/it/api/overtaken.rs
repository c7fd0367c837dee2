//! A read of a value that is overtaken by the deletion of its secret.

use std::sync::Arc;

use async_trait::async_trait;
use keywheel::ops::keys;
use keywheel::store::{Batch, CommitError, Entry, Key, Revision, Store, StoreError};
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::Node;
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
