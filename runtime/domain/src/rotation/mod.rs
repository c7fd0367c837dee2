//! One rotation as a stored record: [`next`] says what to do, [`apply`] what an outcome changes in the
//! job, [`settle`] what that changes in its secret, [`gate`] what must happen before a step may run.
//!
//! Nothing about a rotation lives in memory, so going on after a crash is the ordinary path. A step
//! is committed as started before the function is called, and its outcome before the next step.
//! A step may run any number of times under one token; this module never assumes that it ran once.

mod apply;
mod approval;
mod cause;
mod gate;
mod job;
mod outcome;
mod person;
mod purpose;
mod settle;
mod state;
mod step;

pub use self::apply::{apply, next};
pub use self::approval::{Answer, Approval, ApprovalError, ApprovalRequest, AskedBy, Expiry};
pub use self::cause::{Cause, SCHEDULER, copy_token, slot_token};
pub use self::gate::{Gate, gate};
pub use self::job::{Attempt, Job, Probe};
pub use self::outcome::{Action, FailureKind, Outcome, Ran};
pub use self::person::Person;
pub use self::purpose::Purpose;
pub use self::settle::settle;
pub use self::state::{End, Lease, State};
pub use self::step::Step;

use crate::time::{MINUTE_MS, SECOND_MS};

/// First wait after a failure of a step; doubles with each further one.
pub const BACK_OFF_FIRST_MS: i64 = 10 * SECOND_MS;
/// Longest wait after a failure.
pub const BACK_OFF_MAX_MS: i64 = 5 * MINUTE_MS;
/// Failures in one rotation after which a person is needed, unless a policy says otherwise.
pub const FAILURES_MAX: u32 = 8;
/// Refusals in a row after which a target is believed not to take the current value: drift. A single one
/// may be a login cache that is behind; these take 30 s at least.
pub const DRIFT_REFUSALS: u32 = 3;
/// The same before a pending value is given up that `setSecret` may have set, which cannot be taken back:
/// these take 150 s at least.
pub const PROBE_REFUSALS: u32 = 5;
/// Attempts that a job remembers; the oldest go first.
pub const ATTEMPTS_REMEMBERED: usize = 64;
/// Bytes of a failure's sentence that are kept.
pub const MESSAGE_BYTES_MAX: usize = 2_048;

#[cfg(test)]
mod tests;
