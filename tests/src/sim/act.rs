//! What operators do, and the passing of time.

use futures_util::FutureExt;
use keywheel::clock::Clock;
use keywheel::ops::{Caller, Principal};
use keywheel_domain::api::{
    ApiError, CancelRotateSecretRequest, CreateSecretRequest, DeleteSecretRequest, PutSecretValueRequest,
    RestoreSecretRequest, RotateSecretRequest, RotationRules, SecretValue,
};
use keywheel_domain::secret::Secret;
use keywheel_domain::time::Timestamp;

use super::guest::WALL_MS_MAX;
use super::life::Life;
use super::ports::Port;
use super::watch::Rule;
use super::{ACCOUNT, FIRST, FIRST_PASSWORD, FUNCTION_ARN, REGION, ROLE, SECRET};

/// Rounds of work, each up to the next moment when something is due, after which a job must rest.
const ROUNDS_MAX: usize = 64;
/// Longer than any lease, in milliseconds.
const LEASE_OVER_MS: i64 = 2 * WALL_MS_MAX;

/// One line of a scenario's script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// CreateSecret, with the password that the database has.
    Create,
    /// RotateSecret.
    Rotate {
        /// Its token.
        token: &'static str,
        /// `RotateImmediately`.
        now: bool,
        /// The schedule expression, if the request has one.
        every: Option<&'static str>,
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
    /// So many milliseconds pass.
    Pass(i64),
    /// The worker works until no job waits for a time.
    Settle,
    /// Every lease runs out, and the second worker does what is due.
    TakeOver,
    /// Every lease runs out, and the second worker takes what is due and hangs.
    Seize,
}

/// RotateSecret at once.
impl Act {
    /// RotateSecret at once, without a schedule.
    pub const fn rotate(token: &'static str) -> Self {
        Self::Rotate { token, now: true, every: None }
    }
}

/// The value of the secret with this password.
pub(super) fn value(password: &str) -> SecretValue {
    let text = format!(
        r#"{{"engine":"postgres","host":"db","port":5432,"username":"{ROLE}","password":"{password}","team":"blue"}}"#
    );
    SecretValue::Text(text.into())
}

fn operator() -> Caller {
    Caller {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        principal: Principal::Root { access_key_id: "AKIASIMULATED".to_owned() },
    }
}

impl Life {
    /// Acts. `None`: the process died before there was an answer.
    pub(super) fn act(&self, act: Act) -> Option<()> {
        match act {
            Act::Pass(millis) => self.world.clock.advance(millis),
            Act::Settle => return self.settle(),
            Act::TakeOver => return self.take_over(false),
            Act::Seize => return self.take_over(true),
            Act::ChangeByHand { password } => {
                return self.world.call(Port::ByHand, || {
                    let mut state = self.world.state();
                    state.watch.by_hand(password);
                    state.database.change_by_hand(password);
                    state.check_access();
                });
            }
            _ => {
                self.world.state().watch.asked(act);
                let answer = self.ask(act).now_or_never()?;
                self.world.state().answered(act, answer);
            }
        }
        Some(())
    }

    async fn ask(&self, act: Act) -> Result<(), ApiError> {
        let (ops, caller, secret_id) = (&self.ops, operator(), SECRET.to_owned());
        match act {
            Act::Create => {
                let request = CreateSecretRequest {
                    name: secret_id,
                    client_request_token: Some(FIRST.to_owned()),
                    description: None,
                    kms_key_id: None,
                    value: Some(value(FIRST_PASSWORD)),
                    tags: Vec::new(),
                    add_replica_regions: false,
                };
                ops.create_secret(&caller, request).await.map(drop)
            }
            Act::Rotate { token, now, every } => {
                let request = RotateSecretRequest {
                    secret_id,
                    client_request_token: Some(token.to_owned()),
                    rotation_lambda_arn: Some(FUNCTION_ARN.to_owned()),
                    rotation_rules: every.map(|every| RotationRules {
                        schedule_expression: Some(every.to_owned()),
                        ..RotationRules::default()
                    }),
                    rotate_immediately: now,
                };
                ops.rotate_secret(&caller, request).await.map(drop)
            }
            Act::Put { token, password } => {
                let request = PutSecretValueRequest {
                    secret_id,
                    client_request_token: Some(token.to_owned()),
                    value: Some(value(password)),
                    version_stages: None,
                    rotation_token: None,
                };
                ops.put_secret_value(&caller, request).await.map(drop)
            }
            Act::Cancel => {
                ops.cancel_rotate_secret(&caller, CancelRotateSecretRequest { secret_id }).await.map(drop)
            }
            Act::Delete => {
                let request = DeleteSecretRequest {
                    secret_id,
                    recovery_window_in_days: Some(7),
                    force_delete_without_recovery: false,
                };
                ops.delete_secret(&caller, request).await.map(drop)
            }
            Act::Restore => ops.restore_secret(&caller, RestoreSecretRequest { secret_id }).await.map(drop),
            Act::Pass(_) | Act::Settle | Act::TakeOver | Act::Seize | Act::ChangeByHand { .. } => Ok(()),
        }
    }

    /// Works until no job waits for a time. A schedule may be due later.
    fn settle(&self) -> Option<()> {
        for _ in 0..ROUNDS_MAX {
            let worked = self.worker.tick().now_or_never()?;
            if let Err(error) = worked {
                self.world.violation(Rule::Answer, format!("the worker: {error}"));
                return Some(());
            }
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
        state.watch.records().jobs.iter().find_map(keywheel_domain::rotation::Job::due)
    }

    fn take_over(&self, hangs: bool) -> Option<()> {
        let second = self.second.as_ref().expect("only where the store is open to several processes");
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

    /// RotateSecret without other settings than the stored ones. A refusal is not looked at.
    pub(super) async fn rotate_by(&self, token: &str) {
        let request = RotateSecretRequest {
            secret_id: SECRET.to_owned(),
            client_request_token: Some(token.to_owned()),
            rotation_lambda_arn: Some(FUNCTION_ARN.to_owned()),
            rotation_rules: None,
            rotate_immediately: true,
        };
        self.world.state().watch.may_rotate();
        let answer = self.ops.rotate_secret(&operator(), request).await;
        if let Err(error) = answer {
            self.world.state().watch.refusals.push(error.to_string());
        }
    }

    /// The record of the secret, if there is one.
    pub(super) fn secret(&self) -> Option<Secret> {
        self.world.state().watch.records().secrets.first().cloned()
    }
}
