//! What readers see: the entries as of the latest durable commit.
//!
//! The engine is asked for a view once for each commit, by the writer, and not once for each read. A
//! view that is replaced lives on while a read goes on in it.

use std::sync::{Arc, PoisonError, RwLock};

use redb::{Database, ReadOnlyTable, ReadableDatabase};

use super::Revision;
use super::format::ENTRIES;

/// The entries of one commit.
pub(super) type Entries = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// See the module's documentation.
pub(super) struct View(RwLock<(Revision, Arc<Entries>)>);

impl View {
    /// A view of the database as it is, at this revision.
    pub(super) fn open(database: &Database, revision: Revision) -> Result<Self, redb::Error> {
        Ok(Self(RwLock::new((revision, Arc::new(latest(database)?)))))
    }

    /// Shows what was committed since.
    pub(super) fn renew(&self, database: &Database, revision: Revision) -> Result<(), redb::Error> {
        let entries = Arc::new(latest(database)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = (revision, entries);
        Ok(())
    }

    /// Whose entries are seen now.
    pub(super) fn revision(&self) -> Revision {
        self.0.read().unwrap_or_else(PoisonError::into_inner).0
    }

    /// The entries, unchanged for as long as they are held.
    pub(super) fn entries(&self) -> Arc<Entries> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).1)
    }
}

fn latest(database: &Database) -> Result<Entries, redb::Error> {
    Ok(database.begin_read()?.open_table(ENTRIES)?)
}
