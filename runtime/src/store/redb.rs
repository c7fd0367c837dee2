//! The store in one file, on redb.
//!
//! Reads are served from the last durable commit beside the writer; they take microseconds and are
//! therefore not sent to another thread. Commits go through the queue
//! of [`super::writer`]. One process has the file: the engine's lock on it excludes every other.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use async_trait::async_trait;
use redb::{Database, StorageBackend};
use tokio::sync::{mpsc, oneshot, watch};

use super::error::Cause;
use super::format::{self, failed};
use super::view::View;
use super::writer::{self, COMMITS_WAITING_MAX, Request};
use super::{Batch, CommitError, Entry, Key, OpenError, Revision, Store, StoreError};
use super::{check_scan_limit, create, probe};

/// What the engine may keep in memory of the file.
const CACHE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A store in a file that this process alone has open.
///
/// Dropping it waits until the queue is written, and then closes the file.
pub struct RedbStore {
    view: Arc<View>,
    latest: watch::Receiver<Revision>,
    /// Present until the store is dropped; the writer ends when it is gone. Absent in a store that was
    /// opened for reading.
    queue: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
    /// What there is to read, where no writer holds it. Dropped after the view of it.
    _read_only: Option<Database>,
}

impl RedbStore {
    /// Opens the store in this file and makes one if there is none.
    ///
    /// A file that is refused is left as it was, byte for byte.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        create::create_if_absent(path)?;
        guarded(|| {
            probe::check_format(path)?;
            let mut builder = redb::Builder::new();
            let database = builder.set_cache_size(CACHE_BYTES_MAX).open(path).map_err(format::refused)?;
            Self::start(database)
        })
    }

    /// Opens the store in this file for reading only. The file must be there, and stays as it is, byte
    /// for byte, also where the engine has to repair it after a crash; no other process may have it open.
    pub fn open_for_reading(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        guarded(|| {
            let database = probe::open(path.as_ref())?;
            format::check(&database)?;
            let revision = format::read_revision(&database)?;
            let view = Arc::new(View::open(&database, revision).map_err(format::refused)?);
            // Without a sender the change feed is closed: no commit will come.
            let latest = watch::Sender::new(revision).subscribe();
            Ok(Self { view, latest, queue: None, writer: None, _read_only: Some(database) })
        })
    }

    /// Opens the store in this backend and makes one if it is empty: for tests that simulate a disk.
    pub fn with_backend(backend: impl StorageBackend) -> Result<Self, OpenError> {
        guarded(|| {
            let database = redb::Builder::new().create_with_backend(backend).map_err(format::refused)?;
            if format::is_empty(&database)? {
                format::initialize(&database).map_err(format::refused)?;
            }
            Self::start(database)
        })
    }

    fn start(database: Database) -> Result<Self, OpenError> {
        format::check(&database)?;
        let revision = format::read_revision(&database)?;
        let latest = watch::Sender::new(revision);
        let view = Arc::new(View::open(&database, revision).map_err(format::refused)?);
        let (queue, waiting) = mpsc::channel(COMMITS_WAITING_MAX);
        let feed = latest.subscribe();
        let writer = thread::Builder::new().name("store-writer".to_owned()).spawn({
            let view = Arc::clone(&view);
            move || writer::run(&database, waiting, latest, &view)
        });
        let writer = writer.map_err(OpenError::Io)?;
        Ok(Self { view, latest: feed, queue: Some(queue), writer: Some(writer), _read_only: None })
    }
}

#[async_trait]
impl Store for RedbStore {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        match self.view.entries().get(key.as_bytes()).map_err(failed)? {
            Some(bytes) => format::decode(key, bytes.value()).map(Some),
            None => Ok(None),
        }
    }

    async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        check_scan_limit(limit)?;
        if from >= to {
            return Ok(Vec::new());
        }
        let entries = self.view.entries();
        let range = entries.range(from.as_bytes()..to.as_bytes()).map_err(failed)?;
        let mut found = Vec::new();
        for row in range.take(limit) {
            let (key, bytes) = row.map_err(failed)?;
            let key = Key::new(key.value());
            let entry = format::decode(&key, bytes.value())?;
            found.push((key, entry));
        }
        Ok(found)
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        batch.check()?;
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(StoreError::ReadOnly)?;
        // A writer that is gone has panicked: what it held may or may not be on disk.
        queue.send(Request { batch, answer }).await.map_err(|_| StoreError::Stopped)?;
        answered.await.unwrap_or(Err(CommitError::Store(StoreError::Stopped)))
    }

    fn changes(&self) -> watch::Receiver<Revision> {
        let mut changes = self.latest.clone();
        changes.mark_unchanged();
        changes
    }

    fn revision(&self) -> Revision {
        self.view.revision()
    }

    fn exclusive(&self) -> bool {
        true
    }
}

impl Drop for RedbStore {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the store's writer ended by a panic");
        }
    }
}

/// Opens, and answers with an error where the engine panics over a damaged file.
fn guarded<T>(open: impl FnOnce() -> Result<T, OpenError>) -> Result<T, OpenError> {
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|panic| Err(OpenError::Damaged(cause_of(&*panic))))
}

fn cause_of(panic: &(dyn Any + Send)) -> Cause {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("the engine panicked");
    Cause::from(Box::<dyn std::error::Error + Send + Sync>::from(text))
}
