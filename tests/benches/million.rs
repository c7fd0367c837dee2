//! The real binary on a store with 1,000,000 secrets: how long it takes to open, how long the first request takes
//! that reads one of them, and how much memory it has then.
//!
//! Filling the store takes minutes and some gigabytes of disk, so this one is only run by its name:
//! `cargo bench million`.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use keywheel::clock::SystemClock;
use keywheel::entropy::SystemEntropy;
use keywheel::store::{OpenError, RedbStore};
use keywheel_tests::node::Node;
use serde_json::json;

use crate::requests::{action, connected, exchange};
use crate::started::Started;
use crate::tick::fill;

const NAME: &str = "million";
const SECRETS: usize = 1_000_000;
const STORE: &str = "store.redb";

pub(crate) fn bench(criterion: &mut Criterion) {
    if !std::env::args().skip(1).any(|argument| argument.starts_with(NAME)) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut is_filled = false;
    let mut last = None;
    let mut group = criterion.benchmark_group(NAME);
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    group.bench_function("open and first read", |bencher| {
        bencher.iter_custom(|times| {
            if !is_filled {
                runtime.block_on(prepare(folder.path()));
                is_filled = true;
            }
            (0..times)
                .map(|_| {
                    let (started, read) = runtime.block_on(open(folder.path()));
                    last = Some((started.listening, started.healthy, read, started.resident_mib()));
                    started.healthy + read
                })
                .sum()
        });
    });
    group.finish();
    if let Some((listening, healthy, read, resident_mib)) = last {
        let store_mib = folder.path().join(STORE).metadata().unwrap().len() / (1024 * 1024);
        println!(
            "{NAME}: listening after {listening:?}, healthy after {healthy:?}, first read in {read:?}, \
             {resident_mib} MiB resident with {SECRETS} secrets in {store_mib} MiB\n"
        );
    }
}

async fn prepare(folder: &Path) {
    let store = Arc::new(RedbStore::open(folder.join(STORE)).unwrap());
    let node = Node::open(store, folder, &[], Arc::new(SystemClock), Arc::new(SystemEntropy)).await.unwrap();
    fill(&node, SECRETS).await;
    drop(node);
    // The store's writer lets go of the file a moment later.
    while matches!(RedbStore::open(folder.join(STORE)), Err(OpenError::InUse)) {
        tokio::task::yield_now().await;
    }
    // Its functions are compiled at the first start, which is none of those that count.
    let started = Started::on(folder).await;
    let compiled = || folder.join("compiled").read_dir().map_or(0, Iterator::count);
    while compiled() < keywheel_functions::builtins().len() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(started);
}

/// Starts the binary and reads one secret in the middle.
async fn open(folder: &Path) -> (Started, Duration) {
    let started = Started::on(folder).await;
    let body = json!({ "SecretId": format!("bench/{}", SECRETS / 2) }).to_string();
    let request = action(started.address, "DescribeSecret", &body);
    let mut stream = connected(started.address).await;
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    let start = Instant::now();
    exchange(&mut stream, &request).await;
    (started, start.elapsed())
}
