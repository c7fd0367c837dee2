//! What is found is as the entries are now.

use std::sync::atomic::AtomicUsize;

use async_trait::async_trait;
use tokio::sync::watch;

use super::*;
use crate::store::{Batch, CommitError, Entry, MemoryStore};

const KEPT_MAX: usize = 2;

/// Counts reads.
struct Counted {
    inner: MemoryStore,
    loads: AtomicUsize,
}

#[async_trait]
impl Store for Counted {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.loads.fetch_add(1, Ordering::Relaxed);
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

struct World {
    store: Arc<Counted>,
    cache: Cache<String, String>,
}

impl World {
    fn over(inner: MemoryStore) -> Self {
        let store = Arc::new(Counted { inner, loads: AtomicUsize::new(0) });
        Self { cache: Cache::new(store.clone(), KEPT_MAX), store }
    }

    async fn put(&self, name: &str, value: &str) {
        self.store.commit(Batch::new().put(Key::new(name), value)).await.unwrap();
    }

    async fn delete(&self, name: &str) {
        self.store.commit(Batch::new().delete(Key::new(name))).await.unwrap();
    }

    /// The text of these entries, made anew where the cache has none: then with `true`.
    async fn text(&self, names: &[&str]) -> Option<(String, bool)> {
        let missed = match self.cache.find(names[0]).await.unwrap() {
            Lookup::Hit(text) => return Some((text.to_string(), false)),
            Lookup::Miss(missed) => missed,
        };
        self.make(names, missed).await.map(|text| (text, true))
    }

    async fn make(&self, names: &[&str], missed: Missed) -> Option<String> {
        let (mut text, mut sources) = (String::new(), Vec::new());
        for name in names {
            let entry = self.store.load(&Key::new(*name)).await.unwrap()?;
            text += str::from_utf8(&entry.value).unwrap();
            sources.push((Key::new(*name), entry.revision));
        }
        Some(self.cache.keep(names[0].to_owned(), missed, sources, text).to_string())
    }

    fn loads(&self) -> usize {
        self.store.loads.swap(0, Ordering::Relaxed)
    }
}

fn made(text: &str) -> Option<(String, bool)> {
    Some((text.to_owned(), true))
}

fn kept(text: &str) -> Option<(String, bool)> {
    Some((text.to_owned(), false))
}

#[tokio::test]
async fn entries_are_looked_at_once_after_each_commit() {
    let world = World::over(MemoryStore::new());
    world.put("a", "1").await;
    world.put("b", "2").await;
    assert_eq!(world.text(&["a", "b"]).await, made("12"));
    world.loads();
    assert_eq!(world.text(&["a", "b"]).await, kept("12"));
    assert_eq!(world.loads(), 0);
    world.put("elsewhere", "3").await;
    for loads in [2, 0] {
        assert_eq!(world.text(&["a", "b"]).await, kept("12"));
        assert_eq!(world.loads(), loads);
    }
}

#[tokio::test]
async fn a_change_of_any_entry_is_seen_at_once() {
    let world = World::over(MemoryStore::new());
    world.put("a", "1").await;
    world.put("b", "2").await;
    assert_eq!(world.text(&["a", "b"]).await, made("12"));
    for (name, text) in [("a", "32"), ("b", "33")] {
        world.put(name, "3").await;
        assert_eq!(world.text(&["a", "b"]).await, made(text));
    }
    world.delete("b").await;
    for _ in 0..2 {
        assert_eq!(world.text(&["a", "b"]).await, None);
    }
    world.put("b", "3").await;
    assert_eq!(world.text(&["a", "b"]).await, made("33"), "another entry of the same bytes");
}

#[tokio::test]
async fn what_was_overtaken_is_looked_at_again() {
    let world = World::over(MemoryStore::new());
    world.put("a", "1").await;
    let Lookup::Miss(missed) = world.cache.find("a").await.unwrap() else { panic!("kept by nobody") };
    world.put("a", "2").await;
    assert_eq!(world.make(&["a"], missed).await, Some("2".to_owned()));
    world.loads();
    assert_eq!(world.text(&["a"]).await, kept("2"));
    assert_eq!(world.loads(), 1, "it could have been read before the commit");
    // Of two that make it at once, the older one may be kept last.
    world.delete("a").await;
    let Lookup::Miss(older) = world.cache.find("a").await.unwrap() else { panic!("deleted") };
    world.put("a", "3").await;
    let old = vec![(Key::new("a"), Revision::new(1))];
    world.cache.keep("a".to_owned(), older, old, "1".to_owned());
    assert_eq!(world.text(&["a"]).await, made("3"));
}

#[tokio::test]
async fn no_more_are_kept_than_said() {
    let world = World::over(MemoryStore::new());
    for name in ["a", "b", "c"] {
        world.put(name, name).await;
        assert_eq!(world.text(&[name]).await, made(name));
    }
    assert_eq!(world.text(&["c"]).await, kept("c"));
    assert_eq!(world.text(&["a"]).await, made("a"));
}

#[tokio::test]
async fn entries_of_a_shared_store_are_looked_at_each_time() {
    let world = World::over(MemoryStore::new().shared());
    world.put("a", "1").await;
    assert_eq!(world.text(&["a"]).await, made("1"));
    world.loads();
    for _ in 0..3 {
        assert_eq!(world.text(&["a"]).await, kept("1"));
        assert_eq!(world.loads(), 1);
    }
}
