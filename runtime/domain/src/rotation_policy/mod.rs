//! What AWS cannot say about how a secret rotates: `Keywheel.PutRotationPolicy` sets it.
//!
//! The policy is a part of the secret's record, in the shape that the wire shows. It says when a
//! scheduled rotation may start (time zone, blackouts, spread, pairs that are kept apart, catch-up), who
//! has to agree to it, how often it may fail, and when to look for drift. The schedule itself stays in
//! the rotation rules.
//!
//! * A blackout by dates is black from the first to the last of them, both included: whoever meant
//!   `Until` the other way loses a day of rotations, not a day of rest. One by hours ends with the
//!   minute before `Until`. Both go by the wall clock of the policy's zone, UTC when it names none; an
//!   hour that clocks show twice is black both times.
//! * The start is spread over those parts of a window that are not black, except for their last quarter.
//!   A window without such a part is left out. When a slot is due in a blackout it waits for its end.
//! * Pairs are kept apart both ways, whichever of the two has the policy. Only what the schedule starts is
//!   put off: going on with an unfinished rotation is not, nor is what a person asks for.
//! * With tags instead of a policy, a tag that cannot be read means: approval before every step.
//!
//! Deliberately absent: enforcing a group's concurrency (the worker does) and asking for approvals (the
//! job does).

mod approvals;
mod blackout;
mod decision;
mod draft;
mod error;
mod free;
mod next_slot;
mod plan;

use serde::{Deserialize, Serialize};

use crate::rotation::FAILURES_MAX;
use crate::schedule::Zone;
use crate::time::{DAY_MS, Timestamp};

pub use self::approvals::{APPROVALS_TAG, APPROVE_BEFORE_TAG, ApprovalRules, approval_rules};
pub use self::blackout::{Blackout, BlackoutError, BlackoutText, Weekday};
pub use self::decision::{Decision, Hindrance, Partner, decide};
pub use self::draft::{ApprovalDraft, PolicyDraft};
pub use self::error::PolicyError;
pub use self::plan::{PREVIEW_SLOTS, Plan};

/// Blackouts in a policy.
pub const BLACKOUTS_MAX: usize = 64;
/// Days in one blackout by dates.
pub const BLACKOUT_DAYS_MAX: i64 = 366;
/// Most minutes that the start is spread over: the longest window.
pub const SPREAD_MINUTES_MAX: u32 = 99 * 60;
/// Characters in the name of a group.
pub const GROUP_CHARS_MAX: usize = 64;
/// Rotations of one group at once.
pub const GROUP_CONCURRENT_MAX: u32 = 1_000;
/// Secrets that one is kept apart from by its own policy.
pub const APART_SECRETS_MAX: usize = 8;
/// Policies of others that keep a secret apart from theirs.
pub const KEPT_APART_MAX: usize = 32;
/// Most hours that two are kept apart: 30 days.
pub const APART_HOURS_MAX: u32 = 720;
/// Most failures of a rotation before it needs attention.
pub const ATTEMPTS_MAX: u32 = 64;
/// Most approvals for one step.
pub const APPROVALS_MAX: u32 = 10;
/// Patterns of those who may approve.
pub const APPROVERS_MAX: usize = 32;
/// Characters in a pattern of those who may approve.
pub const APPROVER_CHARS_MAX: usize = 256;
/// Hours after which a request for approval expires, where nothing says it.
pub const EXPIRES_AFTER_HOURS: u32 = 24;
/// Most hours after which a request for approval expires: 30 days.
pub const EXPIRES_AFTER_HOURS_MAX: u32 = 720;
/// Other secrets that a rotation function may read.
pub const READABLE_SECRETS_MAX: usize = 8;
/// How far behind the first window a start is looked for before a policy is refused: two years.
pub const HORIZON_MS: i64 = 731 * DAY_MS;

/// How a secret rotates, beyond its rotation rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotationPolicy {
    /// The zone of the schedule and of the blackouts; UTC when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Zone>,
    /// When nothing starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blackouts: Vec<Blackout>,
    /// How much of the window the start is spread over; all of it when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread_minutes: Option<u32>,
    /// Rotations with which it shares a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// What must not rotate at about the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<Apart>,
    /// Whether a slot whose window has passed runs at once.
    #[serde(default = "catches_up")]
    pub catch_up: bool,
    /// Failures in one rotation after which a person is needed.
    #[serde(default = "attempts")]
    pub max_attempts: u32,
    /// Who has to agree to what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<ApprovalRules>,
    /// When to see whether the current value still logs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_schedule_expression: Option<String>,
    /// Full ARNs of the other secrets that the function may read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readable_secret_ids: Vec<String>,
}

/// Rotations that share a bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Group {
    /// The same in each policy of the group.
    pub name: String,
    /// How many rotate at once.
    pub max_concurrent: u32,
}

/// Secrets that are kept apart from one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Apart {
    /// Full ARNs.
    pub secret_ids: Vec<String>,
    /// Between the end of one's rotation and the start of the other's.
    pub hours: u32,
}

/// Another secret's policy keeps this one apart from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptApart {
    /// Whose policy says it.
    pub secret_arn: String,
    /// Between the end of one's rotation and the start of the other's.
    pub hours: u32,
}

/// Nothing but the defaults.
impl Default for RotationPolicy {
    fn default() -> Self {
        Self {
            time_zone: None,
            blackouts: Vec::new(),
            spread_minutes: None,
            group: None,
            apart: None,
            catch_up: catches_up(),
            max_attempts: attempts(),
            approvals: None,
            verify_schedule_expression: None,
            readable_secret_ids: Vec::new(),
        }
    }
}

impl RotationPolicy {
    /// The zone of the schedule and of the blackouts.
    pub fn zone(&self) -> Zone {
        self.time_zone.clone().unwrap_or(Zone::UTC)
    }
}

/// When the blackout ends that goes on at `now`, if one does. One that never ends, which no policy is
/// taken with, is said to end after [`HORIZON_MS`].
pub fn is_black(policy: &RotationPolicy, now: Timestamp) -> Option<Timestamp> {
    if policy.blackouts.is_empty() {
        return None;
    }
    let free = free::free_from(&policy.blackouts, &policy.zone(), now);
    let free = free.unwrap_or(now.plus_millis(HORIZON_MS));
    (free > now).then_some(free)
}

const fn catches_up() -> bool {
    true
}

const fn attempts() -> u32 {
    FAILURES_MAX
}

#[cfg(test)]
mod decision_tests;
#[cfg(test)]
mod draft_tests;
#[cfg(test)]
mod oracle_tests;
#[cfg(test)]
mod slot_tests;
