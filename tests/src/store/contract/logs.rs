//! Logs: numbered without a gap, chained, and written with the batch or not at all.

use futures_util::future::join_all;
use keywheel::store::log::LINK_BYTES;
use keywheel::store::{Batch, Head, Key, Limit, Link, Log, Store, VALUE_BYTES_MAX};

use super::{key, outcome, put, scanned, value};

/// Who appends at the same time, and how often each.
const WRITERS: usize = 16;
const APPENDS_EACH: usize = 5;

pub(super) async fn entries_are_numbered_and_chained(store: &dyn Store) {
    assert_eq!(logged(store, "log").await, Vec::<String>::new());
    let first = store.commit(append("log", "one")).await.expect("nothing is expected");
    put(store, "other", "x").await;
    let last = store.commit(append("log", "two")).await.expect("nothing is expected");
    assert_eq!(logged(store, "log").await, ["one", "two"]);
    let keys = "log/00000000000000000001 log/00000000000000000002 log-head other";
    assert_eq!(scanned(store, "", "z", 10).await, keys);
    let log = Log::new("log");
    for (key, revision) in [(log.entry(1), first), (log.entry(2), last), (log.head(), last)] {
        let entry = store.load(&key).await.expect("the store can be read").expect("it was written");
        assert_eq!(entry.revision, revision, "{key:?} is of the commit that wrote it");
    }
}

pub(super) async fn a_batch_may_append_several(store: &dyn Store) {
    let batch = append("a", "1").append(Log::new("b"), "1").append(Log::new("a"), "2").put(key("x"), "x");
    assert_eq!(outcome(store, batch.append(Log::new("a"), "")).await, "committed");
    assert_eq!(outcome(store, append("a", "4")).await, "committed");
    assert_eq!(logged(store, "a").await, ["1", "2", "", "4"], "in their order");
    assert_eq!(logged(store, "b").await, ["1"], "each log counts for itself");
    assert_eq!(value(store, "x").await, "x");
}

pub(super) async fn a_refused_batch_appends_nothing(store: &dyn Store) {
    put(store, "taken", "1").await;
    let refused = || append("log", "x").expect(key("taken"), None);
    assert_eq!(outcome(store, refused()).await, "conflict at taken");
    assert_eq!(logged(store, "log").await, Vec::<String>::new());
    assert_eq!(outcome(store, append("log", "one")).await, "committed");
    assert_eq!(outcome(store, refused()).await, "conflict at taken");
    let too_long = append("log", &"x".repeat(VALUE_BYTES_MAX - LINK_BYTES + 1));
    assert_eq!(outcome(store, too_long).await, format!("ValueBytes {}", VALUE_BYTES_MAX + 1));
    let longest = append("log", &"x".repeat(VALUE_BYTES_MAX - LINK_BYTES));
    assert_eq!(outcome(store, longest).await, "committed");
    let many =
        (0..=Limit::BatchEntries.max()).fold(Batch::new(), |batch, _| batch.append(Log::new("log"), "x"));
    assert_eq!(outcome(store, many).await, format!("BatchEntries {}", Limit::BatchEntries.max() + 1));
    // What only the log writes is not written beside it.
    let log = Log::new("log");
    for batch in [append("log", "x").put(log.head(), "x"), append("log", "x").delete(log.entry(1))] {
        assert!(outcome(store, batch).await.ends_with("more than once"));
    }
    assert_eq!(logged(store, "log").await.len(), 2, "no number was taken in vain");
}

pub(super) async fn concurrent_appends_leave_no_gap(store: &dyn Store) {
    let write = async |writer: usize| {
        for round in 0..APPENDS_EACH {
            let batch = append("log", &format!("{writer}/{round}"));
            assert_eq!(outcome(store, batch).await, "committed", "nobody is in another's way");
            let refused = append("log", "never").expect(key("absent"), Some(*store.changes().borrow()));
            assert_eq!(outcome(store, refused).await, "conflict at absent");
        }
    };
    join_all((0..WRITERS).map(write)).await;
    let found = logged(store, "log").await;
    assert_eq!(found.len(), WRITERS * APPENDS_EACH);
    for writer in 0..WRITERS {
        let prefix = format!("{writer}/");
        let rounds: Vec<&str> = found.iter().filter_map(|value| value.strip_prefix(&prefix)).collect();
        assert_eq!(rounds, ["0", "1", "2", "3", "4"], "in the order in which they were answered");
    }
}

fn append(log: &str, value: &str) -> Batch {
    Batch::new().append(Log::new(log), value)
}

/// The values of a log, whose chain is checked on the way.
async fn logged(store: &dyn Store, log: &str) -> Vec<String> {
    let values = check_log(store, &Log::new(log)).await;
    values.into_iter().map(|value| String::from_utf8(value).expect("the suite writes text")).collect()
}

/// The values of a log: numbered from 1 without a gap, each linked to the one before, up to the head.
///
/// # Panics
/// They are not.
pub async fn check_log(store: &dyn Store, log: &Log) -> Vec<Vec<u8>> {
    let (mut head, mut values) = (Head::START, Vec::new());
    let end = Key::new(log.head().as_bytes().strip_suffix(b"-head").expect("that is its place").to_vec());
    let end = Key::new([end.as_bytes(), b"\x01"].concat());
    loop {
        let from = log.entry(head.number + 1);
        let found = store.scan(&from, &end, 100).await.expect("the store can be read");
        if found.is_empty() {
            break;
        }
        for (key, entry) in found {
            let (link, value) = Link::split(&entry.value).expect("an entry has its link");
            head = head.next(value).expect("the suite does not count that far");
            assert_eq!((&key, link), (&log.entry(head.number), head.link), "entry {}", head.number);
            values.push(value.to_vec());
        }
    }
    let stored = store.load(&log.head()).await.expect("the store can be read");
    let stored = stored.map(|entry| Head::from_bytes(&entry.value).expect("a head is stored"));
    assert_eq!(stored.unwrap_or(Head::START), head, "the head is that of the last entry");
    values
}
