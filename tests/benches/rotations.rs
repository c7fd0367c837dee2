//! Whole rotations: four steps of a function that does nothing outside, in the sandbox, with the
//! journal durable on a real file.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use keywheel::clock::SystemClock;
use keywheel::entropy::SystemEntropy;
use keywheel::ops::keys;
use keywheel::store::{RedbStore, Store};
use keywheel::worker::{RoomLimits, Source};
use keywheel_tests::node::{ACCOUNT, Node, REGION};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::timed_disk::{Syncs, TimedDisk};

const SECRETS: usize = 256;
/// Rotations that run at once.
const CONCURRENCY: [usize; 3] = [1, 16, 64];

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut group = criterion.benchmark_group("rotations");
    group.throughput(Throughput::Elements(1)).sample_size(10).measurement_time(Duration::from_secs(8));
    for concurrency in CONCURRENCY {
        let folder = tempfile::tempdir().unwrap();
        let syncs = Syncs::default();
        // Made when the benchmark runs: a filter may leave it out.
        let mut rotating = None;
        let (mut done, mut took_all) = (0, Duration::ZERO);
        group.bench_function(BenchmarkId::from_parameter(concurrency), |bencher| {
            let rotating = rotating.get_or_insert_with(|| {
                runtime.block_on(Rotating::start(folder.path(), syncs.clone(), concurrency))
            });
            bencher.iter_custom(|rotations| {
                let took =
                    runtime.block_on(rotate(&rotating.node, &rotating.store, rotations, &mut rotating.round));
                (done, took_all) = (done + rotations, took_all + took);
                took
            });
        });
        if let Some(rotating) = rotating {
            let share = 100.0 * syncs.took().as_secs_f64() / took_all.as_secs_f64();
            let rate = done as f64 / took_all.as_secs_f64();
            println!("rotations, {concurrency} at once: {rate:.0}/s, {share:.0} % of the time in fsync\n");
            rotating.stop.send(true).unwrap();
            runtime.block_on(rotating.work).unwrap();
        }
    }
    group.finish();
}

/// A worker with secrets that can be rotated.
struct Rotating {
    node: Arc<Node>,
    store: Arc<RedbStore>,
    stop: watch::Sender<bool>,
    work: JoinHandle<()>,
    round: u64,
}

impl Rotating {
    async fn start(folder: &Path, syncs: Syncs, concurrency: usize) -> Self {
        let disk = TimedDisk::create(&folder.join("store.redb"), syncs);
        let store = Arc::new(RedbStore::with_backend(disk).unwrap());
        let shared = Arc::clone(&store) as Arc<dyn Store>;
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let node = Node::open(shared, folder, &["noop"], clock, entropy).await.unwrap();
        for index in 0..SECRETS {
            let token = format!("{index:032}");
            let body =
                json!({"Name": format!("bench/{index}"), "SecretString": "{}", "ClientRequestToken": token});
            node.call("CreateSecret", &body).await.unwrap();
        }
        let node = Arc::new(node);
        let (stop, stopped) = watch::channel(false);
        let noop = Source { name: "noop".into(), wasm: keywheel_guests::component("noop") };
        let room =
            RoomLimits { running_max: concurrency, function_max: concurrency, ..RoomLimits::default() };
        let worker = node.worker_with_room(vec![noop], room).await.unwrap();
        let work = tokio::spawn(worker.run(stopped));
        Self { node, store, stop, work, round: 0 }
    }
}

/// Rotates so many times, each secret once in a round, and waits until none is left.
async fn rotate(node: &Arc<Node>, store: &Arc<RedbStore>, rotations: u64, round: &mut u64) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    let start = Instant::now();
    let mut left = usize::try_from(rotations).unwrap();
    while left > 0 {
        let now = left.min(SECRETS);
        left -= now;
        *round += 1;
        let calls = (0..now).map(|index| {
            let (node, round) = (Arc::clone(node), *round);
            tokio::spawn(async move {
                let function = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:noop");
                let token = format!("{round:016}{index:016}");
                let body = json!({
                    "SecretId": format!("bench/{index}"),
                    "ClientRequestToken": token,
                    "RotationLambdaARN": function,
                });
                node.call("RotateSecret", &body).await.unwrap();
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
        let mut changes = store.changes();
        let (from, to) = keys::due_all();
        while !store.scan(&from, &to, 1).await.unwrap().is_empty() {
            changes.changed().await.unwrap();
        }
    }
    start.elapsed()
}
