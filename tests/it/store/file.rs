//! One file, one process, one format.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use keywheel::store::{Batch, Key, OpenError, RedbStore, Store};
use redb::{Database, ReadableDatabase, TableDefinition};

use super::{put, value};

/// As the file names it: a program of any version must find the format version there.
const FORMAT: TableDefinition<'_, &str, u64> = TableDefinition::new("format");

fn path_in(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("keywheel.redb")
}

#[track_caller]
fn refused(path: &Path) -> OpenError {
    let before = fs::read(path).unwrap();
    let error = RedbStore::open(path).err().expect("the file is not opened");
    assert!(fs::read(path).unwrap() == before, "a refused file stays as it was");
    error
}

#[tokio::test]
async fn entries_and_revisions_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(&folder);
    let store = RedbStore::open(&path).unwrap();
    put(&store, "a", "1").await;
    let last = put(&store, "gone", "1").await;
    let deleted = store.commit(Batch::new().delete(Key::new("gone"))).await.unwrap();
    drop(store);
    let store = RedbStore::open(&path).unwrap();
    assert_eq!(value(&store, "a").await.as_deref(), Some("1"));
    assert_eq!(value(&store, "gone").await, None);
    assert_eq!(*store.changes().borrow(), deleted);
    assert!(put(&store, "gone", "2").await > last);
    assert!(store.exclusive());
    drop(store);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(names, [path], "nothing is left beside the store");
}

#[test]
fn a_creation_that_was_cut_short_starts_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(&folder);
    fs::write(folder.path().join("keywheel.redb.new"), vec![0; 5000]).unwrap();
    RedbStore::open(&path).unwrap();
}

#[test]
fn opening_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(&folder);
    let store = RedbStore::open(&path).unwrap();
    let error = RedbStore::open(&path).err().unwrap();
    assert!(matches!(error, OpenError::InUse), "{error:?}");
    drop(store);
    RedbStore::open(&path).unwrap();
}

#[test]
fn another_format_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(&folder);
    drop(RedbStore::open(&path).unwrap());
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(FORMAT).unwrap().insert("version", 7).unwrap();
    transaction.commit().unwrap();
    // As a process that was killed leaves it: the engine has to repair what it opens.
    let killed = folder.path().join("killed.redb");
    fs::copy(&path, &killed).unwrap();
    drop(database);
    for path in [path, killed] {
        let error = refused(&path);
        assert!(matches!(error, OpenError::UnknownFormat { found: 7, supported: 1 }), "{error:?}");
        let found = Database::open(&path).unwrap().begin_read().unwrap().open_table(FORMAT).unwrap();
        assert_eq!(found.get("version").unwrap().unwrap().value(), 7);
    }
}

#[test]
fn what_is_no_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(&folder);
    for bytes in [b"".to_vec(), b"hello".to_vec(), vec![0; 5000], b"SQLite format 3\0".repeat(1000)] {
        fs::write(&path, &bytes).unwrap();
        let error = refused(&path);
        assert!(matches!(error, OpenError::NotAStore), "{} bytes: {error:?}", bytes.len());
    }
    fs::remove_file(&path).unwrap();
    let database = Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(TableDefinition::<u64, u64>::new("entries")).unwrap().insert(1, 1).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let error = refused(&path);
    assert!(matches!(error, OpenError::NotAStore), "{error:?}");
    let error = RedbStore::open(folder.path().join("no/such/folder")).err().unwrap();
    assert!(matches!(error, OpenError::Io(_)), "{error:?}");
}

#[test]
fn a_damaged_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(&folder);
    drop(RedbStore::open(&path).unwrap());
    let whole = fs::read(&path).unwrap();
    for keep in [20, 400, 4096, whole.len() / 2] {
        fs::write(&path, &whole[..keep]).unwrap();
        let error = refused(&path);
        assert!(matches!(error, OpenError::Damaged(_)), "{keep} bytes: {error:?}");
    }
    fs::write(&path, &whole).unwrap();
    RedbStore::open(&path).unwrap();
}
