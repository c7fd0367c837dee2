//! How often the store is asked about a key, and who may ask for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use keywheel::ops::{Caller, Principal};
use keywheel::store::{Batch, CommitError, Entry, Key, Revision, Store, StoreError};
use keywheel_domain::api::query::{Form, IAM};
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::Node;
use keywheel_tests::store::SimStore;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::super::world::World;
use super::new_key;

/// Counts the reads of records of keys.
struct Counting {
    inner: SimStore,
    reads: AtomicUsize,
    /// Of whatever record.
    all_reads: AtomicUsize,
}

#[async_trait]
impl Store for Counting {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        let is_key = key.as_bytes().starts_with(b"kms");
        self.reads.fetch_add(usize::from(is_key), Ordering::Relaxed);
        self.all_reads.fetch_add(1, Ordering::Relaxed);
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

async fn kms(node: &Node, operation: &str, body: &Value) -> Value {
    let target = format!("TrentService.{operation}");
    let answer = node.ops.dispatch(&Node::root(), &target, body.to_string().as_bytes()).await.unwrap();
    if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer).unwrap() }
}

#[tokio::test]
async fn a_key_is_looked_at_once_after_a_change_and_never_between_two() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Counting {
        inner: SimStore::new(),
        reads: AtomicUsize::new(0),
        all_reads: AtomicUsize::new(0),
    });
    let (clock, entropy) = (Arc::new(SimClock::at_noon()), Arc::new(SimEntropy::new(1)));
    let shared = Arc::clone(&store) as Arc<dyn Store>;
    let node = Node::open(shared, folder.path(), &[], clock, entropy).await.unwrap();
    let key = kms(&node, "CreateKey", &json!({})).await["KeyMetadata"]["KeyId"].clone();
    let token = "11111111-1111-4111-8111-111111111111";
    let create = json!({"Name": "app", "ClientRequestToken": token, "SecretString": "one", "KmsKeyId": key});
    node.call("CreateSecret", &create).await.unwrap();
    let read = async || node.call("GetSecretValue", &json!({"SecretId": "app"})).await;
    // The first read of the day is noted, which is a change.
    read().await.unwrap();
    read().await.unwrap();
    store.reads.store(0, Ordering::Relaxed);
    for _ in 0..100 {
        read().await.unwrap();
    }
    assert_eq!(store.reads.swap(0, Ordering::Relaxed), 0, "nothing has changed");
    node.call("TagResource", &json!({"SecretId": "app", "Tags": [{"Key": "a", "Value": "b"}]}))
        .await
        .unwrap();
    for _ in 0..100 {
        read().await.unwrap();
    }
    assert_eq!(store.reads.load(Ordering::Relaxed), 1, "something has changed");
    kms(&node, "DisableKey", &json!({"KeyId": key})).await;
    let refused = read().await.unwrap_err().to_string();
    assert!(refused.starts_with("DecryptionFailure"), "{refused}");
}

#[tokio::test]
async fn an_approver_uses_and_sees_no_key() {
    let world = World::new().await;
    let key = new_key(&world).await;
    let principal = Principal::User { name: "ann".to_owned(), access_key_id: "AKIAANN".to_owned() };
    let caller = Caller { principal, ..Node::root() };
    let bodies = [
        ("DescribeKey", json!({"KeyId": key})),
        ("Encrypt", json!({"KeyId": key, "Plaintext": "b25l"})),
        ("DisableKey", json!({"KeyId": key})),
        ("ListKeys", json!({})),
        ("CreateKey", json!({})),
        // Nor whether there is one.
        ("DescribeKey", json!({"KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"})),
    ];
    for (operation, body) in bodies {
        let target = format!("TrentService.{operation}");
        let answer = world.ops.dispatch(&caller, &target, body.to_string().as_bytes()).await;
        let told = answer.unwrap_err().to_string();
        assert!(told.contains(&format!("is not authorized to perform: kms:{operation}")), "{told}");
    }
}

#[tokio::test]
async fn a_user_reads_a_secret_with_one_read_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let inner = SimStore::new();
    let store = Arc::new(Counting { inner, reads: AtomicUsize::new(0), all_reads: AtomicUsize::new(0) });
    let (clock, entropy) = (Arc::new(SimClock::at_noon()), Arc::new(SimEntropy::new(1)));
    let shared = Arc::clone(&store) as Arc<dyn Store>;
    let node = Node::open(shared, folder.path(), &[], clock, entropy).await.unwrap();
    let key = kms(&node, "CreateKey", &json!({})).await["KeyMetadata"]["KeyId"].clone();
    let token = "11111111-1111-4111-8111-111111111111";
    let create = json!({"Name": "app", "ClientRequestToken": token, "SecretString": "one", "KmsKeyId": key});
    node.call("CreateSecret", &create).await.unwrap();
    let attach = "PolicyArn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FAdministratorAccess";
    for form in [
        "Action=CreateUser&UserName=ann".to_owned(),
        format!("Action=AttachUserPolicy&UserName=ann&{attach}"),
    ] {
        let form = Form::parse(format!("{form}&Version=2010-05-08").as_bytes()).unwrap();
        node.ops.query(&Node::root(), &IAM, form, "a-request").await.unwrap();
    }
    let read = async || {
        let principal = Principal::User { name: "ann".to_owned(), access_key_id: "AKIAANN".to_owned() };
        let caller = node.ops.identify(Caller { principal, ..Node::root() }).await.unwrap();
        node.ops.dispatch(&caller, "secretsmanager.GetSecretValue", br#"{"SecretId":"app"}"#).await.unwrap();
    };
    // The first read of the day is noted, which is a change.
    read().await;
    read().await;
    store.all_reads.store(0, Ordering::Relaxed);
    for _ in 0..100 {
        read().await;
    }
    assert_eq!(store.all_reads.load(Ordering::Relaxed), 100, "the value, and nothing else");
}
