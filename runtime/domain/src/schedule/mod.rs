//! When a secret is rotated: `rate()`, `cron()`, `AutomaticallyAfterDays`, and the window that they open.
//!
//! All times are UTC, and none is read here. What AWS Secrets Manager documents is kept to the letter;
//! where its documents are silent, these are the choices:
//!
//! * `rate(N days)` and `AutomaticallyAfterDays` open at midnight, N days after the day of the last
//!   rotation; `rate(N hours)` opens at the top of an hour, N hours after the hour of the last rotation.
//!   A rate that missed windows goes on in the same rhythm. Without a last rotation it counts from now.
//! * A schedule by the hour (`rate(N hours)`, `cron()` with an increment of hours) has a window of one
//!   hour unless `Duration` says otherwise; the others have one until the end of their day.
//! * Increments of hours are at least 4. They begin anew each day, so that the step over midnight may be
//!   shorter; `Duration` must fit that one too.
//! * `L`, `SUNL` and `TUE#3` stand alone in their field. `L` as the day of week is Saturday.
//! * One rotation may come later than another of the same secret, but a window never opens at or before
//!   the moment asked about.
//!
//! Deliberately absent: whether the secret is to be rotated at all, and what happens in a window.
//!
//! Calendars end with the year 2100, as the `cron` crate's do.

mod calendar;
mod error;
mod fields;
mod rate;
mod rules;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::{DAY_MS, HOUR_MS, SECOND_MS, Timestamp};

pub use error::ScheduleError;
pub use rules::{Rules, parse_duration};

use calendar::Calendar;
use rate::Rate;

/// Most characters in a schedule expression.
pub const EXPRESSION_CHARS_MAX: usize = 256;
/// Least hours between two rotations.
pub const RATE_HOURS_MIN: u32 = 4;
/// Most days in a `rate()`.
pub const RATE_DAYS_MAX: u32 = 999;
/// Most days in `AutomaticallyAfterDays`.
pub const AFTER_DAYS_MAX: u32 = 1000;
/// Most hours in `Duration`, which has two digits.
pub const DURATION_HOURS_MAX: u32 = 99;

const DURATION_HOURS_DEFAULT: u32 = 1;
const HOURS_PER_DAY: u32 = 24;

/// A checked `rate()` or `cron()` expression. `Display` gives it back as it was written.
#[derive(Clone, Debug)]
pub struct Schedule {
    source: String,
    pattern: Pattern,
}

/// The time in which one rotation is to begin: from `opens` until before `closes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first moment.
    pub opens: Timestamp,
    /// The moment after the last.
    pub closes: Timestamp,
}

impl Schedule {
    /// Reads an expression.
    ///
    /// # Errors
    /// The expression is not one that the service takes, or it never fires.
    pub fn parse(expression: &str) -> Result<Self, ScheduleError> {
        if expression.is_empty() || expression.chars().count() > EXPRESSION_CHARS_MAX {
            return Err(ScheduleError::ExpressionLength);
        }
        let inside =
            |name: &str| expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')').map(str::trim);
        let pattern = if let Some(rate) = inside("rate") {
            Pattern::Rate(Rate::parse(rate)?)
        } else if let Some(fields) = inside("cron") {
            Pattern::Calendar(Box::new(Calendar::parse(fields)?))
        } else {
            return Err(ScheduleError::ExpressionForm);
        };
        Ok(Self { source: expression.to_owned(), pattern })
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// The rhythm behind an expression or a number of days.
#[derive(Clone, Debug)]
enum Pattern {
    Rate(Rate),
    Calendar(Box<Calendar>),
}

impl Pattern {
    /// When the first window strictly after `after` opens.
    fn opens_after(&self, after: Timestamp, last_rotated: Option<Timestamp>) -> Option<Timestamp> {
        match self {
            Self::Rate(rate) => rate.next(after, last_rotated.unwrap_or(after)),
            Self::Calendar(calendar) => calendar.next(after),
        }
    }

    /// The window that opens at `opens`.
    fn window(&self, opens: Timestamp, duration_hours: Option<u32>) -> Window {
        let closes = match duration_hours {
            None if !self.is_by_the_hour() => opens.start_of_day().plus_millis(DAY_MS),
            hours => opens.plus_millis(i64::from(hours.unwrap_or(DURATION_HOURS_DEFAULT)) * HOUR_MS),
        };
        Window { opens, closes }
    }

    /// The longest window that ends before the next begins and, for schedules by the day, with the day.
    fn duration_hours_max(&self) -> u32 {
        match self {
            Self::Rate(Rate::Hours(hours)) => *hours,
            Self::Rate(Rate::Days(_)) => HOURS_PER_DAY,
            Self::Calendar(calendar) => calendar.hours().gap_min(),
        }
    }

    fn is_by_the_hour(&self) -> bool {
        match self {
            Self::Rate(rate) => matches!(rate, Rate::Hours(_)),
            Self::Calendar(calendar) => calendar.hours().is_repeated(),
        }
    }
}

/// The moment in a window at which one secret's rotation begins.
///
/// `spread` is a hash of the secret's id (its first eight bytes count): the same secret keeps its place
/// in every window of one length, and many secrets with one schedule do not all start at once. The last
/// quarter of the window is left free, so that a rotation that began can end inside.
pub fn start_within(window: Window, spread: &[u8]) -> Timestamp {
    let number = spread.iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let seconds = window.closes.millis_since(window.opens).max(0) / SECOND_MS;
    let places = u64::try_from(seconds - seconds / 4).unwrap_or(0).max(1);
    let offset = i64::try_from(number % places).unwrap_or(0);
    window.opens.plus_millis(offset * SECOND_MS)
}

#[cfg(test)]
mod oracle_tests;
#[cfg(test)]
mod tests;
