//! A start with 100,000 scheduled secrets of which one is due: until its rotation has succeeded, and how
//! much memory that takes.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use keywheel::clock::SystemClock;
use keywheel::entropy::SystemEntropy;
use keywheel::store::{OpenError, RedbStore};
use keywheel::worker::Source;
use keywheel_tests::node::{ACCOUNT, Node, REGION};
use serde_json::json;
use tokio::sync::watch;

use crate::resident::now_mib;
use crate::tick::fill;

const SECRETS: usize = 100_000;
const DUE: &str = "bench/due";

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (mut is_filled, mut round, mut resident_mib) = (false, 0, 0);
    let mut group = criterion.benchmark_group("restart");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    group.bench_function("100,000 secrets, first rotation", |bencher| {
        bencher.iter_custom(|times| {
            let mut took = Duration::ZERO;
            for _ in 0..times {
                if !is_filled {
                    runtime.block_on(prepare(folder.path()));
                    is_filled = true;
                }
                round += 1;
                runtime.block_on(ask(folder.path(), round));
                took += runtime.block_on(restart(folder.path()));
                resident_mib = now_mib();
            }
            took
        });
    });
    group.finish();
    if is_filled {
        println!("restart: {resident_mib} MiB resident with {SECRETS} secrets\n");
    }
}

async fn open(folder: &Path) -> Node {
    let store = Arc::new(RedbStore::open(folder.join("store.redb")).unwrap());
    Node::open(store, folder, &["noop"], Arc::new(SystemClock), Arc::new(SystemEntropy)).await.unwrap()
}

async fn prepare(folder: &Path) {
    let node = open(folder).await;
    fill(&node, SECRETS).await;
    let create = json!({"Name": DUE, "SecretString": "{}", "ClientRequestToken": "0".repeat(32)});
    node.call("CreateSecret", &create).await.unwrap();
}

/// Commits a rotation that nobody carries out before the process ends.
async fn ask(folder: &Path, round: u64) {
    let function = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:noop");
    let token = format!("{round:032}");
    let rotate = json!({"SecretId": DUE, "ClientRequestToken": token, "RotationLambdaARN": function});
    open(folder).await.call("RotateSecret", &rotate).await.unwrap();
}

/// From an open store to a rotation that has succeeded.
async fn restart(folder: &Path) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    let start = Instant::now();
    let node = open(folder).await;
    let noop = Source { name: "noop".into(), wasm: keywheel_guests::component("noop") };
    let worker = node.worker(vec![noop]).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let mut changes = node.ops.store().changes();
    let work = tokio::spawn(worker.run(stopped));
    let (from, to) = keywheel::ops::keys::all_jobs();
    while !node.ops.scan(&from, &to, 1).await.unwrap().is_empty() {
        changes.changed().await.unwrap();
    }
    let took = start.elapsed();
    stop.send(true).unwrap();
    work.await.unwrap();
    drop(node);
    // Tasks that were cut off let go of the store a moment later.
    while matches!(RedbStore::open(folder.join("store.redb")), Err(OpenError::InUse)) {
        tokio::task::yield_now().await;
    }
    took
}
