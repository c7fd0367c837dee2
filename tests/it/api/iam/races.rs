//! A change that is overtaken by another one between what it saw and what it writes: it decides again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use keywheel::store::{Batch, CommitError, Entry, Key, Revision, Store, StoreError};
use keywheel_tests::clock::SimClock;
use keywheel_tests::store::SimStore;
use tokio::sync::{Notify, watch};

use super::{Signer, element, form, open, send};

const DOCUMENT: &str = r#"{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}"#;

/// Lets others have their turn before one commit.
struct Slow {
    inner: Arc<SimStore>,
    waits: AtomicBool,
    reached: Notify,
    goes_on: Notify,
}

#[async_trait]
impl Store for Slow {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.inner.load(key).await
    }

    async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        self.inner.scan(from, to, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        if self.waits.swap(false, Ordering::Relaxed) {
            self.reached.notify_one();
            self.goes_on.notified().await;
        }
        self.inner.commit(batch).await
    }

    fn changes(&self) -> watch::Receiver<Revision> {
        self.inner.changes()
    }

    fn exclusive(&self) -> bool {
        self.inner.exclusive()
    }
}

/// Sends `slow`, and `fast` between its decision and its commit; `fast` succeeds, and `slow` ends as expected.
async fn check(before: &[&str], slow: &str, fast: &str, expected: Option<&str>) {
    let (folder, clock) = (tempfile::tempdir().unwrap(), SimClock::at_noon());
    let inner = Arc::new(SimStore::new());
    let store = Arc::new(Slow {
        inner: Arc::clone(&inner),
        waits: AtomicBool::new(false),
        reached: Notify::new(),
        goes_on: Notify::new(),
    });
    let node = open(Arc::clone(&store) as Arc<dyn Store>, folder.path(), &clock, 1).await;
    let other = open(inner as Arc<dyn Store>, folder.path(), &clock, 2).await;
    let (server, other) = (node.server(), other.server());
    let (root, policy) = (Signer::root(), format!("CreatePolicy PolicyName=read PolicyDocument={DOCUMENT}"));
    let mut key = String::new();
    for line in ["CreateUser UserName=ann", "CreateGroup GroupName=readers", &policy]
        .into_iter()
        .chain(before.iter().copied())
    {
        let (status, _, told) = send(&server, &clock, &root, &form(line)).await;
        assert_eq!(status, 200, "{line}: {told}");
        if let Some(id) = element(&told, "AccessKeyId") {
            id.clone_into(&mut key);
        }
    }
    let (slow, fast) = (slow.replace("$KEY", &key), fast.replace("$KEY", &key));
    store.waits.store(true, Ordering::Relaxed);
    let (slow_form, fast_form) = (form(&slow), form(&fast));
    let overtaking = async {
        store.reached.notified().await;
        let (status, _, told) = send(&other, &clock, &root, &fast_form).await;
        assert_eq!(status, 200, "{fast}: {told}");
        store.goes_on.notify_one();
    };
    let ((_, _, told), ()) = tokio::join!(send(&server, &clock, &root, &slow_form), overtaking);
    assert_eq!(element(&told, "Code"), expected, "{slow} overtaken by {fast}: {told}");
}

const POLICY: &str = "PolicyArn=arn:aws:iam::123456789012:policy/read";

#[tokio::test]
async fn what_was_decided_on_what_has_changed_is_decided_again() {
    let attach = format!("AttachUserPolicy UserName=ann {POLICY}");
    let detach = format!("DetachUserPolicy UserName=ann {POLICY}");
    let delete = format!("DeletePolicy {POLICY}");
    let boundary =
        "PutUserPermissionsBoundary UserName=ann PermissionsBoundary=arn:aws:iam::123456789012:policy/read";
    let join = "AddUserToGroup UserName=ann GroupName=readers";
    let make_key = "CreateAccessKey UserName=ann";
    let rest = "UpdateAccessKey UserName=ann AccessKeyId=$KEY Status=Inactive";
    let rename = "UpdateUser UserName=ann NewUserName=bea";

    check(&[], &delete, &attach, Some("DeleteConflict")).await;
    check(&[], &delete, boundary, Some("DeleteConflict")).await;
    check(&[], &attach, &delete, Some("NoSuchEntity")).await;
    check(&[], boundary, &delete, Some("NoSuchEntity")).await;
    check(&[], &attach, &attach, None).await;
    check(&[&attach], &detach, &detach, Some("NoSuchEntity")).await;
    check(&[], "DeleteGroup GroupName=readers", join, Some("DeleteConflict")).await;
    check(&[], join, "DeleteGroup GroupName=readers", Some("NoSuchEntity")).await;
    check(&[], join, "UpdateGroup GroupName=readers NewGroupName=auditors", Some("NoSuchEntity")).await;
    check(&[], "DeleteUser UserName=ann", join, Some("DeleteConflict")).await;
    check(&[], "DeleteUser UserName=ann", make_key, Some("DeleteConflict")).await;
    check(&[], make_key, "DeleteUser UserName=ann", Some("NoSuchEntity")).await;
    check(&[make_key], make_key, make_key, Some("LimitExceeded")).await;
    check(&[], "CreateUser UserName=bob", "CreateUser UserName=BOB", Some("EntityAlreadyExists")).await;
    check(&[], rename, "CreateUser UserName=Bea", Some("EntityAlreadyExists")).await;
    check(&[make_key], rest, rename, Some("NoSuchEntity")).await;
    check(&[make_key], rename, rest, None).await;
    check(&[make_key], rename, make_key, None).await;
}
