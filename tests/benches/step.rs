//! One step of a function in the sandbox, everything on, beside a bare wasmtime call of the same
//! component: instantiate, call, drop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use keywheel_domain::api::{
    ApiError, DescribeSecretRequest, DescribeSecretResponse, GetRandomPasswordRequest,
    GetRandomPasswordResponse, GetSecretValueRequest, GetSecretValueResponse, PutSecretValueRequest,
    PutSecretValueResponse, UpdateSecretVersionStageRequest, UpdateSecretVersionStageResponse,
};
use keywheel_domain::rotation::Step;
use keywheel_domain::sensitive::Sensitive;
use keywheel_host::{Catalog, Egress, Engine, EngineOptions, Event, Invocation, Limits, Outcome, Secrets};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

/// What `bindgen!` makes of the contract, without anything of ours around it.
pub(crate) mod contract {
    wasmtime::component::bindgen!({ path: "../sdk/wit", world: "rotator", exports: { default: async } });
}

use contract::RotatorPre;
use contract::keywheel::rotation::types as wit;

/// `setSecret` of the guest does nothing, so that only the call itself is measured.
const GUEST: &str = "noop";

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut group = criterion.benchmark_group("step");
    group.measurement_time(Duration::from_secs(5));

    let bare = bare();
    let mut bare_median = Duration::ZERO;
    group.bench_function("bare wasmtime call", |bencher| {
        bencher.iter_custom(|steps| {
            let (total, median) = runtime.block_on(timed(steps, || bare_step(&bare)));
            bare_median = shorter(bare_median, median);
            total
        });
    });

    let engine = Engine::new(&EngineOptions::default()).unwrap();
    let catalog = Catalog::new(engine, None, Sensitive::new([7; 32]));
    let function = runtime.block_on(catalog.load(keywheel_guests::component(GUEST))).unwrap();
    let secrets: Arc<dyn Secrets> = Arc::new(Untouched);
    let mut median = Duration::ZERO;
    group.bench_function("keywheel host", |bencher| {
        bencher.iter_custom(|steps| {
            let run = || async {
                let report = function.invoke(invocation(&secrets)).await;
                assert!(matches!(report.outcome, Outcome::Done), "{:?}", report.outcome);
            };
            let (total, found) = runtime.block_on(timed(steps, run));
            median = shorter(median, found);
            total
        });
    });
    group.finish();
    if bare_median.is_zero() {
        return;
    }
    let ratio = median.as_secs_f64() / bare_median.as_secs_f64();
    println!(
        "step: median {median:?}, bare {bare_median:?}, overhead {:?}, ratio {ratio:.2}\n",
        median.saturating_sub(bare_median)
    );
}

/// The quietest sample tells most of the code and least of the machine.
pub(crate) fn shorter(best: Duration, sample: Duration) -> Duration {
    if best.is_zero() { sample } else { best.min(sample) }
}

/// Runs so many steps one after the other; returns the time of all and the median.
pub(crate) async fn timed<F: Future>(steps: u64, run: impl Fn() -> F) -> (Duration, Duration) {
    let mut times = Vec::with_capacity(usize::try_from(steps).unwrap());
    for _ in 0..steps {
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
        let start = Instant::now();
        run().await;
        times.push(start.elapsed());
    }
    let total = times.iter().sum();
    times.sort_unstable();
    (total, times[times.len() / 2])
}

fn bare() -> (wasmtime::Engine, RotatorPre<()>) {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(64).total_memories(64).total_stacks(64).total_tables(64 * 20);
    pool.table_elements(100_000).linear_memory_keep_resident(256 * 1024).max_tables_per_component(20);
    let mut config = Config::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let engine = wasmtime::Engine::new(&config).unwrap();
    let component = Component::new(&engine, keywheel_guests::component(GUEST)).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&component).unwrap();
    let pre = RotatorPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
    (engine, pre)
}

async fn bare_step((engine, pre): &(wasmtime::Engine, RotatorPre<()>)) {
    let mut store = Store::new(engine, ());
    let rotator = pre.instantiate_async(&mut store).await.unwrap();
    let event = wit::Event {
        step: wit::Step::SetSecret,
        secret_id: ARN.into(),
        client_request_token: TOKEN.into(),
        rotation_token: TOKEN.into(),
    };
    rotator.call_rotate(&mut store, &event).await.unwrap().unwrap();
}

pub(crate) const ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:bench-AbCdEf";
pub(crate) const TOKEN: &str = "11111111-1111-1111-1111-111111111111";

/// A step of a function that asks for no secret.
pub(crate) fn invocation(secrets: &Arc<dyn Secrets>) -> Invocation {
    Invocation {
        event: Event {
            step: Step::SetSecret,
            secret_id: ARN.into(),
            client_request_token: TOKEN.into(),
            rotation_token: Sensitive::new(TOKEN.to_owned()),
        },
        secrets: Arc::clone(secrets),
        egress: Egress::deny_all(),
        limits: Limits::default(),
        environment: Vec::new(),
        approved: false,
    }
}

/// Secrets that the step never asks for.
pub(crate) struct Untouched;

#[async_trait::async_trait]
impl Secrets for Untouched {
    async fn get_secret_value(&self, _: GetSecretValueRequest) -> Result<GetSecretValueResponse, ApiError> {
        Err(ApiError::internal())
    }

    async fn put_secret_value(&self, _: PutSecretValueRequest) -> Result<PutSecretValueResponse, ApiError> {
        Err(ApiError::internal())
    }

    async fn describe_secret(&self, _: DescribeSecretRequest) -> Result<DescribeSecretResponse, ApiError> {
        Err(ApiError::internal())
    }

    async fn update_secret_version_stage(
        &self,
        _: UpdateSecretVersionStageRequest,
    ) -> Result<UpdateSecretVersionStageResponse, ApiError> {
        Err(ApiError::internal())
    }

    async fn get_random_password(
        &self,
        _: GetRandomPasswordRequest,
    ) -> Result<GetRandomPasswordResponse, ApiError> {
        Err(ApiError::internal())
    }
}
