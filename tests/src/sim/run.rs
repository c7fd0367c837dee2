//! Runs a scenario under a plan, from the first life to the last.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use keywheel_domain::rotation::Purpose;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use super::database::Database;
use super::invoke::Failing;
use super::life::{Life, Parts};
use super::ports::{Death, Interrupt, Port, World};
use super::records::Records;
use super::scenario::{Ends, Plan, Report, Scenario};
use super::store::Disk;
use super::watch::Rule;
use super::{OTHER, PARTNER, SECRET};
use crate::store::{SimImage, SimStore};

/// How long a process takes to start again, in milliseconds.
pub(super) const RESTART_MS: i64 = 2_000;

/// Runs a scenario under a plan.
pub fn run(scenario: &Scenario<'_>, plan: &Plan, ends: &Ends) -> Report {
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

pub(super) struct Run<'a> {
    pub(super) scenario: &'a Scenario<'a>,
    plan: &'a Plan,
    pub(super) ends: &'a Ends,
    pub(super) world: Arc<World>,
    disk: Arc<Disk>,
    pub(super) failing: Arc<Mutex<Vec<Failing>>>,
    calls: Vec<Vec<Port>>,
    pub(super) was_interrupted: bool,
    pub(super) summary: String,
}

impl<'a> Run<'a> {
    fn new(scenario: &'a Scenario<'a>, plan: &'a Plan, ends: &'a Ends) -> Self {
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
            let refusals = self.scenario.told.iter().chain(self.scenario.refusals);
            state.watch.refusals_expected = refusals.copied().collect();
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
            self.disk = opened(self.disk.durable(), self.scenario.shared);
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
        self.finish(life)?;
        self.tell_the_rest(life)
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
            transitions: std::mem::take(&mut state.watch.transitions),
            events: std::mem::take(&mut state.watch.events),
        }
    }
}

/// Labels, and where each job stands.
pub(super) fn summary(records: &Records) -> String {
    // A slot's token is derived from the time.
    let name = |token: &str| if token.starts_with('T') { token.to_owned() } else { "SLOT".to_owned() };
    let shown = [SECRET, OTHER, PARTNER];
    let of_role = records.secrets.iter().filter(|secret| shown.contains(&secret.name.as_str()));
    let versions = of_role.clone().flat_map(|secret| {
        let prefix = match secret.name.as_str() {
            OTHER => "too/",
            PARTNER => "partner/",
            _ => "",
        };
        secret.versions.iter().map(move |version| match version.stages.join(",") {
            labels if labels.is_empty() => format!("{prefix}{}", name(&version.id)),
            labels => format!("{prefix}{}:{labels}", name(&version.id)),
        })
    });
    let jobs = records.histories.iter().chain(&records.jobs).map(|job| {
        let purpose = match job.purpose {
            Purpose::Rotate | Purpose::Test => String::new(),
            purpose => format!("{} ", purpose.as_str()),
        };
        format!("{purpose}{}={}", name(&job.id), job.state.as_str())
    });
    let drifted = of_role.clone().filter(|secret| secret.drifted.is_some()).map(|_| "drifted".to_owned());
    let deleted = of_role.clone().filter(|secret| secret.deletion.is_some()).map(|_| "deleted".to_owned());
    let webhooks = records.webhooks.iter().map(|webhook| {
        let state = match webhook.failures {
            _ if !webhook.enabled => "Disabled",
            0 => "Told",
            _ => "Failing",
        };
        format!("{}={state}", webhook.name)
    });
    let users = records.users.iter().map(|user| format!("user/{}", user.name));
    versions
        .chain(jobs)
        .chain(drifted)
        .chain(deleted)
        .chain(webhooks)
        .chain(users)
        .collect::<Vec<_>>()
        .join(" ")
}

fn opened(image: SimImage, shared: bool) -> Arc<Disk> {
    let store = SimStore::from_image(image);
    Arc::new(Disk::new(if shared { store.shared() } else { store }))
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
