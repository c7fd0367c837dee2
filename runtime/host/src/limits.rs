//! What one invocation may use, and the part of it that wasmtime asks about: memory and tables.

use wasmtime::ResourceLimiter;

/// The limits of one invocation. Each has a default; none can be switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// All linear memories together.
    pub memory_bytes_max: usize,
    /// Time on a processor, without the time in which the function waits for something.
    pub cpu_ms_max: u64,
    /// Time from start to end of the step, without the time in the queue.
    pub wall_ms_max: u64,
    /// The log; what comes after it is dropped, and said so.
    pub log_bytes_max: usize,
    /// One line of the log; a longer one is cut.
    pub line_bytes_max: usize,
    /// Calls of `secrets` and `sql`, requests of `wasi:http`, and names and connections of `wasi:sockets`,
    /// together.
    pub host_calls_max: u64,
    /// Open database connections, requests and sockets together.
    pub connections_max: usize,
    /// Until a connection is made and, for `sql`, logged in, name resolution included.
    pub connect_ms_max: u64,
    /// Rows of one query.
    pub rows_max: usize,
    /// Values of all rows of one query together. Each counts what the host needs to hold it, an empty one
    /// too.
    pub rows_bytes_max: usize,
    /// What a server sends in answer to one call of `sql`, on the wire and whatever is kept of it.
    pub answer_bytes_max: usize,
    /// What passes on one connection of `wasi:http` or `wasi:sockets`, each way.
    pub traffic_bytes_max: usize,
    /// What closing a connection may take; then it is cut.
    pub goodbye_ms_max: u64,
    /// A value that the function stores.
    pub value_bytes_max: usize,
    /// A failure's message; a longer one is cut.
    pub message_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes_max: 64 * 1024 * 1024,
            cpu_ms_max: 5_000,
            wall_ms_max: 60_000,
            log_bytes_max: 256 * 1024,
            line_bytes_max: 8 * 1024,
            host_calls_max: 10_000,
            connections_max: 8,
            connect_ms_max: 5_000,
            rows_max: 10_000,
            rows_bytes_max: 4 * 1024 * 1024,
            answer_bytes_max: 8 * 1024 * 1024,
            traffic_bytes_max: 8 * 1024 * 1024,
            goodbye_ms_max: 500,
            value_bytes_max: 64 * 1024,
            message_bytes_max: 4 * 1024,
        }
    }
}

/// Elements of all tables of one invocation.
const TABLE_ELEMENTS_MAX: usize = 100_000;
/// Core instances, memories and tables of one component.
const INSTANCES_MAX: usize = 200;

/// Answers wasmtime's questions and remembers what it refused.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory_bytes_max: usize,
    memory_bytes: usize,
    memory_bytes_refused: Option<usize>,
    table_elements: usize,
}

impl Limiter {
    pub(crate) const fn new(limits: &Limits) -> Self {
        Self {
            memory_bytes_max: limits.memory_bytes_max,
            memory_bytes: 0,
            memory_bytes_refused: None,
            table_elements: 0,
        }
    }

    /// The most that was in use. Linear memory never shrinks, so that is what is in use now.
    pub(crate) const fn memory_bytes_peak(&self) -> usize {
        self.memory_bytes
    }

    /// How much the guest would have had, had the last refused request been granted.
    pub(crate) const fn memory_bytes_refused(&self) -> Option<usize> {
        self.memory_bytes_refused
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        if wanted > self.memory_bytes_max {
            self.memory_bytes_refused = Some(wanted);
            return Ok(false);
        }
        self.memory_bytes = wanted;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.table_elements.saturating_add(desired.saturating_sub(current));
        let allowed = wanted <= TABLE_ELEMENTS_MAX;
        if allowed {
            self.table_elements = wanted;
        }
        Ok(allowed)
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        INSTANCES_MAX
    }

    fn memories(&self) -> usize {
        INSTANCES_MAX
    }
}
