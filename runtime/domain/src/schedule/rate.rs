//! `rate(N hours)` and `rate(N days)`: plain arithmetic from the last rotation.

use super::{RATE_DAYS_MAX, ScheduleError};
use crate::time::{DAY_MS, HOUR_MS};

/// A number of whole hours or days between two openings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rate {
    Hours(u32),
    Days(u32),
}

impl Rate {
    /// Reads what stands between the parentheses; a rate is of at least `hours_min` hours.
    pub(super) fn parse(text: &str, hours_min: u32) -> Result<Self, ScheduleError> {
        let malformed = || ScheduleError::RateForm(text.to_owned());
        let mut words = text.split_ascii_whitespace();
        let (Some(number), Some(unit), None) = (words.next(), words.next(), words.next()) else {
            return Err(malformed());
        };
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed());
        }
        let out_of_range = || ScheduleError::RateRange { given: text.to_owned(), hours_min };
        let number: u32 = number.parse().map_err(|_| out_of_range())?;
        let (rate, allowed) = match unit {
            "hour" | "hours" => (Self::Hours(number), hours_min..=RATE_DAYS_MAX * 24),
            "day" | "days" => (Self::Days(number), 1..=RATE_DAYS_MAX),
            _ => return Err(malformed()),
        };
        if !allowed.contains(&number) {
            return Err(out_of_range());
        }
        Ok(rate)
    }

    /// The first opening strictly after `after` in the series that begins one step after `base`'s hour or
    /// day; `None` beyond the range of time. All three are milliseconds on one line: of the wall clock
    /// for days, of UTC for hours.
    pub(super) fn next(self, after: i64, base: i64) -> Option<i64> {
        let (unit, count) = match self {
            Self::Hours(count) => (HOUR_MS, count),
            Self::Days(count) => (DAY_MS, count),
        };
        let step = unit * i64::from(count.max(1));
        let start = base.checked_sub(base.rem_euclid(unit))?;
        // After a clock was set back, `base` may lie in the future: the series still begins behind it.
        let passed = after.checked_sub(start)?.div_euclid(step).max(0);
        start.checked_add(passed.checked_add(1)?.checked_mul(step)?)
    }
}
