//! Why a policy is refused: each text names the member and what to give instead.

use super::{APPROVALS_MAX, BlackoutError, GROUP_CHARS_MAX};
use crate::schedule::{ScheduleError, ZoneError};

/// Why a policy is refused; `InvalidParameterException` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No such time zone.
    #[error(transparent)]
    Zone(#[from] ZoneError),
    /// An entry cannot be read.
    #[error("Blackouts: entry {number}: {why}")]
    Blackout {
        /// From 1.
        number: usize,
        /// What is wrong with it.
        why: BlackoutError,
    },
    /// All hours of the week are black.
    #[error("Blackouts: the hours of all entries together cover the whole week: leave some out")]
    AlwaysBlack,
    /// No window of the schedule has an allowed moment.
    #[error(
        "Blackouts: no window of the rotation schedule has an allowed moment within two years; the nearest \
         to its next window is {nearest}: let a window hold it, or take it out of a blackout"
    )]
    NoStart {
        /// The nearest allowed moment, in the policy's zone.
        nearest: String,
    },
    /// The name of a group has other characters.
    #[error(
        "Group.Name: give 1 to {GROUP_CHARS_MAX} letters, digits, `-`, `_`, `.` or `/`, such as `payments-db`"
    )]
    GroupName,
    /// No secrets to be apart from.
    #[error("Apart.SecretIds is empty: name at least one secret, or leave Apart out")]
    ApartEmpty,
    /// One secret twice, or the secret itself.
    #[error("{member}: `{given}` is the secret itself or is named twice: leave it out")]
    Repeated {
        /// Which list.
        member: &'static str,
        /// What was given.
        given: String,
    },
    /// A secret that is not there.
    #[error("{member}: there is no secret `{given}` in this account and region, or it is being deleted")]
    UnknownSecret {
        /// Which list.
        member: &'static str,
        /// What was given.
        given: String,
    },
    /// One of the two would never find a moment.
    #[error(
        "Apart.Hours: `{frequent}` rotates so often that the other of the two would never rotate: {}",
        nearest_apart(*hours_max)
    )]
    ApartNever {
        /// The name of the secret that rotates often.
        frequent: String,
        /// The most hours that leave room; 0 when none do.
        hours_max: u32,
    },
    /// Others keep it apart from too many.
    #[error("Apart.SecretIds: too many policies keep `{given}` apart from others: name another secret")]
    ApartCrowded {
        /// What was given.
        given: String,
    },
    /// Not a step.
    #[error(
        "Approvals.Before: `{0}` is not a step: give createSecret, setSecret, testSecret or finishSecret"
    )]
    Step(String),
    /// A step twice.
    #[error("Approvals.Before: `{0}` is named twice: name each step once")]
    StepTwice(&'static str),
    /// No step.
    #[error("Approvals.Before is empty: name at least one step, or leave Approvals out")]
    NoStep,
    /// Not a pattern of IAM ARNs.
    #[error(
        "Approvals.Approvers: `{given}` is not the ARN of a user, a role or the root of this account: give one \
         such as `arn:aws:iam::{account}:user/*`"
    )]
    Approver {
        /// What was given.
        given: String,
        /// The secret's account.
        account: String,
    },
    /// An approver twice.
    #[error("Approvals.Approvers: `{0}` is named twice, and can approve once only: name each once")]
    ApproverTwice(String),
    /// More approvals than people.
    #[error(
        "Approvals.Count is `{count}`, but Approvers name {named} only: give at most {named}, or name more, or \
         use `*`"
    )]
    TooFewApprovers {
        /// How many have to agree.
        count: u32,
        /// How many can.
        named: usize,
    },
    /// More approvals than there may be.
    #[error("Approvals.Count: give 1 to {APPROVALS_MAX}")]
    Count,
    /// The schedule of verifications cannot be read. The sentences of schedules begin with the member's
    /// name without its first word.
    #[error("Verify{0}")]
    Verify(ScheduleError),
}

fn nearest_apart(hours_max: u32) -> String {
    match hours_max {
        0 => "leave Apart out, or let it rotate less often".to_owned(),
        hours => format!("give at most {hours}, or let it rotate less often"),
    }
}
