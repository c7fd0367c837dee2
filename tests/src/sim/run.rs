//! Runs a scenario under a plan, from the first life to the last.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use keywheel::clock::Clock;
use keywheel_domain::rotation::State as JobState;
use keywheel_domain::version::CURRENT;
use keywheel_function_postgres::PostgresSingleUser;
use keywheel_sdk::Rotator;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use super::act::Act;
use super::database::{Database, Fault};
use super::guest::Failing;
use super::life::{Life, Parts};
use super::ports::{Death, Interrupt, Port, Trigger, World};
use super::records::Records;
use super::store::Disk;
use super::watch::{Rule, Violation};
use crate::store::{SimImage, SimStore};

/// How long a process takes to start again, in milliseconds.
const RESTART_MS: i64 = 2_000;
/// The token of the rotation that shows, after everything, that the secret still rotates.
const LAST: &str = "T9";
/// Times that an operator asks for that rotation: the first may be refused while another is resumed.
const LAST_ASKED_MAX: usize = 3;

/// A fault planted in the engine or around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The store writes whatever it is given.
    StoreIgnoresExpectations,
    /// The store answers before a commit is on disk: a crash loses the latest.
    StoreAnswersTooEarly,
    /// A function calls back with the rights of an operator, whoever holds the lease.
    LeaseWithoutFence,
    /// Each step is run twice. This one must do no harm.
    StepsRunTwice,
}

/// What happens, as data.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// For messages.
    pub name: &'static str,
    /// What has happened before; nothing is killed there.
    pub setup: &'static [Act],
    /// What happens.
    pub script: &'static [Act],
    /// What somebody does in the middle of it.
    pub interrupt: Option<(Trigger, Act)>,
    /// What goes wrong in the database, by number of its call.
    pub faults: &'static [(u32, Fault)],
    /// Steps that fail.
    pub failing: &'static [Failing],
    /// Parts of the refusals that operators may get.
    pub refusals: &'static [&'static str],
    /// The rotation function.
    pub rotator: &'static (dyn Rotator + Sync),
    /// The store is open to two workers and a server.
    pub shared: bool,
    /// In the end everything is as it should be, and one more rotation shows it.
    pub recovers: bool,
}

impl Scenario {
    /// A script on a new secret, with the real rotation function and no fault.
    pub const fn new(name: &'static str, script: &'static [Act]) -> Self {
        Self {
            name,
            setup: &[Act::Create],
            script,
            interrupt: None,
            faults: &[],
            failing: &[],
            refusals: &[],
            rotator: &PostgresSingleUser,
            shared: false,
            recovers: true,
        }
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
}

/// Ends that were seen to be good ones. Runs of one scenario mostly end alike, and whether the secret
/// still rotates is shown once for each end.
#[derive(Debug, Default)]
pub struct Ends(Mutex<BTreeSet<String>>);

/// Runs a scenario under a plan.
pub fn run(scenario: &Scenario, plan: &Plan, ends: &Ends) -> Report {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .with_ansi(false)
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log.clone())
        .finish();
    let _subscribed = subscriber.set_default();
    let mut run = Run::new(scenario, plan, ends);
    run.all();
    run.report(&log)
}

struct Run<'a> {
    scenario: &'a Scenario,
    plan: &'a Plan,
    ends: &'a Ends,
    world: Arc<World>,
    disk: Arc<Disk>,
    failing: Arc<Mutex<Vec<Failing>>>,
    calls: Vec<Vec<Port>>,
    was_interrupted: bool,
    summary: String,
}

impl<'a> Run<'a> {
    fn new(scenario: &'a Scenario, plan: &'a Plan, ends: &'a Ends) -> Self {
        Self {
            scenario,
            plan,
            ends,
            world: Arc::new(World::new(Database::new(scenario.faults))),
            disk: opened(SimImage::default(), scenario.shared),
            failing: Arc::new(Mutex::new(scenario.failing.to_vec())),
            calls: Vec::new(),
            was_interrupted: false,
            summary: String::new(),
        }
    }

    fn life(&self, number: u64, death: Option<Death>) -> Arc<Life> {
        let parts = Parts {
            world: Arc::clone(&self.world),
            disk: Arc::clone(&self.disk),
            rotator: self.scenario.rotator,
            failing: Arc::clone(&self.failing),
            bug: self.plan.bug,
            seed: self.plan.seed.wrapping_add(number),
        };
        let life = Arc::new(Life::new(&parts));
        self.world.state().watch.begin(self.disk.store.durable_image());
        self.world.begin(Arc::clone(&life), death);
        life
    }

    fn all(&mut self) {
        let setup = self.life(0, None);
        self.scenario.setup.iter().for_each(|act| {
            let answered = setup.act(*act);
            assert!(answered.is_some(), "nothing is killed in a setup");
        });
        self.world.end();
        {
            let mut state = self.world.state();
            state.lives = 0;
            state.watch.refusals_expected = self.scenario.refusals;
            state.interrupt = self.scenario.interrupt.map(|(trigger, act)| Interrupt { trigger, act });
        }
        let mut done = 0;
        for number in 0..=self.plan.deaths.len() {
            let life = self.life(1 + number as u64, self.plan.deaths.get(number).copied());
            let lived = self.live(&life, &mut done);
            if lived.is_some() {
                break;
            }
            let calls = self.world.end();
            self.calls.push(calls);
            self.disk = opened(self.durable(), self.scenario.shared);
            self.world.clock.advance(RESTART_MS);
        }
    }

