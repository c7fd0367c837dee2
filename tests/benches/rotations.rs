//! Whole rotations: four steps of a function that does nothing outside, in the sandbox, with the
//! journal durable on a real file.

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use keywheel::clock::SystemClock;
use keywheel::entropy::SystemEntropy;
use keywheel::ops::keys;
use keywheel::store::{RedbStore, Store as _};
use keywheel::worker::Source;
use keywheel_tests::node::{ACCOUNT, Node, REGION};
use serde_json::json;
use tokio::sync::watch;

const SECRETS: usize = 256;

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(RedbStore::open(folder.path().join("store.redb")).unwrap());
    let node = runtime.block_on(async {
        let store = Arc::clone(&store);
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let node = Node::open(store, folder.path(), &["noop"], clock, entropy).await.unwrap();
        for index in 0..SECRETS {
            let token = format!("{index:032}");
            let body =
                json!({"Name": format!("bench/{index}"), "SecretString": "{}", "ClientRequestToken": token});
            node.call("CreateSecret", &body).await.unwrap();
        }
        Arc::new(node)
    });
    let (stop, stopped) = watch::channel(false);
    let noop = Source { name: "noop".into(), wasm: keywheel_guests::component("noop") };
    let worker = runtime.block_on(node.worker(vec![noop])).unwrap();
    let work = runtime.spawn(worker.run(stopped));

    let mut group = criterion.benchmark_group("rotations");
    group.throughput(Throughput::Elements(1)).sample_size(10).measurement_time(Duration::from_secs(10));
    let (mut most, mut round) = (0.0_f64, 0);
    group.sample_size(10).bench_function("noop function, redb with fsync", |bencher| {
        bencher.iter_custom(|rotations| {
            let took = runtime.block_on(rotate(&node, &store, rotations, &mut round));
            most = most.max(rotations as f64 / took.as_secs_f64());
            took
        });
    });
    group.finish();
    if most > 0.0 {
        println!("rotations: {most:.0}/s\n");
    }
    stop.send(true).unwrap();
    runtime.block_on(work).unwrap();
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
