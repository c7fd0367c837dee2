//! The only file that reads time.
//!
//! [`Clock`] answers "what time is it" and "wake me then"; [`Stopwatch`] measures how long something
//! took and decides nothing.

use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use keywheel_domain::time::{SECOND_MS, Timestamp};

/// The longest single sleep, in milliseconds. A machine that was suspended, or whose clock was set,
/// notices within this time.
const SLEEP_MS_MAX: i64 = 30 * SECOND_MS;

/// The time of day. A simulated one makes a test exact and quick.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The present moment. It may jump either way when somebody sets the machine's clock, so an order of
    /// events must not rest on it.
    fn now(&self) -> Timestamp;

    /// Returns when `now()` has reached `at`, and at once when it already has. Dropping the future
    /// cancels the wait and leaves nothing behind.
    async fn sleep_until(&self, at: Timestamp);
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
        let now = SystemTime::now();
        Timestamp::from_millis(match now.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => whole_millis(since),
            Err(before) => -whole_millis(before.duration()),
        })
    }

    async fn sleep_until(&self, at: Timestamp) {
        loop {
            let left_ms = at.millis_since(self.now());
            let Ok(left_ms @ 1..) = u64::try_from(left_ms.min(SLEEP_MS_MAX)) else { return };
            tokio::time::sleep(Duration::from_millis(left_ms)).await;
        }
    }
}

/// Measures a duration for logs and metrics, from a clock that never goes back.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts to measure.
    pub fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "durations are measured here and nowhere else")]
        let now = Instant::now();
        Self(now)
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

fn whole_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
pub(crate) mod fixed {
    //! A clock that a test sets by hand.

    use super::{Clock, Timestamp, async_trait};
    use tokio::sync::watch;

    /// Stands still until it is set.
    pub(crate) struct FixedClock(watch::Sender<Timestamp>);

    impl FixedClock {
        /// 2025-11-23T12:00:00Z.
        pub(crate) const NOON_MS: i64 = 1_763_899_200_000;

        /// Stands at [`Self::NOON_MS`].
        pub(crate) fn at_noon() -> Self {
            Self(watch::Sender::new(Timestamp::from_millis(Self::NOON_MS)))
        }

        /// Moves on and wakes who waits for it.
        pub(crate) fn advance(&self, millis: i64) {
            self.0.send_modify(|now| *now = now.plus_millis(millis));
        }

        /// Whether somebody sleeps.
        pub(crate) fn has_sleepers(&self) -> bool {
            self.0.receiver_count() > 0
        }
    }

    #[async_trait]
    impl Clock for FixedClock {
        fn now(&self) -> Timestamp {
            *self.0.borrow()
        }

        async fn sleep_until(&self, at: Timestamp) {
            // The sender lives as long as `self`, so the wait ends by the time alone.
            let _ = self.0.subscribe().wait_for(|now| *now >= at).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_moment_that_has_passed_is_not_waited_for() {
        let now = SystemClock.now();
        assert!(now > Timestamp::from_millis(1_700_000_000_000));
        SystemClock.sleep_until(now).await;
        SystemClock.sleep_until(Timestamp::from_millis(i64::MIN)).await;
    }

    #[tokio::test]
    async fn a_coming_moment_is_waited_for() {
        let at = SystemClock.now().plus_millis(2);
        SystemClock.sleep_until(at).await;
        assert!(SystemClock.now() >= at);
    }

    #[test]
    fn a_stopwatch_never_goes_back() {
        let watch = Stopwatch::start();
        assert!(watch.elapsed() <= watch.elapsed());
    }
}
