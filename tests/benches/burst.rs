//! A burst of a thousand steps, each of which takes all the memory that it may have: how many a second, and
//! how much memory that took at the most.

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use keywheel_domain::sensitive::Sensitive;
use keywheel_host::{Catalog, Engine, EngineOptions, Limits, Outcome};

use crate::resident::{highest_mib, now_mib};
use crate::step::{Untouched, invocation};

const STEPS: u64 = 1000;
const INSTANCES_MAX: u32 = 64;
const MEMORY_MIB_MAX: usize = 8;
/// Asks for memory until the host refuses.
const GUEST: &str = "allocates";
/// What the process may take besides: stacks, tables, code.
const SLACK_MIB: u64 = 256;

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let options = EngineOptions { instances_max: INSTANCES_MAX, ..EngineOptions::default() };
    let catalog = Catalog::new(Engine::new(&options).unwrap(), None, Sensitive::new([7; 32]));
    let function = runtime.block_on(catalog.load(keywheel_guests::component(GUEST))).unwrap();
    let limits = Limits { memory_bytes_max: MEMORY_MIB_MAX * 1024 * 1024, ..Limits::default() };
    let mut peak = None;
    let before_mib = now_mib();
    let mut group = criterion.benchmark_group("burst");
    group.throughput(Throughput::Elements(STEPS)).sample_size(10).measurement_time(Duration::from_secs(10));
    group.bench_function("1,000 steps at once", |bencher| {
        bencher.iter_custom(|bursts| {
            let mut took = Duration::ZERO;
            for _ in 0..bursts {
                let (function, limits) = (Arc::clone(&function), limits.clone());
                took += runtime.block_on(async move {
                    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
                    let start = Instant::now();
                    let steps: Vec<_> = (0..STEPS)
                        .map(|_| {
                            let function = Arc::clone(&function);
                            let mut step = invocation(&(Arc::new(Untouched) as _));
                            step.limits = limits.clone();
                            tokio::spawn(async move { function.invoke(step).await })
                        })
                        .collect();
                    for step in steps {
                        let outcome = step.await.unwrap().outcome;
                        assert!(matches!(outcome, Outcome::LimitExceeded { .. }), "{outcome:?}");
                    }
                    start.elapsed()
                });
            }
            peak = Some(highest_mib());
            took
        });
    });
    group.finish();
    if let Some(peak_mib) = peak {
        let bound_mib = u64::from(INSTANCES_MAX) * MEMORY_MIB_MAX as u64;
        println!(
            "burst: at most {peak_mib} MiB resident, {before_mib} MiB before; {INSTANCES_MAX} instances of \
             {MEMORY_MIB_MAX} MiB are {bound_mib} MiB\n"
        );
        assert!(peak_mib <= before_mib + bound_mib + SLACK_MIB, "the burst took more than its bound");
    }
}
