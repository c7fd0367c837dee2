//! Measures the time of an invocation: on the clock, and on the processor.
//!
//! Processor time is what passes while the invocation's future is polled, read from the clock of the
//! thread that polls it. Waiting for a database or another process's turn is not in it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Shared by the future that is measured and the callback that asks whether its time is up.
#[derive(Debug, Default)]
struct Readings {
    /// Nanoseconds of the polls that have ended.
    spent_ns: AtomicU64,
    /// What the thread's clock said when the poll that runs now began.
    poll_began_ns: AtomicU64,
}

/// The meter of one invocation.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    started: Instant,
    readings: Arc<Readings>,
}

impl Meter {
    /// Starts the clock.
    pub(crate) fn start() -> Self {
        Self { started: now(), readings: Arc::default() }
    }

    /// Time since the start.
    pub(crate) fn wall(&self) -> Duration {
        now().saturating_duration_since(self.started)
    }

    /// Processor time of the polls that have ended.
    pub(crate) fn cpu(&self) -> Duration {
        Duration::from_nanos(self.readings.spent_ns.load(Ordering::Relaxed))
    }

    /// Processor time, that of the poll included from within which this is called.
    pub(crate) fn cpu_within_poll(&self) -> Duration {
        let began = self.readings.poll_began_ns.load(Ordering::Relaxed);
        self.cpu() + Duration::from_nanos(thread_ns().saturating_sub(began))
    }

    /// Runs a future and counts the time of its polls.
    pub(crate) const fn measure<F>(&self, future: F) -> Measured<'_, F> {
        Measured { meter: self, future }
    }
}

/// See [`Meter::measure`].
pub(crate) struct Measured<'a, F> {
    meter: &'a Meter,
    future: F,
}

impl<F: Future + Unpin> Future for Measured<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let began = thread_ns();
        self.meter.readings.poll_began_ns.store(began, Ordering::Relaxed);
        let poll = Pin::new(&mut self.future).poll(context);
        self.meter.readings.spent_ns.fetch_add(thread_ns().saturating_sub(began), Ordering::Relaxed);
        poll
    }
}

#[expect(clippy::disallowed_methods, reason = "a limit of real time is measured in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The processor time of this thread. A poll begins and ends on one thread.
#[cfg(unix)]
fn thread_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    // Neither is negative: the clock starts at zero with the thread.
    (time.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as u64)
}

/// Without such a clock: time that passes.
#[cfg(not(unix))]
fn thread_ns() -> u64 {
    use std::sync::OnceLock;
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(now().saturating_duration_since(*START.get_or_init(now)).as_nanos()).unwrap_or(u64::MAX)
}
