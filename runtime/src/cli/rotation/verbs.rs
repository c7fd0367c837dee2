//! `keywheel rotation retry`, `cancel`, `roll-back`, `skip`, `verify`, `reconcile` and `dry-run`.

use keywheel_domain::rotation::Purpose;
use keywheel_domain::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::super::Failure;
use super::super::session::Session;
use super::super::table::plain;
use super::preview::Slot;
use super::wait::{self, Goal};
use super::{SecretArguments, VerbArguments};

/// What acts on a job, and is answered with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Retry,
    RollBack,
    Verify,
    Reconcile,
    DryRun,
}

impl Verb {
    const fn target(self) -> &'static str {
        match self {
            Self::Retry => "Keywheel.RetryRotation",
            Self::RollBack => "Keywheel.RollBackRotation",
            Self::Verify => "Keywheel.VerifySecret",
            Self::Reconcile => "Keywheel.ReconcileSecret",
            Self::DryRun => "Keywheel.DryRunRotation",
        }
    }

    /// Whether it begins a job of its own, which a token names.
    const fn begins(self) -> bool {
        matches!(self, Self::Verify | Self::Reconcile | Self::DryRun)
    }

    /// What the job is meant to come to that it acts on.
    fn goal(self, job: &Job) -> Goal {
        match self {
            Self::RollBack => Goal::RolledBack,
            Self::Retry if job.purpose == Purpose::RollBack.as_str() => Goal::RolledBack,
            Self::Retry | Self::Verify | Self::Reconcile | Self::DryRun => Goal::Succeeded,
        }
    }
}

/// The job that a verb acts on.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Job {
    name: String,
    client_request_token: String,
    purpose: String,
    state: String,
    step: String,
}

pub(super) async fn run(session: &mut Session, verb: Verb, arguments: VerbArguments) -> Result<(), Failure> {
    let token = verb.begins().then(|| session.client.token());
    let members = json!({ "SecretId": arguments.secret, "ClientRequestToken": token });
    let answer = session.client.call(verb.target(), &members).await?;
    let job: Job = answer.read()?;
    if !session.json {
        session.say(&tell(&job))?;
    } else if !arguments.wait {
        session.say(answer.text()?)?;
    }
    if arguments.wait {
        wait::follow(session, &arguments.secret, &job.client_request_token, verb.goal(&job)).await?;
    }
    Ok(())
}

fn tell(job: &Job) -> String {
    let Job { name, client_request_token, purpose, state, step } = job;
    plain(&format!("{name}: {purpose} {client_request_token} is {state} at {step}"))
}

/// CancelRotateSecret's answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Cancelled {
    name: String,
    version_id: Option<String>,
}

pub(super) async fn cancel(session: &mut Session, arguments: SecretArguments) -> Result<(), Failure> {
    let members = json!({ "SecretId": arguments.secret });
    let tell = |cancelled: &Cancelled, _: Timestamp| {
        let name = &cancelled.name;
        plain(&match &cancelled.version_id {
            None => format!("{name}: no rotation runs, and none is scheduled"),
            Some(version) => format!(
                "{name}: no rotation runs, and none is scheduled; the target may know version {version}, which stays \
                 pending until it is rotated again or rolled back"
            ),
        })
    };
    session.show("secretsmanager.CancelRotateSecret", members, tell).await
}

/// SkipRotation's answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Skipped {
    name: String,
    skipped: Slot,
    next: Option<Slot>,
}

pub(super) async fn skip(session: &mut Session, arguments: SecretArguments) -> Result<(), Failure> {
    let members = json!({ "SecretId": arguments.secret });
    let tell = |answer: &Skipped, now: Timestamp| {
        let next = answer.next.as_ref().map_or_else(
            || "no other is scheduled".to_owned(),
            |next| format!("the next starts {}", next.starts.beside(now)),
        );
        plain(&format!("{}: skipped that of {}; {next}", answer.name, answer.skipped.starts.utc()))
    };
    session.show("Keywheel.SkipRotation", members, tell).await
}
