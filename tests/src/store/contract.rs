//! The contract of [`Store`] as a suite that every implementation passes.

mod logs;

use std::sync::Arc;

use futures_util::future::join_all;
use keywheel::store::{
    BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, Batch, CommitError, KEY_BYTES_MAX, Key, Limit, Revision,
    SCAN_ENTRIES_MAX, Store, StoreError, VALUE_BYTES_MAX,
};

pub use self::logs::check_log;

/// Who increments at the same time, and how often each.
const INCREMENTERS: usize = 16;
const INCREMENTS_EACH: u64 = 5;

/// Runs every case, each on a fresh store.
pub async fn contract(open: impl Fn() -> Arc<dyn Store>) {
    what_is_put_is_loaded(&*open()).await;
    scans_are_ordered_and_bounded(&*open()).await;
    expectations_decide(&*open()).await;
    a_batch_is_all_or_nothing(&*open()).await;
    deleted_entries_are_absent(&*open()).await;
    revisions_grow(&*open()).await;
    the_change_feed_wakes(&*open()).await;
    concurrent_increments_lose_nothing(&*open()).await;
    limits_are_refused(&*open()).await;
    a_batch_names_a_key_once(&*open()).await;
    logs::entries_are_numbered_and_chained(&*open()).await;
    logs::a_batch_may_append_several(&*open()).await;
    logs::a_refused_batch_appends_nothing(&*open()).await;
    logs::concurrent_appends_leave_no_gap(&*open()).await;
}

fn key(text: &str) -> Key {
    Key::new(text)
}

async fn put(store: &dyn Store, at: &str, value: &str) -> Revision {
    store.commit(Batch::new().put(key(at), value)).await.expect("an unconditional put is committed")
}

/// The value under a key, and "-" if there is none.
async fn value(store: &dyn Store, at: &str) -> String {
    match store.load(&key(at)).await.expect("the store can be read") {
        Some(entry) => String::from_utf8(entry.value).expect("the suite writes text"),
        None => "-".to_owned(),
    }
}

async fn scanned(store: &dyn Store, from: &str, to: &str, limit: usize) -> String {
    let found = store.scan(&key(from), &key(to), limit).await.expect("the store can be read");
    found.iter().map(|(key, _)| format!("{key:?} ")).collect::<String>().trim_end().to_owned()
}

/// Commits, and names what came of it.
async fn outcome(store: &dyn Store, batch: Batch) -> String {
    match store.commit(batch).await {
        Ok(_) => "committed".to_owned(),
        Err(CommitError::Conflict { key }) => format!("conflict at {key:?}"),
        Err(CommitError::TooLarge { limit, found }) => format!("{limit:?} {found}"),
        Err(error) => error.to_string(),
    }
}

async fn what_is_put_is_loaded(store: &dyn Store) {
    assert_eq!(value(store, "a").await, "-");
    let revision = put(store, "a", "1").await;
    assert_eq!(value(store, "a").await, "1");
    let entry = store.load(&key("a")).await.expect("the store can be read").expect("it was put");
    assert_eq!(entry.revision, revision);
    put(store, "a", "").await;
    assert_eq!(value(store, "a").await, "", "an empty value is a value");
    put(store, "", "at the empty key").await;
    assert_eq!(value(store, "").await, "at the empty key");
}

