//! `cron()`: the `cron` crate walks the calendar, a filter adds what it does not know (`L`, `#`).

use chrono::{DateTime, Datelike, Days as DaySpan, Utc};

use super::fields::{DayRule, Days, Hours, months};
use super::{ScheduleError, Wall};
use crate::time::SECOND_MS;

/// How many dates the filter may refuse in a row. The rarest, a fifth weekday in February at several
/// hours, comes after some hundred.
const CANDIDATES_MAX: usize = 2_000;
/// 2101-01-01T00:00:00, where the crate's calendar ends.
const END: Wall = Wall::from_millis(4_133_980_800_000);

const MINUTES_FIX: &str = "give `0`: windows open at the top of an hour";
const YEAR_FIX: &str = "give `*`";

/// The dates and hours of a `cron()` expression.
#[derive(Clone, Debug)]
pub(super) struct Calendar {
    cron: cron::Schedule,
    hours: Hours,
    rule: DayRule,
}

impl Calendar {
    /// Reads what stands between the parentheses; an increment is of at least `hours_min` hours.
    pub(super) fn parse(text: &str, hours_min: u32) -> Result<Self, ScheduleError> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let &[minutes, hours, day_of_month, month, day_of_week, year] = fields.as_slice() else {
            return Err(ScheduleError::CronFields(fields.len()));
        };
        if minutes != "0" {
            let given = minutes.to_owned();
            return Err(ScheduleError::CronField { field: "minutes", given, fix: MINUTES_FIX });
        }
        if year != "*" {
            let given = year.to_owned();
            return Err(ScheduleError::CronField { field: "year", given, fix: YEAR_FIX });
        }
        let hours = Hours::parse(hours, hours_min)?;
        let days = Days::parse(day_of_month, day_of_week)?;
        let month = months(month)?;
        let normal = format!("0 0 {} {} {month} {}", hours.normal(), days.day_of_month, days.day_of_week);
        let cron = normal.parse().map_err(|_| ScheduleError::ExpressionForm)?;
        let calendar = Self { cron, hours, rule: days.rule };
        match calendar.next(Wall::default()) {
            Some(_) => Ok(calendar),
            None => Err(ScheduleError::NeverFires),
        }
    }

    pub(super) const fn hours(&self) -> Hours {
        self.hours
    }

    /// The first opening strictly after `after`; `None` when the calendar ends before. The crate is told
    /// wall time as if it were UTC: what the zone makes of it is not its business.
    pub(super) fn next(&self, after: Wall) -> Option<Wall> {
        if after >= END {
            return None;
        }
        // The crate knows no year before 1970 and counts in whole seconds.
        let after = DateTime::from_timestamp(after.millis().max(-SECOND_MS).div_euclid(SECOND_MS), 0)?;
        let opens = self.cron.after(&after).take(CANDIDATES_MAX).find(|date| self.rule.allows(date))?;
        Some(Wall::from_millis(opens.timestamp_millis()))
    }
}

impl DayRule {
    fn allows(self, date: &DateTime<Utc>) -> bool {
        let is_in_another_month = |days: u64| {
            date.checked_add_days(DaySpan::new(days)).is_none_or(|later| later.month() != date.month())
        };
        match self {
            Self::Any => true,
            Self::LastDay => is_in_another_month(1),
            Self::LastOfWeekday => is_in_another_month(7),
            Self::NthOfWeekday(occurrence) => date.day0() / 7 + 1 == occurrence,
        }
    }
}
