//! `rate(N hours)` and `rate(N days)`: plain arithmetic from the last rotation.

use super::{RATE_DAYS_MAX, RATE_HOURS_MIN, ScheduleError};
use crate::time::{DAY_MS, HOUR_MS, Timestamp};

/// A number of whole hours or days between two openings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rate {
    Hours(u32),
    Days(u32),
}

impl Rate {
    /// Reads what stands between the parentheses.
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let malformed = || ScheduleError::RateForm(text.to_owned());
        let mut words = text.split_ascii_whitespace();
        let (Some(number), Some(unit), None) = (words.next(), words.next(), words.next()) else {
            return Err(malformed());
        };
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed());
        }
        let out_of_range = || ScheduleError::RateRange(text.to_owned());
        let number: u32 = number.parse().map_err(|_| out_of_range())?;
        let (rate, allowed) = match unit {
            "hour" | "hours" => (Self::Hours(number), RATE_HOURS_MIN..=RATE_DAYS_MAX * 24),
            "day" | "days" => (Self::Days(number), 1..=RATE_DAYS_MAX),
            _ => return Err(malformed()),
        };
        if !allowed.contains(&number) {
            return Err(out_of_range());
        }
        Ok(rate)
    }

    /// The first opening strictly after `after` in the series that begins one step after `base`'s hour or
    /// day; `None` beyond the range of time.
    pub(super) fn next(self, after: Timestamp, base: Timestamp) -> Option<Timestamp> {
        let (unit, count) = match self {
            Self::Hours(count) => (HOUR_MS, count),
            Self::Days(count) => (DAY_MS, count),
        };
        let step = unit * i64::from(count.max(1));
        let start = base.millis().checked_sub(base.millis().rem_euclid(unit))?;
        // After a clock was set back, `base` may lie in the future: the series still begins behind it.
        let passed = after.millis().checked_sub(start)?.div_euclid(step).max(0);
        let opens = start.checked_add(passed.checked_add(1)?.checked_mul(step)?)?;
        Some(Timestamp::from_millis(opens))
    }
}
