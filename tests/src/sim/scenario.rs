//! What is run, as data, and what came of it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use keywheel_function_postgres::PostgresSingleUser;
use keywheel_sdk::Rotator;

use super::act::Act;
use super::database::Fault;
use super::invoke::Failing;
use super::ports::{Death, Port, Trigger};
use super::watch::Violation;

/// A fault planted around the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The store writes whatever it is given: commits without an expectation.
    StoreIgnoresExpectations,
    /// The store answers before a commit is on disk: a crash loses the latest.
    StoreAnswersTooEarly,
    /// A lease reaches the disk with the outcome of its step, in one transaction.
    LeaseInTheTransaction,
    /// A function calls back with the rights of an operator, whoever holds the lease.
    LeaseWithoutFence,
    /// A value that was stored by an earlier attempt is not seen by `createSecret`, and written over.
    RecreatesTheValue,
    /// `finishSecret` runs in the place of `testSecret`, and is allowed to move labels there.
    FinishesBeforeTest,
    /// A step that failed counts as done.
    FailedStepsCountAsDone,
    /// A failure that retrying cannot help counts as one that may pass.
    RejectionsAreRetried,
    /// The number of a webhook's last event is stored as the one after it: that one is never told.
    EventsAreLeftOut,
    /// The policy of a secret is not seen.
    PoliciesAreForgotten,
    /// Each step is run twice. This one must do no harm.
    StepsRunTwice,
}

/// What happens, as data.
#[derive(Clone, Copy)]
pub struct Scenario<'a> {
    /// For messages.
    pub name: &'a str,
    /// What has happened before; nothing is killed there.
    pub setup: &'a [Act],
    /// What happens.
    pub script: &'a [Act],
    /// What somebody does in the middle of it.
    pub interrupt: Option<(Trigger, Act)>,
    /// What goes wrong in the database, by number of its call.
    pub faults: &'a [(u32, Fault)],
    /// Steps that fail.
    pub failing: &'a [Failing],
    /// Parts of the refusals that people get when nobody dies, in order.
    pub told: &'a [&'static str],
    /// Parts of other refusals that they may get; an empty one is a part of any.
    pub refusals: &'a [&'static str],
    /// The rotation function.
    pub rotator: &'static (dyn Rotator + Sync),
    /// The store is open to two workers and a server.
    pub shared: bool,
    /// In the end everything is as it should be once people have approved and retried, and one more rotation
    /// shows it. Otherwise they give up what does not end.
    pub recovers: bool,
}

impl<'a> Scenario<'a> {
    /// A script on a new secret, with the real rotation function and no fault.
    pub const fn new(name: &'a str, script: &'a [Act]) -> Self {
        Self {
            name,
            setup: &[Act::Create],
            script,
            interrupt: None,
            faults: &[],
            failing: &[],
            told: &[],
            refusals: &[],
            rotator: &PostgresSingleUser,
            shared: false,
            recovers: true,
        }
    }
}

/// Without the function, which has no words.
impl fmt::Debug for Scenario<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Scenario");
        shown.field("name", &self.name).field("setup", &self.setup).field("script", &self.script);
        shown.field("interrupt", &self.interrupt).field("faults", &self.faults);
        shown.field("failing", &self.failing).field("shared", &self.shared).field("recovers", &self.recovers);
        shown.finish()
    }
}

/// Where a run departs from the scenario.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// When the first process dies, when the second one, and so on.
    pub deaths: Vec<Death>,
    /// A fault of the engine.
    pub bug: Option<Bug>,
    /// Where randomness begins.
    pub seed: u64,
}

/// A step in the life of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transition {
    /// The word of the state before.
    pub from: &'static str,
    /// The word of the state after.
    pub to: &'static str,
    /// What the job is for.
    pub purpose: &'static str,
}

/// What came of a run.
#[derive(Debug)]
pub struct Report {
    /// Rules that were broken, in order.
    pub violations: Vec<Violation>,
    /// The calls of each life, without those after the script.
    pub calls: Vec<Vec<Port>>,
    /// Labels, and how the jobs ended.
    pub summary: String,
    /// Failures that are stored with the jobs.
    pub failures: Vec<String>,
    /// Refusals that operators got.
    pub refusals: Vec<String>,
    /// Whether what was to come in between did.
    pub was_interrupted: bool,
    /// What the jobs went through.
    pub transitions: BTreeSet<Transition>,
    /// The names of the audit rows that were written; those about slots with their details.
    pub events: BTreeSet<String>,
}

/// Ends that were seen to be good ones. Runs of one scenario mostly end alike, and whether the secret
/// still rotates is shown once for each end.
#[derive(Debug, Default)]
pub struct Ends(Mutex<BTreeSet<String>>);

impl Ends {
    /// Whether this end is seen for the first time.
    pub(super) fn is_new(&self, end: String) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(end)
    }
}
