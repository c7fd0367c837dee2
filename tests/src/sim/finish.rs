//! Once faults stop: people answer what they are asked and go on with what waits for them, and everything
//! must come to its end.

use std::sync::PoisonError;

use futures_util::FutureExt;
use keywheel::clock::Clock;
use keywheel_domain::rotation::{Job, State as JobState};
use keywheel_domain::secret::Secret;
use keywheel_domain::version::CURRENT;

use super::act::{Act, Policy};
use super::deliver::TAKEN;
use super::invoke::How;
use super::life::Life;
use super::ports::Interrupt;
use super::run::{RESTART_MS, Run, summary};
use super::watch::Rule;
use super::{ADMIN_SECRET, PEOPLE};

/// The token of the rotation that shows, after everything, that the secret still rotates.
const LAST: &str = "T9";
/// The token of the job that repairs a target that was changed by hand.
const REPAIR: &str = "T8";
/// Times that an operator asks for that rotation: the first may be refused while another is resumed.
const LAST_ASKED_MAX: usize = 3;
/// Requests for approval in a row that people answer.
const ANSWERS_MAX: usize = 12;
/// Times that a webhook waits before it is told again what it has not taken.
const TELLS_MAX: usize = 4;
/// Times that an operator goes on with a job that needs attention.
const RETRIES_MAX: usize = 2;

impl Run<'_> {
    /// Nothing goes wrong any more: everything must come to its end.
    pub(super) fn finish(&mut self, life: &Life) -> Option<()> {
        let left = {
            let mut state = self.world.state();
            state.database.heal();
            state.interrupt.take()
        };
        self.was_interrupted = left.is_none();
        // What the target's own policy rejects it goes on to reject.
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.retain(|failing| matches!(failing.how, How::Rejected(_)));
        drop(failing);
        if let Some(Interrupt { act, .. }) = left {
            life.act(act)?;
        }
        if !self.world.state().watch.records().kms_keys.is_empty() {
            life.act(Act::EnableKey)?;
        }
        life.act(Act::Settle)?;
        self.summary = summary(self.world.state().watch.records());
        let Some(secret) = life.secret().filter(|secret| secret.deletion.is_none()) else { return Some(()) };
        self.people_may_be_refused();
        self.resolve(life)?;
        let next = secret.rotation.as_ref().filter(|rotation| rotation.enabled && rotation.rules.is_some());
        if next.is_some_and(|rotation| rotation.next.is_none_or(|slot| slot.starts <= self.world.clock.now()))
        {
            self.world.violation(Rule::Ends, "the next slot is not set".to_owned());
        }
        let has_admin = self.world.state().watch.records().named(ADMIN_SECRET).is_some();
        if has_admin {
            self.repair(life)?;
        }
        if self.scenario.recovers || has_admin { self.rotate_again(life) } else { Some(()) }
    }

    /// The endpoint of the webhook is well again, and has all events after some time.
    pub(super) fn tell_the_rest(&self, life: &Life) -> Option<()> {
        self.world.state().endpoint.status = TAKEN;
        for _ in 0..TELLS_MAX {
            let Some(again) = life.tell()? else { break };
            self.world.clock.set(again.max(self.world.clock.now()));
        }
        self.world.state().check_told();
        Some(())
    }

    /// What people try from now on may be refused: somebody else may have been faster.
    fn people_may_be_refused(&self) {
        self.world.state().watch.refusals_expected.push("");
    }

    /// People go on with what waits for them, and where that is no use, give it up.
    fn resolve(&self, life: &Life) -> Option<()> {
        life.act(Act::Pass(RESTART_MS))?;
        self.answer(life)?;
        for _ in 0..RETRIES_MAX {
            if self.unfinished().is_none() {
                return Some(());
            }
            self.check_waits();
            life.act(Act::Retry)?;
            life.act(Act::Settle)?;
            self.answer(life)?;
        }
        let Some(job) = self.unfinished() else { return Some(()) };
        if self.scenario.recovers {
            self.world.violation(Rule::Ends, format!("the job {} does not end: {:?}", job.id, job.state));
        }
        for act in [Act::RollBack, Act::Cancel] {
            if self.unfinished().is_some() {
                life.act(act)?;
                life.act(Act::Settle)?;
                self.answer(life)?;
            }
        }
        if let Some(job) = self.unfinished() {
            self.world.violation(Rule::Ends, format!("the job {} cannot be ended: {:?}", job.id, job.state));
        }
        Some(())
    }

    /// The job of the secret.
    fn unfinished(&self) -> Option<Job> {
        let state = self.world.state();
        let records = state.watch.records();
        let secret = records.main()?;
        records.jobs.iter().find(|job| job.secret_arn == secret.arn).cloned()
    }

    /// What rests waits for people and for nothing else.
    fn check_waits(&self) {
        if let Some(job) = self.unfinished()
            && !matches!(job.state, JobState::NeedsAttention { .. })
        {
            self.world.violation(Rule::Ends, format!("the job {} is {}", job.id, job.state.as_str()));
        }
    }

    /// Everybody approves whatever is asked, and the worker goes on with it.
    fn answer(&self, life: &Life) -> Option<()> {
        for _ in 0..ANSWERS_MAX {
            let is_open = |job: &Job| job.open_request().is_some();
            if !self.unfinished().as_ref().is_some_and(is_open) {
                break;
            }
            for name in PEOPLE {
                if self.unfinished().as_ref().is_some_and(is_open) {
                    life.act(Act::Approve(name))?;
                }
            }
            life.act(Act::Settle)?;
        }
        Some(())
    }

    /// An operator makes the target take the current value, if it does not.
    fn repair(&self, life: &Life) -> Option<()> {
        if self.world.state().current_logs_in() {
            return Some(());
        }
        let reads_admin = |secret: &Secret| {
            secret.policy.as_ref().is_some_and(|policy| !policy.readable_secret_ids.is_empty())
        };
        if !life.secret().as_ref().is_some_and(reads_admin) {
            // Without its policy the function may not read the admin's secret that it repairs by.
            life.act(Act::PutPolicy(Policy::READS_ADMIN))?;
        }
        if life.secret().is_some_and(|secret| secret.versions.unfinished().is_some()) {
            // A value that a cancelled rotation left pending may be the one that the target knows.
            life.act(Act::RollBack)?;
            life.act(Act::Settle)?;
            self.answer(life)?;
        }
        if !self.world.state().current_logs_in() {
            life.act(Act::Reconcile(REPAIR))?;
            life.act(Act::Settle)?;
            self.answer(life)?;
        }
        if !self.world.state().current_logs_in() {
            let what = "the target does not take the current value, and cannot be repaired".to_owned();
            self.world.violation(Rule::Ends, what);
        }
        Some(())
    }

    fn rotate(&self, life: &Life, token: &str) -> Option<()> {
        life.rotate_by(token).now_or_never()?;
        life.act(Act::Settle)?;
        self.answer(life)
    }

    fn rotate_again(&self, life: &Life) -> Option<()> {
        let end = {
            let mut state = self.world.state();
            format!("{} {}", summary(state.watch.records()), state.current_logs_in())
        };
        if !self.ends.is_new(end) {
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
}
