//! The simulated clock: time passes when a test says so.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use keywheel::clock::Clock;
use keywheel_domain::time::Timestamp;

/// A clock that stands still until it is moved. Clones show the same time.
#[derive(Clone, Debug)]
pub struct SimClock {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    /// Sleepers registered so far: who came first is woken first.
    registered: u64,
    sleepers: BTreeMap<(Timestamp, u64), Waker>,
}

impl SimClock {
    /// 2025-11-23T12:00:00Z, in milliseconds: a Sunday at noon.
    pub const NOON_MS: i64 = 1_763_899_200_000;

    /// A clock that shows this moment.
    pub fn new(now: Timestamp) -> Self {
        Self { state: Arc::new(Mutex::new(State { now, registered: 0, sleepers: BTreeMap::new() })) }
    }

    /// A clock that shows [`Self::NOON_MS`].
    pub fn at_noon() -> Self {
        Self::new(Timestamp::from_millis(Self::NOON_MS))
    }

    /// Lets time pass and wakes, in the order of their moments, all whose moment has come.
    pub fn advance(&self, millis: i64) {
        let now = self.now().plus_millis(millis);
        self.set(now);
    }

    /// Shows this moment from now on; it may lie before the present one, as when somebody sets a clock.
    pub fn set(&self, now: Timestamp) {
        let mut state = self.state();
        state.now = now;
        let later = state.sleepers.split_off(&(now.plus_millis(1), 0));
        let woken = std::mem::replace(&mut state.sleepers, later);
        drop(state);
        woken.into_values().for_each(Waker::wake);
    }

    /// The earliest moment that somebody waits for.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.state().sleepers.keys().next().map(|(at, _)| *at)
    }

    /// Jumps to the earliest moment that somebody waits for; `false` when nobody waits.
    pub fn advance_to_next_wake(&self) -> bool {
        let next = self.next_wake();
        if let Some(at) = next {
            self.set(at);
        }
        next.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    async fn sleep_until(&self, at: Timestamp) {
        Sleep { clock: self, at, place: None }.await;
    }
}

/// A wait for a moment; it is forgotten when it is dropped.
struct Sleep<'a> {
    clock: &'a SimClock,
    at: Timestamp,
    place: Option<(Timestamp, u64)>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let sleep = self.get_mut();
        let mut state = sleep.clock.state();
        if state.now >= sleep.at {
            return Poll::Ready(());
        }
        let place = *sleep.place.get_or_insert_with(|| {
            state.registered += 1;
            (sleep.at, state.registered)
        });
        state.sleepers.insert(place, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.clock.state().sleepers.remove(&place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keywheel::clock::SystemClock;

    fn is_ready(sleep: &mut Pin<Box<dyn Future<Output = ()> + Send + '_>>) -> bool {
        sleep.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    /// What every clock promises, for a moment that is `until_ms` away and reached by `advance`.
    async fn check(clock: &dyn Clock, until_ms: i64, advance: impl FnOnce()) {
        let now = clock.now();
        clock.sleep_until(now).await;
        clock.sleep_until(now.plus_millis(-1)).await;
        clock.sleep_until(Timestamp::from_millis(i64::MIN)).await;
        let at = clock.now().plus_millis(until_ms);
        drop(clock.sleep_until(at));
        let mut sleep = clock.sleep_until(at);
        assert!(!is_ready(&mut sleep) || clock.now() >= at);
        advance();
        sleep.await;
        assert!(clock.now() >= at);
    }

    #[tokio::test]
    async fn each_clock_keeps_the_contract() {
        check(&SystemClock, 2, || ()).await;
        let clock = SimClock::at_noon();
        check(&clock, 60_000, || clock.advance(60_000)).await;
        assert_eq!(clock.next_wake(), None);
    }

    #[tokio::test]
    async fn sleepers_are_woken_by_their_time() {
        let clock = SimClock::at_noon();
        let noon = clock.now();
        let (mut first, mut second) =
            (clock.sleep_until(noon.plus_millis(10)), clock.sleep_until(noon.plus_millis(20)));
        assert!(!is_ready(&mut second) && !is_ready(&mut first));
        assert_eq!(clock.next_wake(), Some(noon.plus_millis(10)));
        assert!(clock.advance_to_next_wake());
        assert!(is_ready(&mut first) && !is_ready(&mut second));
        drop(second);
        assert!(!clock.advance_to_next_wake());
        assert_eq!(clock.now(), noon.plus_millis(10));
    }
}
