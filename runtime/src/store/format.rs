//! How entries lie in the file: three tables and a format version.
//!
//! An entry is its revision, eight bytes big-endian, and then the value. A change to anything here
//! needs a new [`FORMAT_VERSION`].

use std::io;
use std::sync::Arc;

use redb::{Database, Durability, ReadableDatabase, TableDefinition, TableError, WriteTransaction};

use super::{Entry, Key, OpenError, Revision, StoreError};

/// The format this program reads and writes.
pub(super) const FORMAT_VERSION: u64 = 1;

/// The entries.
pub(super) const ENTRIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("entries");
/// One row, the revision of the latest commit: it outlives the entries that commit wrote.
const REVISION: TableDefinition<'_, (), u64> = TableDefinition::new("revision");
/// One row, the format version. Every later format keeps this table readable as it is.
const FORMAT: TableDefinition<'_, &str, u64> = TableDefinition::new("format");
const FORMAT_KEY: &str = "version";

const REVISION_BYTES: usize = size_of::<u64>();

/// Wraps what the engine said.
pub(super) fn failed(error: impl Into<redb::Error>) -> StoreError {
    StoreError::Failed(Arc::new(error.into()))
}

/// The bytes of an entry.
pub(super) fn encode(revision: Revision, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(REVISION_BYTES + value.len());
    bytes.extend_from_slice(&revision.number().to_be_bytes());
    bytes.extend_from_slice(value);
    bytes
}

/// The revision alone, where the value is not needed.
pub(super) fn decode_revision(key: &Key, bytes: &[u8]) -> Result<Revision, StoreError> {
    match bytes.first_chunk::<REVISION_BYTES>() {
        Some(number) => Ok(Revision::new(u64::from_be_bytes(*number))),
        None => Err(StoreError::Damaged { key: key.clone() }),
    }
}

/// The entry of these bytes.
pub(super) fn decode(key: &Key, bytes: &[u8]) -> Result<Entry, StoreError> {
    let revision = decode_revision(key, bytes)?;
    Ok(Entry { revision, value: bytes[REVISION_BYTES..].to_vec() })
}

/// A transaction whose commit is durable when it returns and whose file opens at once after a crash.
pub(super) fn begin_durable(database: &Database) -> Result<WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    transaction.set_quick_repair(true);
    Ok(transaction)
}

/// Makes an empty database a store.
pub(super) fn initialize(database: &Database) -> Result<(), redb::Error> {
    let transaction = begin_durable(database)?;
    transaction.open_table(FORMAT)?.insert(FORMAT_KEY, FORMAT_VERSION)?;
    transaction.open_table(ENTRIES)?;
    write_revision(&transaction, Revision::default())?;
    Ok(transaction.commit()?)
}

/// Records the revision of the latest commit.
pub(super) fn write_revision(transaction: &WriteTransaction, revision: Revision) -> Result<(), redb::Error> {
    transaction.open_table(REVISION)?.insert((), revision.number())?;
    Ok(())
}

/// The revision of the latest commit.
pub(super) fn read_revision(database: &impl ReadableDatabase) -> Result<Revision, OpenError> {
    let transaction = database.begin_read().map_err(refused)?;
    let table = transaction.open_table(REVISION).map_err(refused)?;
    let number = table.get(()).map_err(refused)?.ok_or(OpenError::NotAStore)?;
    Ok(Revision::new(number.value()))
}

/// Whether this program may read and write the database.
pub(super) fn check(database: &impl ReadableDatabase) -> Result<(), OpenError> {
    let transaction = database.begin_read().map_err(refused)?;
    let table = match transaction.open_table(FORMAT) {
        Ok(table) => table,
        Err(TableError::Storage(error)) => return Err(refused(error)),
        Err(_) => return Err(OpenError::NotAStore),
    };
    let found = table.get(FORMAT_KEY).map_err(refused)?.ok_or(OpenError::NotAStore)?.value();
    if found == FORMAT_VERSION {
        Ok(())
    } else {
        Err(OpenError::UnknownFormat { found, supported: FORMAT_VERSION })
    }
}

/// Whether the database has never held anything.
pub(super) fn is_empty(database: &impl ReadableDatabase) -> Result<bool, OpenError> {
    let transaction = database.begin_read().map_err(refused)?;
    let is_empty = transaction.list_tables().map_err(refused)?.next().is_none();
    Ok(is_empty)
}

/// Names the reason why the engine would not open the file.
pub(super) fn refused(error: impl Into<redb::Error>) -> OpenError {
    match error.into() {
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => OpenError::InUse,
        // Its layouts before the first format of this store.
        redb::Error::UpgradeRequired(_) => OpenError::NotAStore,
        redb::Error::Io(error) => match error.kind() {
            // How the engine reports a wrong magic number.
            io::ErrorKind::InvalidData => OpenError::NotAStore,
            io::ErrorKind::UnexpectedEof => OpenError::Damaged(Arc::new(error)),
            _ => OpenError::Io(error),
        },
        error => OpenError::Damaged(Arc::new(error)),
    }
}