async fn scans_are_ordered_and_bounded(store: &dyn Store) {
    for at in ["c", "a\0b", "b", "a", "\u{ff}", "aa"] {
        put(store, at, at).await;
    }
    let all = "a a/b aa b c \u{ff}";
    assert_eq!(scanned(store, "", "\u{10ffff}", 100).await, all);
    assert_eq!(scanned(store, "a", "c", 100).await, "a a/b aa b", "`from` is within, `to` is not");
    assert_eq!(scanned(store, "a\0", "a\x01", 100).await, "a/b");
    assert_eq!(scanned(store, "", "\u{10ffff}", 2).await, "a a/b");
    assert_eq!(scanned(store, "", "\u{10ffff}", 0).await, "");
    assert_eq!(scanned(store, "b", "b", 100).await, "");
    assert_eq!(scanned(store, "c", "a", 100).await, "", "a reversed range is empty");
    let rest = store.scan(&key("aa").successor(), &key("z"), 100).await.expect("the store can be read");
    assert_eq!(rest.iter().map(|(key, _)| format!("{key:?}")).collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(rest[0].1, store.load(&key("b")).await.expect("the store can be read").expect("it was put"));
    let too_long = store.scan(&key(""), &key("z"), SCAN_ENTRIES_MAX + 1).await;
    assert!(matches!(too_long, Err(StoreError::ScanTooLong { .. })), "{too_long:?}");
}

async fn expectations_decide(store: &dyn Store) {
    let first = put(store, "a", "1").await;
    let absent = || Batch::new().expect(key("a"), None).put(key("a"), "x");
    assert_eq!(outcome(store, absent()).await, "conflict at a");
    let present = || Batch::new().expect(key("a"), Some(first)).put(key("a"), "2");
    assert_eq!(outcome(store, present()).await, "committed");
    assert_eq!(outcome(store, present()).await, "conflict at a", "the revision is stale");
    assert_eq!(value(store, "a").await, "2");
    let missing = Batch::new().expect(key("b"), Some(first)).put(key("b"), "x");
    assert_eq!(outcome(store, missing).await, "conflict at b");
    let fresh = || Batch::new().expect(key("b"), None).put(key("b"), "1");
    assert_eq!(outcome(store, fresh()).await, "committed");
    assert_eq!(outcome(store, fresh()).await, "conflict at b");
    // A key may be expected and not written: what a decision rests on is not always what it changes.
    let guarded = Batch::new().expect(key("a"), Some(first)).put(key("c"), "x");
    assert_eq!(outcome(store, guarded).await, "conflict at a");
    assert_eq!(value(store, "c").await, "-");
    assert_eq!(outcome(store, Batch::new().expect(key("c"), None)).await, "committed");
}

async fn a_batch_is_all_or_nothing(store: &dyn Store) {
    put(store, "old", "1").await;
    let failing = Batch::new()
        .put(key("a"), "x")
        .delete(key("old"))
        .expect(key("absent"), None)
        .expect(key("old"), None)
        .put(key("b"), "x");
    assert_eq!(outcome(store, failing).await, "conflict at old");
    assert_eq!(scanned(store, "", "z", 10).await, "old");
    let passing =
        Batch::new().put(key("a"), "x").delete(key("old")).expect(key("b"), None).put(key("b"), "x");
    let revision = store.commit(passing).await.expect("every expectation holds");
    let found = store.scan(&key(""), &key("z"), 10).await.expect("the store can be read");
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|(_, entry)| entry.revision == revision), "one commit, one revision");
}

async fn deleted_entries_are_absent(store: &dyn Store) {
    let first = put(store, "a", "1").await;
    assert_eq!(outcome(store, Batch::new().delete(key("a"))).await, "committed");
    assert_eq!(value(store, "a").await, "-");
    assert_eq!(outcome(store, Batch::new().delete(key("a"))).await, "committed", "no error");
    let stale = Batch::new().expect(key("a"), Some(first)).put(key("a"), "2");
    assert_eq!(outcome(store, stale).await, "conflict at a");
    let again = Batch::new().expect(key("a"), None).put(key("a"), "1");
    let second = store.commit(again).await.expect("the key is absent");
    assert!(second > first, "an entry that was put again is not mistaken for the old one");
}

async fn revisions_grow(store: &dyn Store) {
    let mut before = *store.changes().borrow();
    for round in ["1", "2", "3"] {
        let after = put(store, round, round).await;
        assert!(*store.changes().borrow() >= after, "the feed moves before the answer");
        assert_eq!(store.revision(), after, "reads see what was answered");
        assert!(after > before, "{after:?} follows {before:?}");
        assert_eq!(
            outcome(store, Batch::new().expect(key(round), None)).await,
            format!("conflict at {round}")
        );
        before = after;
    }
}

