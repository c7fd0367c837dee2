//! What was made of entries, kept in memory for as long as the entries are as they were.
//!
//! An entry that was looked at since the store's revision moved is as it was, and any other is looked at again: one
//! read of each after a commit and none between two. Whoever changes an entry need not know what was made of it, nor
//! outlive the change. What is found is as new as what is loaded after it, but for commits that come in between.
//!
//! That holds where one process has the store for itself. Where several share one, entries are looked at each time.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Key, Revision, Store, StoreError};

/// See the module's documentation.
pub struct Cache<K, T> {
    store: Arc<dyn Store>,
    kept: RwLock<HashMap<K, Arc<Kept<T>>>>,
    kept_max: usize,
}

struct Kept<T> {
    made: Arc<T>,
    sources: Vec<(Key, Revision)>,
    /// The store's revision when the sources were last looked at, or an earlier one.
    checked: AtomicU64,
}

/// What a cache knows.
pub enum Lookup<T> {
    /// What was kept, and is still so.
    Hit(Arc<T>),
    /// Nothing.
    Miss(Missed),
}

/// The right to keep what is made of entries that are loaded from now on.
pub struct Missed(Revision);

impl<K: Eq + Hash, T> Cache<K, T> {
    /// A cache for so many; when there are more, all are forgotten, and made again as needed.
    pub fn new(store: Arc<dyn Store>, kept_max: usize) -> Self {
        Self { store, kept: RwLock::default(), kept_max }
    }

    /// What was kept under this name, if all that it was made of is as it was.
    pub async fn find<Q>(&self, name: &Q) -> Result<Lookup<T>, StoreError>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        // Before anything is loaded: what is committed meanwhile makes the next one look again.
        let now = self.store.revision();
        let Some(kept) = self.read().get(name).cloned() else { return Ok(Lookup::Miss(Missed(now))) };
        let is_fresh = kept.checked.load(Ordering::Relaxed) >= now.number();
        if !is_fresh || !self.store.exclusive() {
            for (key, revision) in &kept.sources {
                if self.store.load(key).await?.map(|entry| entry.revision) != Some(*revision) {
                    self.write().remove(name);
                    return Ok(Lookup::Miss(Missed(now)));
                }
            }
            kept.checked.fetch_max(now.number(), Ordering::Relaxed);
        }
        Ok(Lookup::Hit(Arc::clone(&kept.made)))
    }

    /// Keeps what was made of these entries, all of which were loaded after the cache had missed it.
    pub fn keep(&self, name: K, missed: Missed, sources: Vec<(Key, Revision)>, made: T) -> Arc<T> {
        let made = Arc::new(made);
        let Missed(checked) = missed;
        let kept = Kept { made: Arc::clone(&made), sources, checked: AtomicU64::new(checked.number()) };
        let mut all = self.write();
        if all.len() >= self.kept_max && !all.contains_key(&name) {
            all.clear();
        }
        all.insert(name, Arc::new(kept));
        made
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<K, Arc<Kept<T>>>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<K, Arc<Kept<T>>>> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
