//! What people do, and the passing of time.

use futures_util::FutureExt;
use keywheel::clock::Clock;
use keywheel_domain::rotation::State as JobState;
use keywheel_domain::time::Timestamp;

use super::invoke::WALL_MS_MAX;
use super::life::Life;
use super::ports::Port;
use super::watch::Rule;

/// Rounds of work, each up to the next moment when something is due, after which a job must rest.
const ROUNDS_MAX: usize = 64;
/// Longer than any lease, in milliseconds.
const LEASE_OVER_MS: i64 = 2 * WALL_MS_MAX;

/// One line of a scenario's script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// CreateSecret, with the password that the database has. It names the admin's secret, if there is one.
    Create,
    /// CreateSecret, for a user who may change the password of any other.
    CreateAdmin,
    /// CreateSecret, for the same role once more.
    CreateOther,
    /// RotateSecret.
    Rotate {
        /// Its token.
        token: &'static str,
        /// `RotateImmediately`.
        now: bool,
        /// The schedule expression, if the request has one.
        every: Option<&'static str>,
    },
    /// RotateSecret of the other secret, which is carried out at once, as far as it goes without a wait.
    RotateOther {
        /// Its token.
        token: &'static str,
    },
    /// PutSecretValue, as `AWSCURRENT`.
    Put {
        /// Its token.
        token: &'static str,
        /// The password.
        password: &'static str,
    },
    /// An operator changes the password in the database.
    ChangeByHand {
        /// The password.
        password: &'static str,
    },
    /// CancelRotateSecret.
    Cancel,
    /// DeleteSecret, with a recovery window.
    Delete,
    /// RestoreSecret.
    Restore,
    /// VerifySecret, under this token.
    Verify(&'static str),
    /// ReconcileSecret, under this token.
    Reconcile(&'static str),
    /// DryRunRotation, under this token.
    DryRun(&'static str),
    /// RollBackRotation.
    RollBack,
    /// The same, under this token.
    RollBackAs(&'static str),
    /// RetryRotation.
    Retry,
    /// This person approves what was asked last.
    Approve(&'static str),
    /// This person rejects what was asked last.
    Reject(&'static str),
    /// TagResource.
    Tag {
        /// The key.
        key: &'static str,
        /// The value.
        value: &'static str,
    },
    /// PutRotationPolicy.
    PutPolicy(Policy),
    /// DeleteRotationPolicy.
    DeletePolicy,
    /// SkipRotation.
    Skip,
    /// CreateSecret, for the other role.
    CreatePartner,
    /// RotateSecret of the partner.
    RotatePartner {
        /// Its token.
        token: &'static str,
        /// `RotateImmediately`.
        now: bool,
        /// The schedule expression, if the request has one.
        every: Option<&'static str>,
    },
    /// CreateApprover, of this name.
    CreateApprover(&'static str),
    /// DeleteApprover, of this name.
    DeleteApprover(&'static str),
    /// PutWebhook, for all events, with a new signing secret.
    PutWebhook,
    /// DeleteWebhook.
    DeleteWebhook,
    /// CreateKey.
    CreateKey,
    /// UpdateSecret, which has every version sealed by that key.
    UseKey,
    /// DisableKey: nothing that it sealed can be read.
    DisableKey,
    /// EnableKey.
    EnableKey,
    /// RotateKeyOnDemand: from now on it seals with new material.
    RotateKey,
    /// From now on the webhook's endpoint answers with this status.
    Endpoint(u16),
    /// The webhook is told what is due.
    Tell,
    /// Another component is installed under the function's name.
    NewComponent,
    /// So many milliseconds pass.
    Pass(i64),
    /// The worker does what is due.
    Work,
    /// The worker works until no job waits for a time. Nobody waits for people here.
    Settle,
    /// Every lease runs out, and the second worker does what is due.
    TakeOver,
    /// Every lease runs out, and the second worker takes what is due and hangs.
    Seize,
}

impl Act {
    /// RotateSecret at once, without a schedule.
    pub const fn rotate(token: &'static str) -> Self {
        Self::Rotate { token, now: true, every: None }
    }
}

/// A rotation policy, as far as the simulation uses one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Steps before which people are asked.
    pub approve_before: &'static [&'static str],
    /// How many have to agree.
    pub approvals: u32,
    /// Names of the users who may; everyone when empty.
    pub approvers: &'static [&'static str],
    /// Hours of each day in which nothing starts.
    pub black: Option<(&'static str, &'static str)>,
    /// Failures in one job after which a person is needed.
    pub attempts: u32,
    /// The function may read the admin's secret.
    pub reads_admin: bool,
    /// Hours that the secret is kept apart from the partner.
    pub apart: Option<u32>,
    /// A slot that has passed runs late.
    pub catch_up: bool,
    /// A concurrency group, and how many of it may rotate at once.
    pub group: Option<(&'static str, u32)>,
    /// Minutes of a window over which starts are spread.
    pub spread: Option<u32>,
}

impl Policy {
    /// One that changes nothing but that the function may read the admin's secret.
    pub const READS_ADMIN: Self = Self {
        approve_before: &[],
        approvals: 1,
        approvers: &[],
        black: None,
        attempts: 8,
        reads_admin: true,
        apart: None,
        catch_up: true,
        group: None,
        spread: None,
    };
    /// One that changes nothing.
    pub const NONE: Self = Self { reads_admin: false, ..Self::READS_ADMIN };
}

impl Life {
    /// Acts. `None`: the process died before there was an answer.
    pub(super) fn act(&self, act: Act) -> Option<()> {
        match act {
            Act::Pass(millis) => self.world.clock.advance(millis),
            Act::Work => return self.worked(),
            Act::Settle => return self.settle(),
            Act::TakeOver => return self.take_over(false),
            Act::Seize => return self.take_over(true),
            Act::Endpoint(status) => self.world.state().endpoint.status = status,
            Act::Tell => return self.tell().map(drop),
            Act::NewComponent => self.world.state().digest = "native-2",
            Act::ChangeByHand { password } => {
                return self.world.call(Port::ByHand, || {
                    let mut state = self.world.state();
                    state.watch.by_hand(password);
                    state.database.change_by_hand(password);
                    state.check_access();
                });
            }
            Act::RotateOther { .. } => {
                self.asked(act)?;
                return self.worked();
            }
            _ => return self.asked(act),
        }
        Some(())
    }

    fn asked(&self, act: Act) -> Option<()> {
        self.world.state().watch.asked(act);
        let request = self.world.state().watch.last_request().to_owned();
        let answer = self.ask(act, &request).now_or_never()?;
        self.world.state().answered(act, &request, answer);
        Some(())
    }

    /// Does what is due.
    fn worked(&self) -> Option<()> {
        if let Err(error) = self.worker.tick().now_or_never()? {
            self.world.violation(Rule::Answer, format!("the worker: {error}"));
        }
        Some(())
    }

    /// Tells the webhook what is due; returns when it is tried again, if it is.
    pub(super) fn tell(&self) -> Option<Option<Timestamp>> {
        match self.webhooks.tick().now_or_never()? {
            Ok(again) => Some(again),
            Err(error) => {
                self.world.violation(Rule::Answer, format!("the webhooks: {error}"));
                Some(None)
            }
        }
    }

    /// Works until no job waits for a time. A schedule may be due later.
    fn settle(&self) -> Option<()> {
        for _ in 0..ROUNDS_MAX {
            self.worked()?;
            let Some(due) = self.job_due() else { return Some(()) };
            if due > self.world.clock.now() {
                self.world.clock.set(due);
            }
        }
        self.world.violation(Rule::Ends, format!("after {ROUNDS_MAX} rounds a job still waits for a time"));
        Some(())
    }

    fn job_due(&self) -> Option<Timestamp> {
        let state = self.world.state();
        let jobs = state.watch.records().jobs.iter();
        let timed = jobs.filter(|job| !matches!(job.state, JobState::WaitingApproval { .. }));
        timed.filter_map(keywheel_domain::rotation::Job::due).min()
    }

    fn take_over(&self, hangs: bool) -> Option<()> {
        // In a store that one process has for itself there is nobody else.
        let Some(second) = self.second.as_ref() else { return Some(()) };
        self.world.clock.advance(LEASE_OVER_MS);
        self.world.state().second_worker_hangs = hangs;
        match second.tick().now_or_never() {
            Some(Err(error)) => self.world.violation(Rule::Answer, format!("the second worker: {error}")),
            None if self.world.is_dead() => return None,
            // It hangs, as it was told to.
            None | Some(Ok(_)) => {}
        }
        Some(())
    }
}
