//! The data folder's disk is full: really, on a small file system, where one can be mounted; and by a limit on
//! the length of files, which any user can set. A write beyond that fails as one on a full disk does, with
//! another error code.

use std::fs;
use std::path::Path;
use std::process::Command;

use keywheel_tests::client::ApiClient;
use keywheel_tests::process::{self, Keywheel};
use keywheel_tests::small_disk::{self, SmallDisk};
use keywheel_tests::wait;
use serde_json::{Value, json};

use super::Site;
use super::fleet::Fleet;

/// Room beside what is there already: for some writes, and far from all.
const ROOM_BYTES: u64 = 1024 * 1024;
/// The size of a disk on which somebody has made room.
const ROOMY_BYTES: u64 = 256 * 1024 * 1024;
const VALUE_BYTES: usize = 60_000;
/// More than there is room for, so that one of them is refused.
const WRITES_MAX: usize = 100;
/// Values that are stored before the disk is full.
const STORED: usize = 10;
/// Parts of the store's file after each of which a disk is taken for full.
const EIGHTHS: u64 = 8;
/// The store's file in the data folder.
const STORE: &str = "store.redb";

#[tokio::test]
async fn a_limit_of_files_refuses_writes_and_keeps_what_was_acknowledged() {
    let fleet = Fleet::start(1).await;
    let before = fleet.settled().await;
    let fleet = serve_again(fleet, |data| limited(data, file_bytes(data) + ROOM_BYTES)).await;
    fill_up_and_go_on(fleet, before, || {}).await;
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_keeps_what_was_acknowledged() {
    let fleet = Fleet::start(1).await;
    let before = fleet.settled().await;
    let Fleet { site: Site { postgres, data, keywheel, .. }, names } = fleet;
    keywheel.kill();
    let bytes = small_disk::bytes_of(data.path()).unwrap() + ROOM_BYTES;
    let Some(disk) = SmallDisk::mount(bytes).unwrap() else {
        println!("nobody may mount a file system here: only the limit on the length of files was tested");
        return;
    };
    let data = disk.copy(data.path()).unwrap();
    let keywheel = Keywheel::start(data.path()).await.unwrap();
    let client = keywheel.client();
    let fleet = Fleet { site: Site { postgres, data, keywheel, client }, names };
    fill_up_and_go_on(fleet, before, || disk.resize(ROOMY_BYTES).unwrap()).await;
}

/// The disk fills up in the middle of a rotation, somebody makes room, and the next process goes on.
async fn fill_up_and_go_on(fleet: Fleet, before: Vec<String>, make_room: impl FnOnce()) {
    let name = &fleet.names[0];
    let (client, postgres) = (&fleet.site.client, &fleet.site.postgres);
    // The rotation is in the middle of setSecret when the disk fills up, and the role changes after that.
    let held = postgres.hold(name).await.unwrap();
    fleet.rotate().await;
    fleet.wait_for_change_of(name, 1).await;
    assert_eq!(fleet.site.keywheel.get("/healthz").unwrap(), (200, "ok\n".to_owned()));
    let acknowledged = fill(client, 0).await;
    assert!(acknowledged > 0, "there was no room at all");
    let (status, text) = fleet.site.keywheel.get("/healthz").unwrap();
    assert_eq!(status, 503, "{text}");
    assert!(text.contains("disk"), "{text}");
    held.release().await.unwrap();
    let changed = async || Ok((!postgres.accepts(name, &before[0]).await?).then_some(()));
    wait::until("the role to change", changed).await.unwrap();
    // Writes stay refused, and what is there can be read: the one password that works, among others.
    for _ in 0..3 {
        assert_refused(client, "later").await;
    }
    fleet.none_is_locked_out().await;
    check_values(client, acknowledged).await;
    make_room();
    let fleet = serve_again(fleet, |data| process::serve(data).unwrap()).await;
    let client = &fleet.site.client;
    assert_eq!(fleet.site.keywheel.get("/healthz").unwrap().0, 200);
    fleet.none_is_locked_out().await;
    fleet.arrive().await;
    assert_ne!(fleet.settled().await, before);
    check_values(client, acknowledged).await;
    assert_eq!(count(client).await, acknowledged + fleet.names.len(), "a refused write is there in part");
    write(client, acknowledged).await.unwrap();
    fleet.rotate().await;
    fleet.arrive().await;
    fleet.settled().await;
}

#[tokio::test]
async fn a_start_on_a_full_disk_loses_nothing() {
    let fleet = Fleet::start(1).await;
    let before = fleet.settled().await;
    let mut stored = 0;
    while stored < STORED {
        write(&fleet.site.client, stored).await.unwrap();
        stored += 1;
    }
    let Fleet { site: Site { postgres, data, keywheel, .. }, names } = fleet;
    keywheel.kill();
    // The file is longer than this already, so that writes fail in the middle of it.
    assert_eq!(check_start(data.path(), 0, stored).await, None);
    for eighths in 1..EIGHTHS {
        let bytes_max = file_bytes(data.path()) * eighths / EIGHTHS;
        stored = check_start(data.path(), bytes_max, stored).await.unwrap();
    }

    let keywheel = Keywheel::start(data.path()).await.unwrap();
    let client = keywheel.client();
    let fleet = Fleet { site: Site { postgres, data, keywheel, client }, names };
    check_values(&fleet.site.client, stored).await;
    assert_eq!(count(&fleet.site.client).await, stored + fleet.names.len());
    assert_eq!(fleet.settled().await, before);
    fleet.rotate().await;
    fleet.arrive().await;
    assert_ne!(fleet.settled().await, before);
}

/// Starts where no file can be written beyond this length, and writes until one write is refused; how many
/// values are stored then. `None` when the start was refused.
async fn check_start(data: &Path, bytes_max: u64, stored: usize) -> Option<usize> {
    let Ok(keywheel) = Keywheel::start_with(&mut limited(data, bytes_max)).await else {
        let output = process::output(&mut limited(data, bytes_max)).await.unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{bytes_max}: {complaint}");
        assert!(complaint.contains(STORE) && complaint.lines().count() == 1, "{bytes_max}: {complaint}");
        return None;
    };
    let client = keywheel.client();
    let stored = fill(&client, stored).await;
    assert_refused(&client, "later").await;
    assert_eq!(keywheel.get("/healthz").unwrap().0, 503, "{bytes_max}");
    check_values(&client, stored).await;
    Some(stored)
}

/// Ends the process and starts another on the same folder, by this command.
async fn serve_again(fleet: Fleet, command: impl FnOnce(&Path) -> Command) -> Fleet {
    let Fleet { site: Site { postgres, data, keywheel, .. }, names } = fleet;
    keywheel.kill();
    let keywheel = Keywheel::start_with(&mut command(data.path())).await.unwrap();
    let client = keywheel.client();
    Fleet { site: Site { postgres, data, keywheel, client }, names }
}

fn limited(data: &Path, bytes_max: u64) -> Command {
    process::with_files_up_to(&process::serve(data).unwrap(), bytes_max)
}

fn file_bytes(data: &Path) -> u64 {
    fs::metadata(data.join(STORE)).unwrap().len()
}

/// Writes further values until one is refused; how many are stored then.
async fn fill(client: &ApiClient, stored: usize) -> usize {
    for number in stored..stored + WRITES_MAX {
        if write(client, number).await.is_err() {
            return number;
        }
    }
    panic!("{WRITES_MAX} writes fitted in");
}

async fn write(client: &ApiClient, number: usize) -> anyhow::Result<Value> {
    client.call("CreateSecret", json!({ "Name": filler(number), "SecretString": value(number) })).await
}

async fn assert_refused(client: &ApiClient, name: &str) {
    let answer = client.refusal("CreateSecret", json!({ "Name": name, "SecretString": "x" })).await.unwrap();
    assert!(answer.starts_with("InternalServiceError: "), "{answer}");
}

async fn check_values(client: &ApiClient, written: usize) {
    for number in 0..written {
        let read = client.call("GetSecretValue", json!({ "SecretId": filler(number) })).await.unwrap();
        assert!(read["SecretString"] == value(number).as_str(), "{number}");
    }
}

/// How many secrets there are.
async fn count(client: &ApiClient) -> usize {
    let listed = client.call("ListSecrets", json!({ "MaxResults": 100 })).await.unwrap();
    assert_eq!(listed["NextToken"], Value::Null);
    listed["SecretList"].as_array().unwrap().len()
}

fn filler(number: usize) -> String {
    format!("filler-{number}")
}

/// Hardly to be compressed, and another one for each.
fn value(number: usize) -> String {
    format!("{number}-").repeat(VALUE_BYTES).chars().take(VALUE_BYTES).collect()
}
