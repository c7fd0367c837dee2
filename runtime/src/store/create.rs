//! Makes a new store's file.
//!
//! The engine cannot open a file whose first writes a crash cut short. So a store is made beside its
//! place and moved there when it is complete: the file is absent or a whole store.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;

use super::{OpenError, format};

/// Read and written by its owner only: values are sealed, names are not.
const FILE_MODE: u32 = 0o600;
/// Appended to the file's name while the store is made.
const DRAFT_SUFFIX: &str = ".new";

/// Makes the store if there is no file. On return it is there, and its name is durable.
pub(super) fn create_if_absent(path: &Path) -> Result<(), OpenError> {
    let folder = File::open(folder_of(path)).map_err(OpenError::Io)?;
    if !path.try_exists().map_err(OpenError::Io)? {
        create(path, &folder)?;
    }
    // Even if the file was there: who made it may have been killed before this point.
    folder.sync_all().map_err(OpenError::Io)
}

fn create(path: &Path, folder: &File) -> Result<(), OpenError> {
    // Held until the file is in place, so that no second process moves its own over a store in use.
    // Not every file system can lock a folder; there two first starts must not be made at once.
    if matches!(folder.try_lock(), Err(TryLockError::WouldBlock)) {
        return Err(OpenError::InUse);
    }
    if path.try_exists().map_err(OpenError::Io)? {
        return Ok(());
    }
    write_draft(&draft_of(path))?;
    fs::rename(draft_of(path), path).map_err(OpenError::Io)
}

fn write_draft(draft: &Path) -> Result<(), OpenError> {
    match fs::remove_file(draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(OpenError::Io(error)),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create_new(true).mode(FILE_MODE).open(draft);
    let backend = FileBackend::new(file.map_err(OpenError::Io)?).map_err(format::refused)?;
    let database = redb::Builder::new().create_with_backend(backend).map_err(format::refused)?;
    format::initialize(&database).map_err(format::refused)?;
    database.close().map_err(format::refused)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn draft_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(DRAFT_SUFFIX);
    PathBuf::from(name)
}
