//! A rehearsal: one step as [`Function::invoke`] runs it, with every call of the host on record, one of which
//! may go wrong, and with databases and HTTP services that are simulated when the caller brings them.
//!
//! The sandbox, the contract and the limits are the real ones; only what is behind the calls differs. A record
//! names what a call touched and never a value. An ordinary invocation pays one comparison for each call.
//!
//! Deliberately absent: any opinion on what a function should do. That is the caller's.

mod call;
mod credential;
mod database;
mod secrets;
mod service;
mod session;
mod statement;
mod targets;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keywheel_domain::api::{ApiError, ErrorCode};
use tokio::sync::Notify;

pub use self::call::{Answer, Call, Touch};
pub use self::database::{Dialect, Login};
pub(crate) use self::session::Session;
use self::statement::outline;
pub use self::targets::{Address, Targets};
use crate::contract::keywheel::rotation::sql as wit;
use crate::function::Function;
use crate::imports::secrets::Secrets;
use crate::invoke::Invocation;
use crate::meter;
use crate::report::Report;

/// What goes wrong at one call of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call has no effect and fails as if the other side could not be reached.
    Refuse,
    /// The call has its effect, and its answer is lost: it fails like [`Fault::Refuse`].
    LoseAnswer,
    /// The process dies before the effect.
    KillBefore,
    /// The process dies after the effect.
    KillAfter,
}

/// The stage of one step. A clone is the same stage.
#[derive(Clone)]
pub struct Rehearsal(Arc<Stage>);

struct Stage {
    /// What is simulated; the real ones when absent.
    targets: Option<Targets>,
    /// Which call goes wrong, counted from 0, and how.
    fault: Option<(usize, Fault)>,
    calls: Mutex<Vec<Call>>,
    /// What the open sessions are connected to, by their handles.
    sessions: Mutex<HashMap<u32, (Dialect, Address)>>,
    died: Notify,
}

impl Rehearsal {
    /// A stage for one step with these targets, or with the real ones.
    pub fn new(targets: Option<Targets>) -> Self {
        Self::with_fault(targets, None)
    }

    /// The same, where the call with this number, counted from 0, goes wrong.
    pub fn with_fault(targets: Option<Targets>, fault: Option<(usize, Fault)>) -> Self {
        Self(Arc::new(Stage {
            targets,
            fault,
            calls: Mutex::default(),
            sessions: Mutex::default(),
            died: Notify::new(),
        }))
    }

    /// The calls so far, in order. Their number is bounded by the step's limit on calls of the host.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.0.calls).clone()
    }

    pub(crate) fn targets(&self) -> Option<&Targets> {
        self.0.targets.as_ref()
    }

    /// A call that cannot go wrong.
    pub(crate) fn note(&self, name: &'static str, touch: Touch) {
        lock(&self.0.calls).push(Call { answer: Answer::Done, ..Call::new(name, touch) });
    }

    /// Remembers what a session is connected to.
    pub(crate) fn opened(&self, handle: u32, target: &wit::Target) {
        let connected = (Dialect::of(target.engine), Address::new(&target.host, target.port));
        lock(&self.0.sessions).insert(handle, connected);
    }

    /// The call that runs a statement in a session. Texts in it are left out.
    pub(crate) fn statement(&self, name: &'static str, handle: u32, statement: &str) -> Call {
        let connected = lock(&self.0.sessions).get(&handle).cloned();
        let (dialect, address) =
            connected.unwrap_or_else(|| (Dialect::Postgres, Address::new("an unknown server", 0)));
        Call::new(name, Touch::Target { address, what: outline(dialect, statement) })
    }

    /// Records a call and lets it happen, or go wrong.
    async fn call<T, E: Told>(
        &self,
        call: Call,
        lost: impl Fn() -> E,
        effect: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let number = self.enter(call);
        self.play(number, lost, effect).await
    }

    /// Records a call that is about to happen, and returns its number.
    pub(crate) fn enter(&self, call: Call) -> usize {
        let mut calls = lock(&self.0.calls);
        calls.push(call);
        calls.len() - 1
    }

    /// Lets a call that is on record happen, or go wrong.
    pub(crate) async fn play<T, E: Told>(
        &self,
        number: usize,
        lost: impl Fn() -> E,
        effect: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let fault = self.0.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        if fault == Some(Fault::KillBefore) {
            return self.die().await;
        }
        let began = meter::now();
        let answer = if fault == Some(Fault::Refuse) { Err(lost()) } else { effect.await };
        if fault == Some(Fault::KillAfter) {
            return self.die().await;
        }
        let answer = if fault == Some(Fault::LoseAnswer) { Err(lost()) } else { answer };
        if let Some(call) = lock(&self.0.calls).get_mut(number) {
            call.took = meter::now().saturating_duration_since(began);
            call.answer = match &answer {
                Ok(_) => Answer::Done,
                Err(error) => Answer::Refused(error.code()),
            };
        }
        answer
    }

    /// Puts what an answer says on record, in the place of that it came.
    pub(crate) fn refused(&self, number: usize, code: String) {
        if let Some(call) = lock(&self.0.calls).get_mut(number) {
            call.answer = Answer::Refused(code);
        }
    }

    /// The process is gone: nothing that it waits for ever comes.
    async fn die<T>(&self) -> T {
        self.0.died.notify_one();
        std::future::pending().await
    }
}

/// Lets a call happen, on the stage when there is one.
pub(crate) async fn through<T, E: Told>(
    rehearsal: Option<&Rehearsal>,
    call: impl FnOnce(&Rehearsal) -> Call,
    lost: impl Fn() -> E,
    effect: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match rehearsal {
        None => effect.await,
        Some(rehearsal) => rehearsal.call(call(rehearsal), lost, effect).await,
    }
}

/// An error as a record tells it: a code, no message.
pub(crate) trait Told {
    fn code(&self) -> String;
}

impl Told for ApiError {
    fn code(&self) -> String {
        self.code.as_str().to_owned()
    }
}

impl Told for wit::Error {
    fn code(&self) -> String {
        let kind = match self.kind {
            wit::ErrorKind::Egress => "not allowed by the sandbox",
            wit::ErrorKind::Connection => "no connection",
            wit::ErrorKind::Authentication => "login refused",
            wit::ErrorKind::Statement => "statement refused",
            wit::ErrorKind::Limit => "limit of the sandbox",
        };
        match &self.sqlstate {
            Some(state) => format!("{kind}, {state}"),
            None => kind.to_owned(),
        }
    }
}

impl Function {
    /// Runs one step on a stage. `None` when a fault of the stage ended the process.
    pub async fn rehearse(&self, invocation: Invocation, rehearsal: &Rehearsal) -> Option<Report> {
        let secrets: Arc<dyn Secrets> = Arc::new(secrets::Recorded {
            inner: Arc::clone(&invocation.secrets),
            rehearsal: rehearsal.clone(),
        });
        let step = self.run(Invocation { secrets, ..invocation }, Some(rehearsal.clone()));
        tokio::select! {
            biased;
            () = rehearsal.0.died.notified() => None,
            report = step => Some(report),
        }
    }
}

fn unavailable() -> ApiError {
    ApiError::new(ErrorCode::InternalService, "An error occurred on the server side.")
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