async fn the_change_feed_wakes(store: &dyn Store) {
    let mut changes = store.changes();
    assert!(!changes.has_changed().expect("the store is open"), "what was before is not news");
    let first = put(store, "a", "1").await;
    changes.changed().await.expect("the store is open");
    assert_eq!(*changes.borrow_and_update(), first);
    outcome(store, Batch::new().expect(key("a"), None)).await;
    assert!(!changes.has_changed().expect("the store is open"), "a conflict changes nothing");
    put(store, "a", "2").await;
    let last = put(store, "a", "3").await;
    changes.changed().await.expect("the store is open");
    assert_eq!(*changes.borrow_and_update(), last, "the latest, not each");
    assert_eq!(*store.changes().borrow(), last);
}

async fn concurrent_increments_lose_nothing(store: &dyn Store) {
    let increment = async |_| {
        let mut done = 0;
        // Of those who loaded the same entry one wins, so this many rounds are enough for all.
        for _ in 0..INCREMENTERS as u64 * INCREMENTS_EACH {
            let seen = store.load(&key("n")).await.expect("the store can be read");
            let (number, revision) = match seen {
                Some(entry) => (number_of(&entry.value), Some(entry.revision)),
                None => (0, None),
            };
            let next = (number + 1).to_string();
            match outcome(store, Batch::new().expect(key("n"), revision).put(key("n"), next)).await.as_str() {
                "committed" => done += 1,
                other => assert_eq!(other, "conflict at n"),
            }
            if done == INCREMENTS_EACH {
                break;
            }
        }
        assert_eq!(done, INCREMENTS_EACH);
    };
    join_all((0..INCREMENTERS).map(increment)).await;
    assert_eq!(value(store, "n").await, (INCREMENTERS as u64 * INCREMENTS_EACH).to_string());
}

fn number_of(value: &[u8]) -> u64 {
    str::from_utf8(value).expect("the suite writes text").parse().expect("the suite writes numbers")
}

async fn limits_are_refused(store: &dyn Store) {
    let long = |bytes: usize| Key::new(vec![b'k'; bytes]);
    let longest = Batch::new().put(long(KEY_BYTES_MAX), vec![0; VALUE_BYTES_MAX]);
    assert_eq!(outcome(store, longest).await, "committed");
    let over = |limit: Limit| format!("{limit:?} {}", limit.max() + 1);
    let key_over = over(Limit::KeyBytes);
    assert_eq!(outcome(store, Batch::new().put(long(KEY_BYTES_MAX + 1), "")).await, key_over);
    assert_eq!(outcome(store, Batch::new().delete(long(KEY_BYTES_MAX + 1))).await, key_over);
    assert_eq!(outcome(store, Batch::new().expect(long(KEY_BYTES_MAX + 1), None)).await, key_over);
    let value_over = Batch::new().put(key("v"), vec![0; VALUE_BYTES_MAX + 1]);
    assert_eq!(outcome(store, value_over).await, over(Limit::ValueBytes));
    let many = |count: usize| (0..count).fold(Batch::new(), |batch, n| batch.put(key(&n.to_string()), ""));
    assert_eq!(outcome(store, many(BATCH_ENTRIES_MAX)).await, "committed");
    assert_eq!(outcome(store, many(BATCH_ENTRIES_MAX + 1)).await, over(Limit::BatchEntries));
    let values = BATCH_BYTES_MAX / VALUE_BYTES_MAX;
    let full =
        (0..values).fold(Batch::new(), |batch, n| batch.put(key(&n.to_string()), vec![0; VALUE_BYTES_MAX]));
    let refused = format!("BatchBytes {}", BATCH_BYTES_MAX + values);
    assert_eq!(outcome(store, full).await, refused, "keys count too");
    assert_eq!(value(store, "v").await, "-");
}

async fn a_batch_names_a_key_once(store: &dyn Store) {
    let refused = "the batch writes `a` more than once";
    assert_eq!(outcome(store, Batch::new().put(key("a"), "1").put(key("a"), "2")).await, refused);
    assert_eq!(outcome(store, Batch::new().put(key("a"), "1").delete(key("a"))).await, refused);
    assert_eq!(outcome(store, Batch::new().delete(key("a")).delete(key("a"))).await, refused);
    assert_eq!(value(store, "a").await, "-");
}
