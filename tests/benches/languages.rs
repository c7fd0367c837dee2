//! The same function in Rust, Python and JavaScript: what it takes to compile it, to load it from the cache, to
//! instantiate it, to call it for the first time, and a whole step in the sandbox, beside a bare wasmtime call
//! of the same component.

use std::cell::OnceCell;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use keywheel_domain::sensitive::Sensitive;
use keywheel_host::{Catalog, Engine, EngineOptions, Function, Limits, Outcome, Secrets};
use keywheel_tests::languages::{Language, Project};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::step::contract::RotatorPre;
use crate::step::contract::keywheel::rotation::types as wit;
use crate::step::{ARN, TOKEN, Untouched, invocation, shorter, timed};

/// Loads from the cache, of which the quickest counts.
const LOADS: usize = 5;

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut group = criterion.benchmark_group("languages");
    group.measurement_time(Duration::from_secs(3)).sample_size(20);
    for language in [None, Some(Language::Python), Some(Language::JavaScript)] {
        let name = language.map_or("rust", Language::name);
        // Nothing is built or compiled unless one of its benchmarks runs.
        let subject = OnceCell::new();
        let subject = || subject.get_or_init(|| Subject::new(&runtime, &component(language)));
        let (mut bare_median, mut step_median) = (Duration::ZERO, Duration::ZERO);
        group.bench_function(format!("{name}, bare wasmtime call"), |bencher| {
            bencher.iter_custom(|steps| {
                let bare = &subject().bare;
                let (total, median) = runtime.block_on(timed(steps, || async {
                    bare.step().await;
                }));
                bare_median = shorter(bare_median, median);
                total
            });
        });
        let secrets: Arc<dyn Secrets> = Arc::new(Untouched);
        group.bench_function(format!("{name}, whole step"), |bencher| {
            bencher.iter_custom(|steps| {
                let function = &subject().function;
                let run = || async {
                    let report = function.invoke(invocation(&secrets)).await;
                    assert!(matches!(report.outcome, Outcome::Done), "{:?}", report.outcome);
                };
                let (total, median) = runtime.block_on(timed(steps, run));
                step_median = shorter(step_median, median);
                total
            });
        });
        if bare_median.is_zero() || step_median.is_zero() {
            continue;
        }
        let (instantiate, call) = runtime.block_on(subject().bare.parts());
        let Subject { compile, load, memory_bytes, .. } = subject();
        println!(
            "{name}: compile {compile:?}, load from the cache {load:?}, instantiate {instantiate:?}, first call \
             {call:?}, bare {bare_median:?}, whole step {step_median:?}, ratio {:.2}, memory {} MiB\n",
            step_median.as_secs_f64() / bare_median.as_secs_f64(),
            memory_bytes.div_ceil(1024 * 1024)
        );
    }
    group.finish();
}

/// A function whose `setSecret` does nothing.
fn component(language: Option<Language>) -> Vec<u8> {
    match language {
        None => keywheel_guests::component("noop").to_vec(),
        Some(language) => Project::new(language, "blank").unwrap().component().unwrap(),
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

struct Subject {
    compile: Duration,
    load: Duration,
    memory_bytes: usize,
    function: Arc<Function>,
    bare: Bare,
}

impl Subject {
    fn new(runtime: &Runtime, wasm: &[u8]) -> Self {
        let cache = TempDir::new().unwrap();
        let loaded = || {
            let start = now();
            let function = runtime.block_on(catalog(cache.path()).load(wasm)).unwrap();
            (start.elapsed(), function)
        };
        let (compile, function) = loaded();
        let load = (0..LOADS).map(|_| loaded().0).min().unwrap();
        let secrets: Arc<dyn Secrets> = Arc::new(Untouched);
        let report = runtime.block_on(function.invoke(invocation(&secrets)));
        let memory_bytes = report.memory_bytes_peak;
        assert!(memory_bytes <= Limits::default().memory_bytes_max);
        Self { compile, load, memory_bytes, function, bare: Bare::new(wasm) }
    }
}

fn catalog(folder: &Path) -> Catalog {
    let engine = Engine::new(&EngineOptions::default()).unwrap();
    Catalog::new(engine, Some(folder.to_owned()), Sensitive::new([7; 32]))
}

/// The component in an engine with a pool and with WASI, and nothing of ours.
struct Bare {
    engine: wasmtime::Engine,
    pre: RotatorPre<Wasi>,
}

struct Wasi {
    ctx: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Wasi {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.ctx, table: &mut self.table }
    }
}

impl Bare {
    fn new(wasm: &[u8]) -> Self {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(64).total_memories(64).total_stacks(64).total_tables(64 * 20);
        pool.table_elements(100_000).linear_memory_keep_resident(256 * 1024).max_tables_per_component(20);
        pool.max_core_instances_per_component(200);
        let mut config = Config::new();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = wasmtime::Engine::new(&config).unwrap();
        let component = Component::new(&engine, wasm).unwrap();
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
        linker.define_unknown_imports_as_traps(&component).unwrap();
        let pre = RotatorPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
        Self { engine, pre }
    }

    /// Instantiates, calls, drops. Returns what the first two took.
    async fn step(&self) -> (Duration, Duration) {
        let start = now();
        let wasi = Wasi { ctx: WasiCtx::builder().build(), table: ResourceTable::new() };
        let mut store = Store::new(&self.engine, wasi);
        let rotator = self.pre.instantiate_async(&mut store).await.unwrap();
        let instantiated = now();
        let event = wit::Event {
            step: wit::Step::SetSecret,
            secret_id: ARN.into(),
            client_request_token: TOKEN.into(),
            rotation_token: TOKEN.into(),
        };
        rotator.call_rotate(&mut store, &event).await.unwrap().unwrap();
        (instantiated - start, instantiated.elapsed())
    }

    /// The medians of both.
    async fn parts(&self) -> (Duration, Duration) {
        const STEPS: usize = 101;
        let (mut instantiated, mut called) = (Vec::new(), Vec::new());
        for _ in 0..STEPS {
            let (first, second) = self.step().await;
            instantiated.push(first);
            called.push(second);
        }
        instantiated.sort_unstable();
        called.sort_unstable();
        (instantiated[STEPS / 2], called[STEPS / 2])
    }
}
