//! Looks at a file without changing it.
//!
//! Opening a database for writing writes to it, more so after a crash. A file of another format must
//! stay as it is for the program that can read it; so it is first opened over a layer that keeps all
//! writes in memory and forgets them.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::backends::FileBackend;
use redb::{BackendError, Database, StorageBackend};

use super::{OpenError, format};

/// What reading may keep in memory.
const CACHE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The unit in which changes are kept.
const PAGE_BYTES: usize = 4096;

/// Whether the file is a store of the format that this program reads.
pub(super) fn check_format(path: &Path) -> Result<(), OpenError> {
    format::check(&open(path)?)
}

/// The database in the file. Nothing that is written to it gets there.
pub(super) fn open(path: &Path) -> Result<Database, OpenError> {
    // For writing too: an exclusive lock needs it, and a file that cannot be written is no use.
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(OpenError::Io)?;
    let overlay = Overlay::new(FileBackend::new(file).map_err(format::refused)?).map_err(OpenError::Io)?;
    let mut builder = redb::Builder::new();
    builder.set_cache_size(CACHE_BYTES_MAX).create_with_backend(overlay).map_err(format::refused)
}

/// A file with changes that are kept in memory only. Locks are taken on the file.
#[derive(Debug)]
struct Overlay {
    file: FileBackend,
    changed: Mutex<Changed>,
}

#[derive(Debug)]
struct Changed {
    /// The length as it seems to the engine.
    len: u64,
    /// How much of the file still shows; what lies behind reads as zeros.
    file_len: u64,
    /// By the number of the page.
    pages: BTreeMap<u64, Vec<u8>>,
}

impl Overlay {
    fn new(file: FileBackend) -> io::Result<Self> {
        let len = file.len()?;
        Ok(Self { file, changed: Mutex::new(Changed { len, file_len: len, pages: BTreeMap::new() }) })
    }

    fn changed(&self) -> MutexGuard<'_, Changed> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fills `out`, which lies within one page, from the file.
    fn read_file(&self, file_len: u64, offset: u64, out: &mut [u8]) -> io::Result<()> {
        out.fill(0);
        let shown = file_len.saturating_sub(offset).min(out.len() as u64) as usize;
        self.file.read(offset, &mut out[..shown])
    }
}

/// The parts of a range that lie in one page each: number of the page, where in it, where in the range.
fn parts(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let within = (at % PAGE_BYTES as u64) as usize;
        let take = (len - done).min(PAGE_BYTES - within);
        let part = (at / PAGE_BYTES as u64, within, done..done + take);
        done += take;
        (take > 0).then_some(part)
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.changed().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let changed = self.changed();
        if offset.saturating_add(out.len() as u64) > changed.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (page, within, part) in parts(offset, out.len()) {
            let out = &mut out[part.clone()];
            match changed.pages.get(&page) {
                Some(bytes) => out.copy_from_slice(&bytes[within..within + part.len()]),
                None => self.read_file(changed.file_len, offset + part.start as u64, out)?,
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut changed = self.changed();
        changed.len = len;
        changed.file_len = changed.file_len.min(len);
        let kept = len / PAGE_BYTES as u64;
        changed.pages.split_off(&(kept + 1));
        if let Some(cut) = changed.pages.get_mut(&kept) {
            cut[(len % PAGE_BYTES as u64) as usize..].fill(0);
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut changed = self.changed();
        changed.len = changed.len.max(offset + data.len() as u64);
        for (page, within, part) in parts(offset, data.len()) {
            if !changed.pages.contains_key(&page) {
                let mut bytes = vec![0; PAGE_BYTES];
                self.read_file(changed.file_len, page * PAGE_BYTES as u64, &mut bytes)?;
                changed.pages.insert(page, bytes);
            }
            if let Some(bytes) = changed.pages.get_mut(&page) {
                bytes[within..within + part.len()].copy_from_slice(&data[part]);
            }
        }
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
