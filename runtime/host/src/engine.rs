//! The wasmtime engine: its configuration, its pool of instances, and the thread that ticks its epoch.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::{Config, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

/// Instances at once; further invocations wait for a slot.
const INSTANCES_MAX: u32 = 64;
/// How often a running guest yields, and how late a deadline can be noticed.
const EPOCH_TICK_MS: u64 = 10;
/// Linear memories of one component.
const MEMORIES_PER_COMPONENT_MAX: u32 = 2;
/// Tables of one component: interpreters link many modules.
const TABLES_PER_COMPONENT_MAX: u32 = 20;
/// Elements of one table.
const TABLE_ELEMENTS_MAX: usize = 100_000;
/// Core instances of one component.
const CORE_INSTANCES_PER_COMPONENT_MAX: u32 = 200;
/// Core instances of the whole pool; only a counter.
const CORE_INSTANCES_MAX: u32 = 4096;
/// Memory of a slot that is wiped and kept instead of returned to the system.
const KEPT_MEMORY_BYTES: usize = 256 * 1024;
/// Wasm stack of one invocation; beyond it, the trap `call stack exhausted`.
const WASM_STACK_BYTES_MAX: usize = 512 * 1024;
/// The whole stack of one fiber: wasm and the host functions it calls.
const FIBER_STACK_BYTES: usize = 2 * 1024 * 1024;

/// What an engine is made with.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Instances that run at once. An invocation beyond it waits.
    pub instances_max: u32,
    /// Milliseconds between two ticks of the epoch.
    pub epoch_tick_ms: u64,
    /// Reserve the memory of all instances at start. Where the reservation fails, the engine does without.
    pub pooling: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self { instances_max: INSTANCES_MAX, epoch_tick_ms: EPOCH_TICK_MS, pooling: true }
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// wasmtime refused the configuration.
    #[error("the WebAssembly engine cannot be configured on this machine")]
    Configuration(#[source] wasmtime::Error),
    /// The system gave no thread.
    #[error("the thread that interrupts guests cannot be started")]
    Ticker(#[source] std::io::Error),
}

/// Compiles and runs components. Clones share one engine; its thread ends with the last of them.
#[derive(Clone)]
pub struct Engine {
    wasmtime: wasmtime::Engine,
    slots: Arc<Semaphore>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("slots_free", &self.slots.available_permits()).finish_non_exhaustive()
    }
}

impl Engine {
    /// Makes an engine and starts its ticker.
    ///
    /// # Errors
    ///
    /// When neither the pooling nor the on-demand configuration works here.
    pub fn new(options: &EngineOptions) -> Result<Self, EngineError> {
        let wasmtime = if options.pooling {
            wasmtime::Engine::new(&pooling(options)).or_else(|error| {
                tracing::warn!(%error, "no pool of instances: each one is allocated on demand, which is slower");
                on_demand()
            })
        } else {
            on_demand()
        }
        .map_err(EngineError::Configuration)?;
        start_ticker(&wasmtime, Duration::from_millis(options.epoch_tick_ms.max(1)))?;
        let slots = Arc::new(Semaphore::new(options.instances_max as usize));
        Ok(Self { wasmtime, slots })
    }

    pub(crate) const fn wasmtime(&self) -> &wasmtime::Engine {
        &self.wasmtime
    }

    /// Waits for a free instance. The pool refuses when it is empty; a queue is what callers want.
    pub(crate) async fn slot(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.slots).acquire_owned().await.expect("the semaphore is never closed")
    }
}

fn on_demand() -> wasmtime::Result<wasmtime::Engine> {
    wasmtime::Engine::new(&base())
}

fn base() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        .generate_address_map(false)
        .max_wasm_stack(WASM_STACK_BYTES_MAX)
        .async_stack_size(FIBER_STACK_BYTES);
    config
}

fn pooling(options: &EngineOptions) -> Config {
    let instances = options.instances_max;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(CORE_INSTANCES_MAX.max(instances))
        .total_memories(instances * MEMORIES_PER_COMPONENT_MAX)
        .total_tables(instances * TABLES_PER_COMPONENT_MAX)
        // A stack is free again a moment after the slot is: twice as many leave no gap.
        .total_stacks(instances * 2)
        .max_memories_per_component(MEMORIES_PER_COMPONENT_MAX)
        .max_tables_per_component(TABLES_PER_COMPONENT_MAX)
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT_MAX)
        .table_elements(TABLE_ELEMENTS_MAX)
        .linear_memory_keep_resident(KEPT_MEMORY_BYTES);
    let mut config = base();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// Ticks as long as anyone holds the engine. It holds none itself while it sleeps.
fn start_ticker(engine: &wasmtime::Engine, tick: Duration) -> Result<(), EngineError> {
    let engine = engine.weak();
    let tick_until_dropped = move || {
        loop {
            thread::sleep(tick);
            let Some(engine) = engine.upgrade() else { break };
            engine.increment_epoch();
        }
    };
    thread::Builder::new()
        .name("keywheel-epoch".to_owned())
        .spawn(tick_until_dropped)
        .map(drop)
        .map_err(EngineError::Ticker)
}
