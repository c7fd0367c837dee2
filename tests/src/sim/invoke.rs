//! [`Invoke`] without a sandbox: steps that run, fail as a scenario says, or do what a planted fault says.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use keywheel::ops::{Operations, Principal};
use keywheel::worker::{Invocation, Invoke, Report};
use keywheel_domain::rotation::{self, FailureKind, Step};
use keywheel_sdk::testing::{self, Outcome};
use keywheel_sdk::{Event, Failure, Rotator};

use super::guest::Guest;
use super::ports::{Port, World};
use super::records;
use super::scenario::Bug;
use super::store::{Disk, SECOND_WORKER};
use super::watch::Rule;

/// The longest time that a step may take, in milliseconds.
pub(super) const WALL_MS_MAX: i64 = 60_000;
/// What stands for the digest of the component that is installed first.
pub(super) const DIGEST: &str = "native";

/// A step that fails.
#[derive(Clone, Copy, Debug)]
pub struct Failing {
    /// Which.
    pub step: Step,
    /// How often.
    pub times: u32,
    /// How.
    pub how: How,
}

/// How a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The function is broken off before it did anything.
    Before,
    /// The function is broken off when it has done its work.
    Afterwards,
    /// The target rejects the value of this token, however often it is given: this is no fault that passes.
    Rejected(&'static str),
}

/// See the module's documentation.
pub(super) struct SimInvoke {
    pub(super) world: Arc<World>,
    pub(super) disk: Arc<Disk>,
    pub(super) ops: Arc<Operations>,
    pub(super) rotator: &'static (dyn Rotator + Sync),
    pub(super) process: usize,
    /// Failures that are still to come; all lives share them.
    pub(super) failing: Arc<Mutex<Vec<Failing>>>,
    pub(super) bug: Option<Bug>,
}

impl SimInvoke {
    fn run(&self, invocation: &Invocation) -> Option<Report> {
        self.world.call(Port::Invoke(invocation.step), || self.check_lease(invocation))?;
        let lines = Rc::new(RefCell::new(Vec::new()));
        let outcome = match self.next_failure(invocation) {
            Some(How::Before) => broken_off(),
            Some(How::Rejected(_)) => {
                rotation::Outcome::permanent("the password is in the list of known ones")
            }
            failing => {
                let times = if self.bug == Some(Bug::StepsRunTwice) { 2 } else { 1 };
                let mut outcome = rotation::Outcome::Done;
                for _ in 0..times {
                    outcome = self.run_guest(invocation, &lines)?;
                }
                if failing.is_some() { broken_off() } else { outcome }
            }
        };
        self.world.call(Port::Return(invocation.step), || ())?;
        let (log, digest) = (lines.take(), self.world.state().digest.to_owned());
        Some(Report { outcome: self.as_the_engine_sees(outcome), log, duration_us: 1_000, digest })
    }

    /// A function is called under a lease that a crash would leave, and not before.
    fn check_lease(&self, invocation: &Invocation) {
        let Principal::Rotation { fence, .. } = &invocation.caller.principal else { return };
        let leased = records::fence_of(&self.disk.durable(), &invocation.secret_arn);
        if leased.is_none_or(|leased| leased < *fence) {
            let what = format!("{} is called, and its lease is not on disk", invocation.step);
            self.world.violation(Rule::Fence, what);
        }
    }

    /// The outcome, unless a fault is planted here.
    fn as_the_engine_sees(&self, outcome: rotation::Outcome) -> rotation::Outcome {
        match (self.bug, outcome) {
            (Some(Bug::FailedStepsCountAsDone), rotation::Outcome::Failed { .. }) => rotation::Outcome::Done,
            (
                Some(Bug::RejectionsAreRetried),
                rotation::Outcome::Failed { kind: FailureKind::Permanent, message },
            ) => rotation::Outcome::retry(message),
            (_, outcome) => outcome,
        }
    }

    fn run_guest(
        &self,
        invocation: &Invocation,
        lines: &Rc<RefCell<Vec<String>>>,
    ) -> Option<rotation::Outcome> {
        let mut caller = invocation.caller.clone();
        let mut step = invocation.step;
        if self.bug == Some(Bug::FinishesBeforeTest) {
            step = match step {
                Step::TestSecret => Step::FinishSecret,
                Step::FinishSecret => Step::TestSecret,
                step => step,
            };
        }
        if matches!(self.bug, Some(Bug::LeaseWithoutFence | Bug::FinishesBeforeTest)) {
            caller.principal = Principal::Root { access_key_id: "nobody-asked".to_owned() };
        }
        let host = Guest {
            world: Arc::clone(&self.world),
            ops: Arc::downgrade(&self.ops),
            caller,
            lines: Rc::clone(lines),
            approved: invocation.approved,
        };
        let event = Event {
            step: to_sdk(step),
            secret_id: invocation.secret_arn.clone(),
            client_request_token: invocation.token.clone(),
            rotation_token: invocation.rotation_token.expose().clone(),
        };
        let forgets = self.bug == Some(Bug::RecreatesTheValue) && step == Step::CreateSecret;
        self.world.state().forgets_values = forgets;
        let ran = testing::invoke(host, self.rotator, &event);
        self.world.state().forgets_values = false;
        outcome(ran)
    }

    fn next_failure(&self, invocation: &Invocation) -> Option<How> {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let next = failing.iter_mut().find(|failing| {
            let is_meant = !matches!(failing.how, How::Rejected(token) if token != invocation.token);
            failing.step == invocation.step && failing.times > 0 && is_meant
        })?;
        if !matches!(next.how, How::Rejected(_)) {
            next.times -= 1;
        }
        Some(next.how)
    }
}

/// What came of a function, as a sandbox tells it; `None` when its process died.
fn outcome(ran: Outcome) -> Option<rotation::Outcome> {
    Some(match ran {
        Outcome::Done => rotation::Outcome::Done,
        Outcome::Failed(Failure::Retry(message)) => rotation::Outcome::retry(message),
        Outcome::Failed(Failure::Permanent(message)) => rotation::Outcome::permanent(message),
        Outcome::Failed(Failure::Refused(message)) => {
            rotation::Outcome::Failed { kind: FailureKind::Refused, message }
        }
        // It says that it waits, and has asked nobody.
        Outcome::Failed(failure @ Failure::AwaitingApproval) => rotation::Outcome::retry(failure.to_string()),
        Outcome::Asked(summary) => rotation::Outcome::Asked { summary },
        Outcome::Killed => return None,
    })
}

#[async_trait]
impl Invoke for SimInvoke {
    async fn invoke(&self, invocation: Invocation) -> Report {
        let hangs = self.process == SECOND_WORKER && self.world.state().second_worker_hangs;
        let report = if hangs { None } else { self.run(&invocation) };
        match report {
            Some(report) => report,
            None => std::future::pending().await,
        }
    }

    async fn digest(&self, _: &str, _: &str) -> Option<String> {
        Some(self.world.state().digest.to_owned())
    }

    fn wall_ms_max(&self) -> i64 {
        WALL_MS_MAX
    }
}

fn broken_off() -> rotation::Outcome {
    rotation::Outcome::retry("the function was broken off")
}

const fn to_sdk(step: Step) -> keywheel_sdk::Step {
    match step {
        Step::CreateSecret => keywheel_sdk::Step::CreateSecret,
        Step::SetSecret => keywheel_sdk::Step::SetSecret,
        Step::TestSecret => keywheel_sdk::Step::TestSecret,
        Step::FinishSecret => keywheel_sdk::Step::FinishSecret,
    }
}
