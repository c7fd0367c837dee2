//! The store: its contract, its file, and what a crash leaves of it.
#![cfg(test)]

mod crash;
mod file;

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::{FutureExt, join, join_all};
use keywheel::store::{Batch, CommitError, Key, RedbStore, Revision, Store, StoreError};
use keywheel_tests::store::{Disk, SimStore, Survival, contract};
use tokio::task::unconstrained;

fn in_memory() -> RedbStore {
    RedbStore::with_backend(redb::backends::InMemoryBackend::new()).unwrap()
}

async fn put(store: &dyn Store, key: &str, value: &str) -> Revision {
    store.commit(Batch::new().put(Key::new(key), value)).await.unwrap()
}

async fn value(store: &dyn Store, key: &str) -> Option<String> {
    let entry = store.load(&Key::new(key)).await.unwrap();
    entry.map(|entry| String::from_utf8(entry.value).unwrap())
}

#[tokio::test]
async fn the_simulated_store_keeps_the_contract() {
    contract(|| Arc::new(SimStore::new())).await;
}

#[tokio::test]
async fn the_store_on_redb_keeps_the_contract() {
    contract(|| Arc::new(in_memory())).await;
}

#[tokio::test]
async fn a_simulated_crash_keeps_the_image() {
    let store = SimStore::new();
    let first = put(&store, "a", "1").await;
    let image = store.durable_image();
    put(&store, "a", "2").await;
    let after = SimStore::from_image(image).shared();
    assert_eq!(value(&after, "a").await.as_deref(), Some("1"));
    assert!(put(&after, "b", "1").await > first);
    assert!(store.exclusive() && !after.exclusive());
}

#[tokio::test]
async fn waiting_commits_share_a_sync() {
    const COMMITS: u64 = 200;
    let disk = Disk::new();
    let store = RedbStore::with_backend(disk.clone()).unwrap();
    let before = disk.syncs();
    disk.hold();
    let commits =
        join_all((0..COMMITS).map(async |n| {
            store.commit(Batch::new().put(Key::new(n.to_be_bytes()), "value")).await.unwrap()
        }));
    // All of them are in the queue when the disk goes on: they are polled first.
    let (revisions, ()) = join(unconstrained(commits), async { disk.release() }).await;
    let syncs = disk.syncs() - before;
    assert!(syncs * 10 < COMMITS, "{syncs} syncs for {COMMITS} commits");
    let distinct: BTreeSet<_> = revisions.into_iter().collect();
    assert_eq!(distinct.len() as u64, COMMITS, "each commit has its own revision");
}

/// Conflicts within a group are decided by the batches before, and a refused one leaves no trace.
#[tokio::test]
async fn a_batch_sees_the_batches_before_it_in_its_group() {
    let disk = Disk::new();
    let store = RedbStore::with_backend(disk.clone()).unwrap();
    disk.hold();
    let contenders = join_all((0..20).map(async |n: u32| {
        let trace = Key::new(format!("trace/{n}"));
        store
            .commit(Batch::new().expect(Key::new("one"), None).put(Key::new("one"), "x").put(trace, "x"))
            .await
    }));
    let (answers, ()) = join(contenders, async { disk.release() }).await;
    assert!(answers[0].is_ok());
    let lost = |answer: &Result<_, _>| matches!(answer, Err(CommitError::Conflict { .. }));
    assert!(answers[1..].iter().all(lost), "{answers:?}");
    let found = store.scan(&Key::new(""), &Key::new("z"), 100).await.unwrap();
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn dropping_the_store_writes_what_waits() {
    let disk = Disk::new();
    let store = RedbStore::with_backend(disk.clone()).unwrap();
    disk.hold();
    {
        // Polled once, it is in the queue; then its caller goes away.
        let forgotten = store.commit(Batch::new().put(Key::new("a"), "1"));
        assert!(forgotten.now_or_never().is_none());
    }
    disk.release();
    drop(store);
    let store = RedbStore::with_backend(disk.copy()).unwrap();
    assert_eq!(value(&store, "a").await.as_deref(), Some("1"));
}

#[tokio::test]
async fn a_full_disk_stops_the_writes_and_loses_nothing() {
    const CAPACITY_BYTES: u64 = 8 * 1024 * 1024;
    let disk = Disk::new();
    let store = RedbStore::with_backend(disk.clone()).unwrap();
    disk.set_capacity(Some(CAPACITY_BYTES));
    let large = vec![b'x'; 100_000];
    let mut written = 0;
    let error = loop {
        match store.commit(Batch::new().put(Key::new(format!("{written:04}")), large.clone())).await {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, CommitError::Store(StoreError::Failed(_))), "{error:?}");
    assert!(written > 0, "something fits");
    disk.set_capacity(None);
    let error = store.commit(Batch::new().put(Key::new("later"), "x")).await.unwrap_err();
    assert!(matches!(error, CommitError::Store(StoreError::Stopped)), "{error:?}");
    let all = async |store: RedbStore| store.scan(&Key::new("0"), &Key::new("a"), 1000).await.unwrap();
    let seen = store.scan(&Key::new("0"), &Key::new("a"), 1000).await.unwrap();
    assert_eq!(seen.len(), written, "reads go on, of what was answered");
    drop(store);
    for survival in [Survival::Nothing, Survival::Everything, Survival::Some(1), Survival::Some(2)] {
        let store = RedbStore::with_backend(disk.after_crash(survival)).unwrap();
        put(&store, "later", "x").await;
        let found = all(store).await.len();
        assert!((written..=written + 1).contains(&found), "{found} of {written}, {survival:?}");
    }
}
