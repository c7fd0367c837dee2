//! How an invocation ended, in words that an operator can act on.

use std::fmt;
use std::time::Duration;

use keywheel_domain::rotation::FailureKind;
use wasmtime::component::ResourceTableError;
use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::contract::keywheel::rotation::types::Failure;
use crate::meter::Meter;
use crate::state::{HANDLES_MAX, State, Stop};
use crate::transcript::LogLine;

/// Functions of a backtrace that are told, innermost first.
const CALLS_MAX: usize = 12;
const MEBIBYTE: usize = 1024 * 1024;

/// What came of an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// Its log.
    pub log: Vec<LogLine>,
    /// Whether lines are missing at the end of the log, because it reached its limit.
    pub log_truncated: bool,
    /// From start to end, without the time in the queue.
    pub wall: Duration,
    /// Processor time.
    pub cpu: Duration,
    /// The largest size of its memory.
    pub memory_bytes_peak: usize,
}

/// How an invocation ended. `Display` gives a sentence without secret values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The step is done.
    Done,
    /// The function says that it failed.
    Failed {
        /// Why, as far as that decides what to do next.
        kind: FailureKind,
        /// Why, in the function's words.
        message: String,
    },
    /// The function asked people to agree, they had not, and it said that it failed.
    Asked {
        /// What they would agree to, in the function's words: the first time it asked.
        summary: String,
    },
    /// The function broke: a panic, a wrong memory access, a call of something that it does not have.
    Trapped {
        /// What happened, and in which of its functions.
        message: String,
    },
    /// The function used more than it may.
    LimitExceeded {
        /// Which limit.
        limit: &'static str,
        /// What it asked for or was doing.
        message: String,
    },
}

impl Outcome {
    /// The limit on memory, as [`Outcome::LimitExceeded`] names it.
    pub const MEMORY: &'static str = "memory";
    /// The limit on processor time.
    pub const CPU_TIME: &'static str = "CPU time";
    /// The limit on the time of a step.
    pub const WALL_TIME: &'static str = "wall time";
    /// The limit on calls of the host.
    pub const HOST_CALLS: &'static str = "host calls";
    /// The limit on handles: streams, pollables, connections, parts of requests.
    pub const HANDLES: &'static str = "handles";
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Failed { kind: FailureKind::Retry, message } => {
                write!(f, "failed, may be retried: {message}")
            }
            Self::Failed { kind: FailureKind::Refused, message } => {
                write!(f, "refused by the target: {message}")
            }
            Self::Failed { kind: FailureKind::Permanent, message } => write!(f, "failed: {message}"),
            Self::Asked { summary } => write!(f, "asked for approval: {summary}"),
            Self::Trapped { message } => write!(f, "trapped: {message}"),
            Self::LimitExceeded { limit, message } => write!(f, "limit on {limit} exceeded: {message}"),
        }
    }
}

/// How the call of the guest ended, before it is told to anyone.
pub(crate) enum End {
    Done,
    Failed(Failure),
    Broken(wasmtime::Error),
    Panicked,
    TimedOut,
}

impl Report {
    pub(crate) fn new(end: End, state: &State, meter: &Meter) -> Self {
        let outcome = outcome(end, state);
        let (log, log_truncated) = state.transcript.lock().take();
        Self {
            outcome,
            log,
            log_truncated,
            wall: meter.wall(),
            cpu: meter.cpu(),
            memory_bytes_peak: state.limiter.memory_bytes_peak(),
        }
    }
}

fn outcome(end: End, state: &State) -> Outcome {
    let clean = |text: &str| state.transcript.lock().clean(text, state.limits.message_bytes_max);
    match end {
        End::Done => Outcome::Done,
        End::Failed(failure) => match state.approvals.asked() {
            // A value that the function read after it asked is taken out now.
            Some(summary) => Outcome::Asked { summary: state.transcript.lock().redact(summary) },
            None => {
                let (kind, message) = match failure {
                    Failure::Retry(message) => (FailureKind::Retry, message),
                    Failure::Permanent(message) => (FailureKind::Permanent, message),
                    Failure::Refused(message) => (FailureKind::Refused, message),
                };
                let mut message = clean(&message);
                // Interpreters tell their programs that there is no more memory: the failure follows from that.
                if let Some(refused) = memory_refused(state) {
                    message.push_str("; ");
                    message.push_str(&refused);
                }
                Outcome::Failed { kind, message }
            }
        },
        End::TimedOut => timed_out(state),
        End::Panicked => Outcome::Trapped { message: format!("the host failed in {}", doing(state)) },
        End::Broken(error) => broken(&error, state, clean),
    }
}

