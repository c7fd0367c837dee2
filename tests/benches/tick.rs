//! A look of the scheduler at what is due, with more and more secrets that are not.

use std::sync::Arc;

use criterion::{BenchmarkId, Criterion};
use keywheel::clock::{Clock as _, SystemClock};
use keywheel::entropy::SystemEntropy;
use keywheel::ops::Change;
use keywheel::store::RedbStore;
use keywheel::worker::{Invocation, Invoke, Report};
use keywheel_domain::api::RotationRules;
use keywheel_domain::secret::{RotationSettings, Scope, Secret};
use keywheel_tests::node::{ACCOUNT, Node, REGION};

const SECRETS: [usize; 3] = [1_000, 100_000, 1_000_000];
/// Secrets in one commit while the store is filled.
const CHUNK: usize = 300;

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut group = criterion.benchmark_group("tick");
    for count in SECRETS {
        let folder = tempfile::tempdir().unwrap();
        // Made when the benchmark runs: a filter may leave it out.
        let mut filled_once = None;
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            let worker = filled_once.get_or_insert_with(|| {
                runtime.block_on(filled(folder.path(), count)).worker_over(Arc::new(Never))
            });
            bencher.iter(|| runtime.block_on(worker.tick()).unwrap());
        });
    }
    group.finish();
}

async fn filled(folder: &std::path::Path, count: usize) -> Node {
    let store = Arc::new(RedbStore::open(folder.join("store.redb")).unwrap());
    let node = Node::open(store, folder, &[], Arc::new(SystemClock), Arc::new(SystemEntropy)).await.unwrap();
    fill(&node, count).await;
    node
}

/// Stores so many secrets that rotate in thirty days.
pub(crate) async fn fill(node: &Node, count: usize) {
    let now = SystemClock.now();
    let scope = Scope { account: ACCOUNT.into(), region: REGION.into() };
    let rules = RotationRules { automatically_after_days: Some(30), ..RotationRules::default() };
    let settings = RotationSettings {
        function_arn: format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:noop"),
        rules: Some(rules),
        enabled: true,
        next: None,
    };
    for first in (0..count).step_by(CHUNK) {
        let secrets = (first..count.min(first + CHUNK)).map(|index| {
            let mut secret = Secret::new(scope.clone(), &format!("bench/{index}"), "AbCdEf", now);
            secret.rotation = Some(settings.clone());
            secret.reschedule(now);
            secret
        });
        let change = secrets.fold(Change::new(), |change, secret| change.create_secret(&secret));
        assert!(node.ops.commit(change).await.unwrap());
    }
}

/// Nothing is due, so nothing is called.
struct Never;

#[async_trait::async_trait]
impl Invoke for Never {
    async fn invoke(&self, _: Invocation) -> Report {
        unreachable!("nothing is due")
    }

    async fn digest(&self, _: &str, _: &str) -> Option<String> {
        None
    }

    fn wall_ms_max(&self) -> i64 {
        0
    }
}
