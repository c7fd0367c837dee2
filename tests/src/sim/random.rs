//! Runs that a seed makes up: what people do, what goes wrong, when the process dies.

use keywheel_domain::rotation::Step;
use keywheel_domain::time::{HOUR_MS, SECOND_MS};
use keywheel_function_postgres::PostgresSingleUser;
use keywheel_sdk::Rotator;

use super::act::{Act, Policy};
use super::asking::Asking;
use super::database::Fault;
use super::invoke::{Failing, How};
use super::ports::{Death, Port, Trigger, When};
use super::run::run;
use super::scenario::{Ends, Plan, Report, Scenario};
use crate::entropy::SimEntropy;

/// Acts in one script, without those that let time pass and the worker work.
const ACTS_MAX: u64 = 6;
/// Calls of a life at which a process may die.
const CALLS_MAX: u64 = 220;
/// Calls of the database at which something may go wrong.
const DATABASE_CALLS_MAX: u64 = 24;
/// Tokens of rotations.
const TOKENS: [&str; 3] = ["T1", "T2", "T3"];
/// Tokens of other jobs; each is used for one purpose only.
const TESTS: [&str; 2] = ["T11", "T12"];
const VERIFICATIONS: [&str; 2] = ["T41", "T42"];
const RECONCILIATIONS: [&str; 2] = ["T51", "T52"];
const DRY_RUNS: [&str; 2] = ["T61", "T62"];
const ROLL_BACKS: [&str; 2] = ["T71", "T72"];
const PARTNERS: [&str; 2] = ["T81", "T82"];
const PASSWORDS: [&str; 2] = ["by-hand-1", "by-hand-2"];
const NAMES: [&str; 4] = ["ann", "bob", "cid", "root"];
const SCHEDULES: [Option<&str>; 3] = [None, Some("rate(4 hours)"), Some("rate(7 hours)")];
const TAGS: [(&str, &str); 4] = [
    ("keywheel:approve-before", "setSecret"),
    ("keywheel:approve-before", "createSecret finishSecret"),
    ("keywheel:approvals", "2"),
    ("keywheel:approve-before", "testSecret"),
];
const POLICIES: [Policy; 5] = [
    Policy { approve_before: &["setSecret", "finishSecret"], approvals: 2, ..Policy::READS_ADMIN },
    Policy { black: Some(("16:20", "19:00")), ..Policy::READS_ADMIN },
    Policy { catch_up: false, spread: Some(0), group: Some(("payments", 1)), ..Policy::READS_ADMIN },
    Policy { apart: Some(6), ..Policy::READS_ADMIN },
    Policy::READS_ADMIN,
];

/// A run of a seed.
#[derive(Debug)]
pub struct RandomRun {
    name: String,
    setup: Vec<Act>,
    script: Vec<Act>,
    interrupt: Option<(Trigger, Act)>,
    faults: Vec<(u32, Fault)>,
    failing: Vec<Failing>,
    /// Whether the function asks people itself.
    pub asks: bool,
    shared: bool,
    recovers: bool,
    plan: Plan,
}

impl RandomRun {
    /// Runs it.
    pub fn run(&self) -> Report {
        let rotator: &'static (dyn Rotator + Sync) = if self.asks { &Asking } else { &PostgresSingleUser };
        let scenario = Scenario {
            name: &self.name,
            setup: &self.setup,
            script: &self.script,
            interrupt: self.interrupt,
            faults: &self.faults,
            failing: &self.failing,
            told: &[],
            refusals: &[""],
            rotator,
            shared: self.shared,
            recovers: self.recovers,
        };
        run(&scenario, &self.plan, &Ends::default())
    }
}

/// The run of a seed.
pub fn random(seed: u64) -> RandomRun {
    let draw = Draw(SimEntropy::new(seed));
    let mut script = vec![Act::rotate(TOKENS[0])];
    for _ in 0..draw.below(ACTS_MAX) {
        script.push(draw.act());
        match draw.below(4) {
            0 => {}
            1 => script.push(Act::Pass(draw.pause())),
            _ => script.push(Act::Settle),
        }
    }
    script.push(Act::Settle);
    let mut setup =
        vec![Act::CreateAdmin, Act::Create, Act::CreatePartner, Act::PutPolicy(Policy::READS_ADMIN)];
    let has_other = draw.one_in(6);
    if has_other {
        setup.push(Act::CreateOther);
    }
    let shared = draw.one_in(5);
    let interrupt = draw.one_in(2).then(|| (draw.trigger(), draw.interruption(shared, has_other)));
    let deaths = (0..draw.below(4)).map(|_| draw.death()).collect();
    let acts = script.iter().chain(interrupt.as_ref().map(|(_, act)| act));
    // Somebody who changes the value or the target by hand has to put that right by hand.
    let is_by_hand =
        |act: &Act| matches!(act, Act::Put { .. } | Act::ChangeByHand { .. } | Act::RotateOther { .. });
    let recovers = !acts.into_iter().any(is_by_hand);
    let faults = (0..draw.below(3)).map(|_| draw.fault()).collect();
    let mut failing: Vec<Failing> = (0..draw.below(3)).map(|_| draw.failing()).collect();
    let is_rejected = |failing: &Failing| matches!(failing.how, How::Rejected(_));
    if failing.iter().any(is_rejected) {
        // What the target rejects it has never taken.
        failing.retain(|failing| is_rejected(failing) || failing.step != Step::SetSecret);
    }
    let plan = Plan { deaths, bug: None, seed: draw.0.number() };
    let name = format!("seed {seed}");
    RandomRun {
        asks: draw.one_in(5),
        name,
        setup,
        script,
        interrupt,
        faults,
        failing,
        shared,
        recovers,
        plan,
    }
}

