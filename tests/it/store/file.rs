//! One file, one process, one format.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use keywheel::store::{Batch, CommitError, Key, Log, OpenError, RedbStore, Store, StoreError};
use keywheel_tests::store::check_log;
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

#[tokio::test]
async fn a_log_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(&folder);
    let log = || Log::new("log");
    for (round, value) in ["one", "two", "three"].into_iter().enumerate() {
        let store = RedbStore::open(&path).unwrap();
        assert_eq!(check_log(&store, &log()).await.len(), round);
        store.commit(Batch::new().append(log(), value)).await.unwrap();
    }
    let store = RedbStore::open(&path).unwrap();
    assert_eq!(check_log(&store, &log()).await, [b"one".as_slice(), b"two", b"three"]);
}

#[tokio::test]
async fn a_store_is_read_without_a_change_to_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = path_in(&folder);
    let error = RedbStore::open_for_reading(&path).err().unwrap();
    assert!(matches!(error, OpenError::Io(_)) && !path.exists(), "{error:?}");
    fs::write(&path, "").unwrap();
    let error = RedbStore::open_for_reading(&path).err().unwrap();
    assert!(matches!(error, OpenError::NotAStore), "{error:?}");
    fs::remove_file(&path).unwrap();

    let store = RedbStore::open(&path).unwrap();
    let revision = put(&store, "a", "1").await;
    let error = RedbStore::open_for_reading(&path).err().unwrap();
    assert!(matches!(error, OpenError::InUse), "{error:?}");
    // As a process that was killed leaves it: the engine has to repair what it opens.
    let killed = folder.path().join("killed.redb");
    fs::copy(&path, &killed).unwrap();
    drop(store);
    for path in [path, killed] {
        let before = fs::read(&path).unwrap();
        let store = RedbStore::open_for_reading(&path).unwrap();
        assert_eq!(value(&store, "a").await.as_deref(), Some("1"));
        assert_eq!(*store.changes().borrow(), revision);
        assert!(store.changes().has_changed().is_err(), "no commit will come");
        let refused = store.commit(Batch::new().put(Key::new("a"), "2")).await;
        assert!(matches!(refused, Err(CommitError::Store(StoreError::ReadOnly))), "{refused:?}");
        assert!(RedbStore::open(&path).is_err(), "nobody writes meanwhile");
        drop(store);
        assert!(fs::read(&path).unwrap() == before, "the file stays as it was");
        RedbStore::open(&path).unwrap();
    }
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
