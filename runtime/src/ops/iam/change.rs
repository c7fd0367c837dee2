//! Writes records of IAM, each where it was seen or where there is none.

use serde::Serialize;

use crate::ops::Seen;
use crate::ops::change::{Change, to_bytes};
use crate::store::{Batch, Key, Revision};

impl Change {
    /// Writes a new record, where there must be none.
    pub(in crate::ops) fn create<T: Serialize>(place: Key, record: &T) -> Self {
        Self::of(Batch::new().expect(place.clone(), None).put(place, to_bytes(record)))
    }

    /// Writes a record over the one that was seen.
    pub(in crate::ops) fn replace<T: Serialize>(seen: &Seen<T>, after: &T) -> Self {
        Self::over(&seen.key, Some(seen.revision), after)
    }

    /// Writes a record where one of this revision was seen, or none.
    pub(in crate::ops) fn over<T: Serialize>(place: &Key, seen: Option<Revision>, after: &T) -> Self {
        Self::of(Batch::new().expect(place.clone(), seen).put(place.clone(), to_bytes(after)))
    }

    /// Removes the record that was seen.
    pub(in crate::ops) fn remove_seen<T>(seen: &Seen<T>) -> Self {
        Self::of(Batch::new().expect(seen.key.clone(), Some(seen.revision)).delete(seen.key.clone()))
    }
}
