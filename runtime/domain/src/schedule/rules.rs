//! The rotation rules of one secret.

use serde::{Deserialize, Serialize};

use super::rate::Rate;
use super::{
    AFTER_DAYS_MAX, DURATION_HOURS_MAX, HOURS_PER_DAY, Pattern, Schedule, ScheduleError, Timetable, Window,
    Zone,
};
use crate::time::Timestamp;

/// When a secret is rotated, as its owner said it: a number of days or an expression, not both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Days from one rotation to the next, 1 to [`AFTER_DAYS_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatically_after_days: Option<u32>,
    /// Length of the window in hours, 1 to [`DURATION_HOURS_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_hours: Option<u32>,
    /// `rate()` or `cron()`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_expression: Option<String>,
}

impl Rules {
    /// Whether the rules can be followed.
    ///
    /// # Errors
    /// Says which field is wrong and what to give.
    pub fn validate(&self) -> Result<(), ScheduleError> {
        let pattern = self.pattern()?;
        let Some(hours) = self.duration_hours else {
            return Ok(());
        };
        if !(1..=DURATION_HOURS_MAX).contains(&hours) {
            return Err(ScheduleError::DurationForm);
        }
        let hours_max = pattern.duration_hours_max();
        if hours <= hours_max {
            return Ok(());
        }
        Err(match pattern.is_by_the_hour() {
            true => ScheduleError::DurationOverlaps { hours, hours_max },
            false => ScheduleError::DurationPastDay { hours, opens_hour: HOURS_PER_DAY - hours_max },
        })
    }

    /// When the windows are, in this zone.
    ///
    /// # Errors
    /// The rules are not valid; of `Duration`, only [`Rules::validate`] says so.
    pub fn timetable(&self, zone: &Zone) -> Result<Timetable, ScheduleError> {
        Ok(Timetable::new(self.pattern()?, self.duration_hours, zone.clone()))
    }

    /// The first window that opens strictly after `after`.
    ///
    /// `last_rotated` is the last rotation, or the last change by hand, which counts as one for rates and
    /// numbers of days. `None` when the rules are not valid or the calendar has ended.
    pub fn next_window(
        &self,
        zone: &Zone,
        after: Timestamp,
        last_rotated: Option<Timestamp>,
    ) -> Option<Window> {
        self.timetable(zone).ok()?.next(after, last_rotated)
    }

    /// What a description shows as `AutomaticallyAfterDays` once the secret was rotated: the days until
    /// the next window, at least 1, computed from the expression where there is one.
    pub fn days_between(&self, zone: &Zone, rotated: Timestamp) -> Option<u32> {
        let opens = match self.pattern().ok()? {
            Pattern::Rate(Rate::Days(days)) => return Some(days),
            _ => self.timetable(zone).ok()?.opens(rotated, Some(rotated))?,
        };
        let days = zone.wall(opens).day() - zone.wall(rotated).day();
        u32::try_from(days.max(1)).ok()
    }

    fn pattern(&self) -> Result<Pattern, ScheduleError> {
        match (self.automatically_after_days, &self.schedule_expression) {
            (Some(_), Some(_)) => Err(ScheduleError::BothGiven),
            (None, None) => Err(ScheduleError::NoneGiven),
            (Some(days), None) if (1..=AFTER_DAYS_MAX).contains(&days) => Ok(Pattern::Rate(Rate::Days(days))),
            (Some(days), None) => Err(ScheduleError::AfterDays(days)),
            (None, Some(expression)) => Schedule::parse(expression).map(|schedule| schedule.pattern),
        }
    }
}

/// The hours of a `Duration` such as `3h`.
///
/// # Errors
/// [`ScheduleError::DurationForm`].
pub fn parse_duration(text: &str) -> Result<u32, ScheduleError> {
    let digits = text.strip_suffix('h').ok_or(ScheduleError::DurationForm)?;
    if digits.is_empty() || digits.len() > 2 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ScheduleError::DurationForm);
    }
    match digits.parse() {
        Ok(hours) if (1..=DURATION_HOURS_MAX).contains(&hours) => Ok(hours),
        _ => Err(ScheduleError::DurationForm),
    }
}