/// Choices from a seed.
struct Draw(SimEntropy);

impl Draw {
    fn below(&self, count: u64) -> u64 {
        self.0.number() % count
    }

    fn one_in(&self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn of<T: Copy>(&self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    fn pause(&self) -> i64 {
        self.of(&[SECOND_MS, 5 * HOUR_MS, 26 * HOUR_MS, -HOUR_MS])
    }

    fn act(&self) -> Act {
        match self.below(22) {
            0..=2 => Act::Rotate { token: self.of(&TOKENS), now: true, every: self.of(&SCHEDULES) },
            3 => Act::Rotate { token: self.of(&TESTS), now: false, every: self.of(&SCHEDULES) },
            4 => Act::Verify(self.of(&VERIFICATIONS)),
            5 => Act::Reconcile(self.of(&RECONCILIATIONS)),
            6 => Act::DryRun(self.of(&DRY_RUNS)),
            7 if self.one_in(2) => {
                Act::RotatePartner { token: self.of(&PARTNERS), now: true, every: self.of(&SCHEDULES) }
            }
            7 => Act::RollBack,
            8 => Act::RollBackAs(self.of(&ROLL_BACKS)),
            9 => Act::Retry,
            10 | 11 => Act::Approve(self.of(&NAMES)),
            12 => Act::Reject(self.of(&NAMES)),
            13 => {
                let (key, value) = self.of(&TAGS);
                Act::Tag { key, value }
            }
            14 => Act::PutPolicy(self.of(&POLICIES)),
            15 => Act::Cancel,
            16 => Act::NewComponent,
            17 => self.of(&[
                Act::PutWebhook,
                Act::DeleteWebhook,
                Act::Endpoint(500),
                Act::Endpoint(200),
                Act::Endpoint(410),
            ]),
            18 => Act::Tell,
            19 => {
                self.of(&[Act::CreateApprover("ann"), Act::DeleteApprover("ann"), Act::CreateApprover("bob")])
            }
            20 => self.of(&[Act::Skip, Act::DeletePolicy]),
            _ => self.by_hand(),
        }
    }

    fn by_hand(&self) -> Act {
        match self.below(4) {
            0 => Act::Put { token: "T7", password: PASSWORDS[0] },
            1 => Act::Delete,
            2 => Act::Restore,
            _ => Act::ChangeByHand { password: PASSWORDS[1] },
        }
    }

    fn interruption(&self, shared: bool, has_other: bool) -> Act {
        match self.below(4) {
            0 if shared => self.of(&[Act::TakeOver, Act::Seize]),
            1 if has_other => Act::RotateOther { token: "T1" },
            _ => self.act(),
        }
    }

    fn step(&self) -> Step {
        self.of(&Step::ALL)
    }

    fn trigger(&self) -> Trigger {
        match self.below(4) {
            0 => Trigger::Port(Port::Invoke(self.step())),
            1 => Trigger::Port(Port::Return(self.step())),
            2 => Trigger::Restart,
            _ => Trigger::Call(self.below(CALLS_MAX)),
        }
    }

    fn death(&self) -> Death {
        Death { call: self.below(CALLS_MAX), when: self.of(&[When::Before, When::After]) }
    }

    fn fault(&self) -> (u32, Fault) {
        let call = u32::try_from(self.below(DATABASE_CALLS_MAX)).unwrap_or(0);
        let fault = match self.below(6) {
            0 => Fault::Refuse,
            1 => Fault::Deny,
            2 => Fault::LoseAnswer,
            3 => Fault::StaleLogins(9 * SECOND_MS),
            4 => Fault::Restart(4),
            _ => Fault::Revoke,
        };
        (call, fault)
    }

    fn failing(&self) -> Failing {
        let how = match self.below(3) {
            0 => How::Before,
            1 => How::Afterwards,
            _ => How::Rejected(TOKENS[0]),
        };
        let step = if matches!(how, How::Rejected(_)) { Step::SetSecret } else { self.step() };
        Failing { step, times: 1 + u32::try_from(self.below(8)).unwrap_or(0), how }
    }
}