    /// From a start to the end of the script, and what comes after it.
    fn live(&mut self, life: &Arc<Life>, done: &mut usize) -> Option<()> {
        self.world.state().check_answers();
        if let Err(error) = life.worker.adopt_orphans().now_or_never()? {
            self.world.violation(Rule::Answer, format!("at the start: {error}"));
        }
        let unanswered = self.world.state().unanswered;
        if let Some(act) = unanswered {
            life.act(act)?;
            self.world.state().unanswered = None;
        }
        while let Some(act) = self.scenario.script.get(*done) {
            life.act(*act)?;
            *done += 1;
        }
        let calls = self.world.state().calls_so_far();
        self.calls.push(calls);
        self.finish(life)
    }

    /// Nothing goes wrong any more: everything must come to its end.
    fn finish(&mut self, life: &Life) -> Option<()> {
        let left = {
            let mut state = self.world.state();
            state.database.heal();
            state.interrupt.take()
        };
        self.was_interrupted = left.is_none();
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if let Some(Interrupt { act, .. }) = left {
            life.act(act)?;
        }
        life.act(Act::Settle)?;
        self.summary = summary(self.world.state().watch.records());
        let Some(secret) = life.secret().filter(|secret| secret.deletion.is_none()) else { return Some(()) };
        if !self.scenario.recovers {
            return Some(());
        }
        self.resume(life)?;
        let next = secret.rotation.as_ref().filter(|rotation| rotation.enabled && rotation.rules.is_some());
        if next.is_some_and(|rotation| rotation.next.is_none_or(|slot| slot.starts <= self.world.clock.now()))
        {
            self.world.violation(Rule::Ends, "the next slot is not set".to_owned());
        }
        self.rotate_again(life)
    }

    /// An operator goes on with what needs attention.
    fn resume(&self, life: &Life) -> Option<()> {
        let waiting = self.world.state().watch.records().jobs.first().cloned();
        if let Some(job) = waiting {
            if !matches!(job.state, JobState::NeedsAttention { .. }) {
                self.world.violation(Rule::Ends, format!("the job {} is {}", job.token, job.state.as_str()));
            }
            life.act(Act::Pass(RESTART_MS))?;
            self.rotate(life, &job.token)?;
        }
        let left = self.world.state().watch.records().jobs.first().cloned();
        if let Some(job) = left {
            self.world.violation(Rule::Ends, format!("the job {} does not end: {:?}", job.token, job.state));
        }
        Some(())
    }

    fn rotate(&self, life: &Life, token: &str) -> Option<()> {
        life.rotate_by(token).now_or_never()?;
        life.act(Act::Settle)
    }

    fn rotate_again(&self, life: &Life) -> Option<()> {
        let end = {
            let mut state = self.world.state();
            format!("{} {}", summary(state.watch.records()), state.current_logs_in())
        };
        if !self.ends.0.lock().unwrap_or_else(PoisonError::into_inner).insert(end) {
            return Some(());
        }
        for _ in 0..LAST_ASKED_MAX {
            self.rotate(life, LAST)?;
            let is_done = life.secret().is_some_and(|secret| secret.versions.is_at(CURRENT, LAST));
            if is_done && self.world.state().current_logs_in() {
                return Some(());
            }
        }
        self.world.violation(Rule::Ends, "the secret does not rotate any more".to_owned());
        Some(())
    }

    fn durable(&self) -> SimImage {
        match self.plan.bug {
            Some(Bug::StoreAnswersTooEarly) => {
                self.disk.lagging.lock().unwrap_or_else(PoisonError::into_inner).clone()
            }
            _ => self.disk.store.durable_image(),
        }
    }

    fn report(self, log: &Log) -> Report {
        self.world.end();
        let mut state = self.world.state();
        let logged = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if state.watch.leaked(&logged) {
            state.violation(Rule::Plain, "the log holds a password".to_owned());
        }
        let image = state.watch.image().clone();
        for (key, entry) in image.entries() {
            if state.watch.leaked(&entry.value) {
                state.violation(Rule::Plain, format!("the entry {key:?} holds a password"));
            }
        }
        let records = state.watch.records().clone();
        let jobs = records.histories.iter().chain(&records.jobs);
        let attempts = jobs.flat_map(|job| &job.attempts);
        let failures = attempts.filter_map(|attempt| attempt.failure.clone()).collect();
        Report {
            violations: std::mem::take(&mut state.watch.violations),
            calls: self.calls,
            summary: self.summary,
            failures,
            refusals: std::mem::take(&mut state.watch.refusals),
            was_interrupted: self.was_interrupted,
        }
    }
}

/// Labels, and where each rotation stands.
fn summary(records: &Records) -> String {
    let versions = records.secrets.iter().flat_map(|secret| secret.versions.iter());
    // A slot's token is derived from the time.
    let name = |token: &str| if token.starts_with('T') { token.to_owned() } else { "SLOT".to_owned() };
    let versions = versions.map(|version| match version.stages.join(",") {
        labels if labels.is_empty() => name(&version.id),
        labels => format!("{}:{labels}", name(&version.id)),
    });
    let jobs = records.histories.iter().chain(&records.jobs);
    let jobs = jobs.map(|job| format!("{}={}", name(&job.token), job.state.as_str()));
    let deleted =
        records.secrets.iter().filter(|secret| secret.deletion.is_some()).map(|_| "deleted".to_owned());
    versions.chain(jobs).chain(deleted).collect::<Vec<_>>().join(" ")
}

fn opened(image: SimImage, shared: bool) -> Arc<Disk> {
    let lagging = Mutex::new(image.clone());
    let store = SimStore::from_image(image);
    Arc::new(Disk { store: if shared { store.shared() } else { store }, lagging })
}

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
