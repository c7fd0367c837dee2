//! The numbered calls of the ports, and what a plan lets happen at one of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keywheel_domain::rotation::Step;

use super::act::Act;
use super::database::Database;
use super::deliver::Endpoint;
use super::invoke::DIGEST;
use super::life::Life;
use super::watch::{Rule, Violation, Watch};
use crate::clock::SimClock;

/// Port calls in one run, after which it is taken for one that never ends.
const CALLS_MAX: u64 = 20_000;
/// How long a call takes, in milliseconds.
const CALL_MS: i64 = 1;

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// The store is read.
    Read,
    /// The store is written.
    Commit,
    /// A function is called.
    Invoke(Step),
    /// A function has returned.
    Return(Step),
    /// A running function calls its host.
    Guest,
    /// The database: a login.
    Login,
    /// The database: a statement.
    Statement,
    /// The database: an operator changes the password.
    ByHand,
    /// The endpoint of a webhook gets a request.
    Deliver,
}

impl Port {
    /// Whether something may be different afterwards. Deaths between two such calls leave the same world.
    pub const fn has_effect(self) -> bool {
        matches!(self, Self::Commit | Self::Statement | Self::ByHand | Self::Deliver)
    }
}

/// On which side of the effect a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The call has no effect.
    Before,
    /// The call has its effect; nobody hears the answer.
    After,
}

/// The end of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Death {
    /// The number of the call in this life, from 0.
    pub call: u64,
    /// Before or after its effect.
    pub when: When,
}

/// When somebody else comes in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Before the call with this number in the first life.
    Call(u64),
    /// Before the first call of this port.
    Port(Port),
    /// Before the first call of the second life.
    Restart,
}

/// What somebody does in the middle of something else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interrupt {
    pub(super) trigger: Trigger,
    pub(super) act: Act,
}

/// What is common to all lives of one run.
pub struct World {
    /// The time.
    pub clock: SimClock,
    state: Mutex<State>,
}

pub(super) struct State {
    pub(super) database: Database,
    pub(super) endpoint: Endpoint,
    pub(super) watch: Watch,
    pub(super) life: Option<Arc<Life>>,
    pub(super) interrupt: Option<Interrupt>,
    /// An interrupting act that has begun and was not answered.
    pub(super) unanswered: Option<Act>,
    pub(super) lives: usize,
    pub(super) second_worker_hangs: bool,
    /// Of the component that is installed.
    pub(super) digest: &'static str,
    /// What is read now says that no pending version has a value.
    pub(super) forgets_values: bool,
    death: Option<Death>,
    is_dead: bool,
    calls: Vec<Port>,
    calls_total: u64,
}

impl World {
    pub(super) fn new(database: Database) -> Self {
        let state = State {
            database,
            endpoint: Endpoint::new(),
            watch: Watch::new(),
            life: None,
            interrupt: None,
            unanswered: None,
            lives: 0,
            second_worker_hangs: false,
            digest: DIGEST,
            forgets_values: false,
            death: None,
            is_dead: false,
            calls: Vec::new(),
            calls_total: 0,
        };
        Self { clock: SimClock::at_noon(), state: Mutex::new(state) }
    }

    /// Calls a port. `None`: the process has died, and nothing of it may run on.
    pub(super) fn call<T>(&self, port: Port, effect: impl FnOnce() -> T) -> Option<T> {
        let number = {
            let mut state = self.state();
            if state.is_dead {
                return None;
            }
            state.calls_total += 1;
            if state.calls_total > CALLS_MAX {
                state.violation(Rule::Ends, format!("{CALLS_MAX} calls, and no end"));
                state.is_dead = true;
                return None;
            }
            state.calls.push(port);
            state.calls.len() as u64 - 1
        };
        self.clock.advance(CALL_MS);
        self.interrupted(number, port)?;
        self.survives(number, When::Before)?;
        let value = effect();
        if self.state().is_dead {
            return None;
        }
        self.survives(number, When::After)?;
        Some(value)
    }

    /// The same for ports that are called asynchronously.
    pub(super) async fn call_async<T>(&self, port: Port, effect: impl FnOnce() -> T) -> T {
        match self.call(port, effect) {
            Some(value) => value,
            None => std::future::pending().await,
        }
    }

    fn survives(&self, call: u64, when: When) -> Option<()> {
        let mut state = self.state();
        state.is_dead |= state.death == Some(Death { call, when });
        (!state.is_dead).then_some(())
    }

    /// Lets somebody else act here, if this is the moment.
    fn interrupted(&self, number: u64, port: Port) -> Option<()> {
        let (act, life) = {
            let mut state = self.state();
            let is_now = state.interrupt.is_some_and(|interrupt| match interrupt.trigger {
                Trigger::Call(call) => state.lives == 1 && call == number,
                Trigger::Port(wanted) => wanted == port,
                Trigger::Restart => state.lives == 2,
            });
            let Some(life) = state.life.clone().filter(|_| is_now) else { return Some(()) };
            let Some(Interrupt { act, .. }) = state.interrupt.take() else { return Some(()) };
            state.unanswered = Some(act);
            (act, life)
        };
        life.act(act)?;
        self.state().unanswered = None;
        Some(())
    }

    /// Begins a life, which ends at `death` if it lives that long.
    pub(super) fn begin(&self, life: Arc<Life>, death: Option<Death>) {
        let mut state = self.state();
        state.lives += 1;
        state.life = Some(life);
        state.death = death;
        state.is_dead = false;
        state.calls = Vec::new();
    }

    /// Ends a life; returns the calls that it made.
    pub(super) fn end(&self) -> Vec<Port> {
        let mut state = self.state();
        state.life = None;
        std::mem::take(&mut state.calls)
    }

    /// Whether the process that ran has died.
    pub(super) fn is_dead(&self) -> bool {
        self.state().is_dead
    }

    pub(super) fn violation(&self, rule: Rule, what: String) {
        self.state().violation(rule, what);
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(super) fn calls_so_far(&self) -> Vec<Port> {
        self.calls.clone()
    }

    pub(super) fn violation(&mut self, rule: Rule, what: String) {
        let at = self.calls.len();
        self.watch.violations.push(Violation {
            rule,
            what,
            life: self.lives,
            call: at.saturating_sub(1) as u64,
        });
    }
}
