//! Killed at every sync and every write, with any part of the unsynced writes on disk.
//!
//! Every batch also appends to one log, which must be whole afterwards and hold what the batches wrote.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use keywheel::store::{Batch, CommitError, Key, Log, RedbStore, Revision, Store};
use keywheel_tests::store::{Death, Disk, Survival, check_log};

/// Clients that commit at the same time, each with its own keys.
const CLIENTS: usize = 5;
const SURVIVALS: [Survival; 5] =
    [Survival::Nothing, Survival::Everything, Survival::Some(1), Survival::Some(2), Survival::Some(3)];

/// What each client was told: its latest round and the revision of it.
type Acknowledged = BTreeMap<usize, (u32, Revision)>;

fn key(kind: &str, client: usize, round: u32) -> Key {
    Key::new(format!("{kind}\0{client}\0{round:04}"))
}

fn own(client: usize) -> Key {
    Key::new(format!("own\0{client}"))
}

fn log() -> Log {
    Log::new("log")
}

/// What a step appends to the log.
fn appended(client: usize, round: u32) -> String {
    format!("{client} {round}")
}

/// One step of a client: its counter by compare-and-swap, one entry that stays, one that moves, and one in
/// the log of all clients.
fn step(client: usize, round: u32, expected: Option<Revision>) -> Batch {
    let batch = Batch::new()
        .expect(own(client), expected)
        .put(own(client), round.to_string())
        .put(key("stays", client, round), vec![b's'; 700 * (client + 1)])
        .put(key("moves", client, round), "m")
        .append(log(), appended(client, round));
    if round == 0 { batch } else { batch.delete(key("moves", client, round - 1)) }
}

/// Runs until the end or the death of the disk, and tells what was acknowledged.
async fn work(disk: &Disk, rounds: u32) -> Acknowledged {
    let mut acknowledged = Acknowledged::new();
    let Ok(store) = RedbStore::with_backend(disk.clone()) else { return acknowledged };
    for round in 0..rounds {
        let expected = |client| acknowledged.get(&client).map(|&(_, revision)| revision);
        let commits = (0..CLIENTS).map(|client| store.commit(step(client, round, expected(client))));
        for (client, answer) in join_all(commits).await.into_iter().enumerate() {
            match answer {
                Ok(revision) => drop(acknowledged.insert(client, (round, revision))),
                Err(CommitError::Store(_)) => assert!(disk.is_dead()),
                Err(error) => panic!("no client touches another's keys: {error}"),
            }
        }
        if disk.is_dead() {
            break;
        }
    }
    acknowledged
}

/// Every acknowledged batch is there, and every batch is there whole or not at all.
async fn check(disk: Disk, acknowledged: &Acknowledged, rounds: u32, context: &str) {
    let store = RedbStore::with_backend(disk).unwrap_or_else(|error| panic!("{context}: {error:?}"));
    let latest = *store.changes().borrow();
    let logged = check_log(&store, &log()).await;
    let mut written = BTreeSet::new();
    for client in 0..CLIENTS {
        let told = acknowledged.get(&client);
        let found = store.load(&own(client)).await.unwrap();
        let reached = found.as_ref().map(|entry| str::from_utf8(&entry.value).unwrap().parse().unwrap());
        let reached: Option<u32> = reached;
        let possible = told.map(|&(round, _)| round)..=Some(told.map_or(0, |&(round, _)| round + 1));
        assert!(possible.contains(&reached), "{context}: {reached:?} after {told:?}");
        if let (Some(entry), Some(&(round, revision))) = (&found, told) {
            assert_eq!(entry.revision == revision, reached == Some(round), "{context}");
            assert!(latest >= entry.revision, "{context}");
        }
        for round in 0..=rounds {
            let stays = store.load(&key("stays", client, round)).await.unwrap();
            let moves = store.load(&key("moves", client, round)).await.unwrap();
            assert_eq!(stays.is_some(), Some(round) <= reached, "{context}: stays {client} {round}");
            written.extend(stays.is_some().then(|| appended(client, round)));
            assert_eq!(moves.is_some(), Some(round) == reached, "{context}: moves {client} {round}");
            assert!(stays.is_none_or(|entry| entry.value == vec![b's'; 700 * (client + 1)]), "{context}");
        }
    }
    let distinct: BTreeSet<String> =
        logged.iter().map(|value| String::from_utf8_lossy(value).into()).collect();
    assert_eq!(distinct, written, "{context}: the log tells of each batch");
    assert_eq!(distinct.len(), logged.len(), "{context}: and of each once");
    let next = store.commit(Batch::new().append(log(), "after")).await.unwrap();
    assert!(next > latest, "{context}");
    assert_eq!(check_log(&store, &log()).await.len(), logged.len() + 1, "{context}");
}

fn formatted() -> Disk {
    let disk = Disk::new();
    drop(RedbStore::with_backend(disk.clone()).unwrap());
    disk.copy()
}

/// Kills at call 0, 1, 2 … until a run ends by itself; answers how many runs were killed.
async fn kill_at_each(death: impl Fn(u64) -> Death, rounds: u32) -> u64 {
    let formatted = formatted();
    for call in 0.. {
        let disk = formatted.copy();
        disk.die(death(call));
        let acknowledged = work(&disk, rounds).await;
        for survival in SURVIVALS {
            let context = format!("{:?}, {survival:?}", death(call));
            check(disk.after_crash(survival), &acknowledged, rounds, &context).await;
        }
        if !disk.is_dead() {
            return call;
        }
    }
    unreachable!("a workload has an end")
}

#[tokio::test]
async fn at_every_sync() {
    assert!(kill_at_each(Death::BeforeSync, 10).await > 20);
    assert!(kill_at_each(Death::AfterSync, 10).await > 20);
}

#[tokio::test]
async fn at_every_write() {
    assert!(kill_at_each(Death::BeforeWrite, 3).await > 30);
}

/// The recovery is killed too, at each of its writes.
#[tokio::test]
async fn at_every_write_of_the_recovery() {
    const ROUNDS: u32 = 2;
    let formatted = formatted();
    for call in [3, 4, 5, 6, 7] {
        let disk = formatted.copy();
        disk.die(Death::BeforeSync(call));
        let acknowledged = work(&disk, ROUNDS).await;
        for survival in SURVIVALS {
            let crashed = disk.after_crash(survival);
            for write in 0.. {
                let recovering = crashed.copy();
                recovering.die(Death::BeforeWrite(write));
                drop(RedbStore::with_backend(recovering.clone()));
                let context = format!("sync {call}, {survival:?}, write {write}");
                check(recovering.after_crash(survival), &acknowledged, ROUNDS, &context).await;
                if !recovering.is_dead() {
                    break;
                }
            }
        }
    }
}
