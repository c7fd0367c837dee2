//! Parsed records of secrets, by the revision of the entry that they were read from.
//!
//! The store is asked on every use, so nothing stale is ever served: what is saved is only reading the
//! same JSON again. Records hold no values.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use keywheel_domain::secret::Secret;

use crate::store::{Key, Revision};

/// Records kept; when there are more, all are forgotten and read again as needed.
const RECORDS_MAX: usize = 10_000;

/// See the module's documentation.
#[derive(Default)]
pub(super) struct RecordCache(RwLock<HashMap<Key, (Revision, Arc<Secret>)>>);

impl RecordCache {
    /// The record of this entry, if it was read before.
    pub(super) fn get(&self, key: &Key, revision: Revision) -> Option<Arc<Secret>> {
        let records = self.0.read().unwrap_or_else(PoisonError::into_inner);
        records.get(key).filter(|(known, _)| *known == revision).map(|(_, record)| Arc::clone(record))
    }

    /// Keeps a record that was read.
    pub(super) fn put(&self, key: Key, revision: Revision, record: Arc<Secret>) {
        let mut records = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if records.len() >= RECORDS_MAX && !records.contains_key(&key) {
            records.clear();
        }
        records.insert(key, (revision, record));
    }
}
