//! When a secret is rotated: `rate()`, `cron()`, `AutomaticallyAfterDays`, and the window that they open.
//!
//! No time is read here. In UTC, what AWS Secrets Manager documents is kept to the letter; where its
//! documents are silent, these are the choices:
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
//! A secret may have another time zone. Then `cron()` and rates by the day are read on the wall clock of
//! that zone ([`Zone`] says what becomes of times that it shows twice or not at all), and their days end
//! at its midnight. Rates by the hour are time that passes, and the same everywhere.
//!
//! Deliberately absent: whether the secret is to be rotated at all, and what happens in a window.
//!
//! Calendars end with the year 2100, as the `cron` crate's do.

mod calendar;
mod error;
mod fields;
mod rate;
mod rules;
mod timetable;
mod zone;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::{SECOND_MS, Timestamp};

pub use error::ScheduleError;
pub use rules::{Rules, parse_duration};
pub use timetable::Timetable;
pub use zone::{Wall, ZONE_CHARS_MAX, Zone, ZoneError};

use calendar::Calendar;
use rate::Rate;

/// Most characters in a schedule expression.
pub const EXPRESSION_CHARS_MAX: usize = 256;
/// Least hours between two rotations.
pub const RATE_HOURS_MIN: u32 = 4;
/// Least hours between two of what changes nothing.
pub const FREQUENT_HOURS_MIN: u32 = 1;
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
        Self::read(expression, RATE_HOURS_MIN)
    }

    /// Reads an expression of what changes nothing: it may come as often as every hour.
    ///
    /// # Errors
    /// As [`Schedule::parse`].
    pub fn parse_frequent(expression: &str) -> Result<Self, ScheduleError> {
        Self::read(expression, FREQUENT_HOURS_MIN)
    }

    fn read(expression: &str, hours_min: u32) -> Result<Self, ScheduleError> {
        if expression.is_empty() || expression.chars().count() > EXPRESSION_CHARS_MAX {
            return Err(ScheduleError::ExpressionLength);
        }
        let inside =
            |name: &str| expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')').map(str::trim);
        let pattern = if let Some(rate) = inside("rate") {
            Pattern::Rate(Rate::parse(rate, hours_min)?)
        } else if let Some(fields) = inside("cron") {
            Pattern::Calendar(Box::new(Calendar::parse(fields, hours_min)?))
        } else {
            return Err(ScheduleError::ExpressionForm);
        };
        Ok(Self { source: expression.to_owned(), pattern })
    }

    /// When its windows are, in this zone.
    pub fn timetable(self, zone: Zone) -> Timetable {
        Timetable::new(self.pattern, None, zone)
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

/// The place of one secret among so many seconds in which rotations may begin.
///
/// `spread` is a hash of the secret's id (its first eight bytes count): the same secret keeps its place,
/// and many secrets with one schedule do not all start at once. The last quarter is left free, so that
/// a rotation that began can end inside; `seconds_max` leaves more free.
pub fn place(spread: &[u8], seconds: i64, seconds_max: Option<i64>) -> i64 {
    let number = spread.iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let seconds = seconds.max(0);
    let places = (seconds - seconds / 4).min(seconds_max.unwrap_or(i64::MAX));
    let places = u64::try_from(places).unwrap_or(0).max(1);
    i64::try_from(number % places).unwrap_or(0)
}

/// The moment in a window at which one secret's rotation begins: see [`place`].
pub fn start_within(window: Window, spread: &[u8]) -> Timestamp {
    let seconds = window.closes.millis_since(window.opens).max(0) / SECOND_MS;
    window.opens.plus_millis(place(spread, seconds, None) * SECOND_MS)
}

#[cfg(test)]
pub(crate) mod berlin;
#[cfg(test)]
mod oracle_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod zone_oracle_tests;
#[cfg(test)]
mod zone_tests;