fn timed_out(state: &State) -> Outcome {
    let message =
        format!("the step took longer than {} ms: it was in {}", state.limits.wall_ms_max, doing(state));
    Outcome::LimitExceeded { limit: Outcome::WALL_TIME, message }
}

/// What the guest does, as an operator would look for it.
fn doing(state: &State) -> String {
    match (state.waits_for(), state.traffic.waits_for()) {
        (Some(call), _) => format!("the call `{call}`"),
        (None, Some(peer)) => format!("its own code, or waiting for `{peer}`"),
        (None, None) => "its own code, computing or sleeping".to_owned(),
    }
}

fn broken(error: &wasmtime::Error, state: &State, clean: impl Fn(&str) -> String) -> Outcome {
    let limits = &state.limits;
    let place = clean(&backtrace(error));
    match error.downcast_ref::<Stop>() {
        Some(Stop::CpuTime) => {
            let message =
                format!("the step used more than {} ms of processor time{place}", limits.cpu_ms_max);
            return Outcome::LimitExceeded { limit: Outcome::CPU_TIME, message };
        }
        Some(Stop::HostCalls) => {
            let message =
                format!("the step called the host more than {} times{place}", limits.host_calls_max);
            return Outcome::LimitExceeded { limit: Outcome::HOST_CALLS, message };
        }
        None => {}
    }
    if matches!(error.downcast_ref::<ResourceTableError>(), Some(ResourceTableError::Full)) {
        let message = format!("the step held more than {HANDLES_MAX} handles{place}");
        return Outcome::LimitExceeded { limit: Outcome::HANDLES, message };
    }
    if let Some(refused) = memory_refused(state) {
        return Outcome::LimitExceeded { limit: Outcome::MEMORY, message: format!("{refused}{place}") };
    }
    let what = match (error.downcast_ref::<Trap>(), error.downcast_ref::<I32Exit>()) {
        (Some(Trap::StackOverflow), _) => "stack overflow".to_owned(),
        (Some(Trap::UnreachableCodeReached), _) => "a panic or an abort".to_owned(),
        // Compilers of guests keep a second stack at the low end of memory; its overflow is an access below zero.
        (Some(Trap::MemoryOutOfBounds), _) => "memory access out of bounds, or a stack overflow".to_owned(),
        (Some(trap), _) => trap.to_string(),
        (None, Some(I32Exit(status))) => format!("the function ended itself with exit status {status}"),
        (None, None) => clean(&error.root_cause().to_string()),
    };
    Outcome::Trapped { message: format!("{what}{place}") }
}

/// How much memory the function asked for in vain, if it did.
fn memory_refused(state: &State) -> Option<String> {
    let bytes = state.limiter.memory_bytes_refused()?;
    Some(format!(
        "the function asked for {} MiB of memory and may have {} MiB",
        bytes.div_ceil(MEBIBYTE),
        state.limits.memory_bytes_max / MEBIBYTE
    ))
}

/// `, in a <- b <- c`: the functions of the guest, innermost first; empty when none has a name. A
/// function that calls itself is told once, with how often.
fn backtrace(error: &wasmtime::Error) -> String {
    let frames = error.downcast_ref::<WasmBacktrace>().map(WasmBacktrace::frames).unwrap_or_default();
    let mut calls: Vec<(&str, usize)> = Vec::new();
    for name in frames.iter().filter_map(|frame| frame.func_name()) {
        match calls.last_mut() {
            Some((last, times)) if *last == name => *times += 1,
            _ => calls.push((name, 1)),
        }
    }
    let told: Vec<String> = calls
        .into_iter()
        .take(CALLS_MAX)
        .map(|(name, times)| match times {
            1 => format!("`{:#}`", rustc_demangle::demangle(name)),
            _ => format!("`{:#}` (itself {times} deep)", rustc_demangle::demangle(name)),
        })
        .collect();
    if told.is_empty() { String::new() } else { format!(", in {}", told.join(" <- ")) }
}
