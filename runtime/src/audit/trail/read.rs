//! Reading the trail.

use std::fmt;

use keywheel_domain::secret::Scope;
use keywheel_domain::time::Timestamp;

use super::Call;
use super::block::{self, END, FIRST, SPAN_MS};
use crate::store::{Key, Store, StoreError};

/// Entries that are read at once: of a busy server they hold some four thousand calls.
const ENTRIES_READ: usize = 128;

/// Where a listing goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    entry: Key,
    /// Calls of the entry before it.
    passed: usize,
}

impl Place {
    /// A place as it was written.
    pub fn parse(text: &str) -> Option<Self> {
        let (passed, entry) = text.split_once(' ')?;
        Some(Self { entry: Key::new(entry), passed: passed.parse().ok()? })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.passed, String::from_utf8_lossy(self.entry.as_bytes()))
    }
}

/// A call in the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where a listing goes on with it.
    pub place: Place,
    /// In which region.
    pub region: String,
    /// When it was answered.
    pub at: Timestamp,
    /// As it was written down.
    pub call: Call<'static>,
}

/// Some calls, the latest first. Two within a second of one another may have changed places.
#[derive(Debug, Default)]
pub struct Calls {
    /// The calls.
    pub calls: Vec<Found>,
    /// Where to go on; `None` when there is nothing more.
    pub next: Option<Place>,
}

/// Calls in an account and region between two moments, both included, from `after` on. One that cannot be read
/// is passed over.
pub async fn calls(
    store: &dyn Store,
    scope: &Scope,
    (from, to): (Timestamp, Timestamp),
    after: Option<Place>,
) -> Result<Calls, StoreError> {
    // The first call of an entry may be later, and others in it not.
    let first = block::first_before(scope, to.plus_millis(SPAN_MS + 1));
    let end = block::first_before(scope, from);
    let after = after.filter(|after| after.entry >= first && after.entry < end);
    let start = after.unwrap_or(Place { entry: first, passed: 0 });
    let mut page = page(store, &start, &end).await?;
    page.calls.retain(|found| (from..=to).contains(&found.at));
    Ok(page)
}

/// All calls from `after` on, by account and region. Otherwise as [`calls`].
pub async fn all_calls(store: &dyn Store, after: Option<Place>) -> Result<Calls, StoreError> {
    let start = after.unwrap_or_else(|| Place { entry: Key::new(FIRST), passed: 0 });
    page(store, &start, &Key::new(END)).await
}

async fn page(store: &dyn Store, start: &Place, end: &Key) -> Result<Calls, StoreError> {
    let entries = store.scan(&start.entry, end, ENTRIES_READ).await?;
    let next = match entries.last() {
        Some((key, _)) if entries.len() == ENTRIES_READ => Some(Place { entry: key.successor(), passed: 0 }),
        _ => None,
    };
    let mut calls = Vec::new();
    for (key, entry) in &entries {
        let Some(Scope { region, .. }) = block::scope_of(key) else { continue };
        let passed = if *key == start.entry { start.passed } else { 0 };
        for (index, call) in block::calls(key, &entry.value).into_iter().enumerate().skip(passed) {
            let Some((at, call)) = call else { continue };
            let place = Place { entry: key.clone(), passed: index };
            calls.push(Found { place, region: region.clone(), at, call });
        }
    }
    Ok(Calls { calls, next })
}
