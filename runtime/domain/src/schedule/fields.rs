//! The fields of `cron()`: the service's own grammar, which is narrower than that of the `cron` crate
//! in hours and wider in days. What leaves here is in numbers and in the crate's spelling.

use super::{HOURS_PER_DAY, RATE_HOURS_MIN, ScheduleError};

const HOURS_FIX: &str = "give 0-23, or an increment of 4 to 23 hours such as `/8` or `2/10`";
const HOURS_FIX_FREQUENT: &str = "give 0-23, or an increment of 1 to 23 hours such as `/2` or `1/3`";
const DAY_OF_MONTH_FIX: &str = "give days 1-31 with `,` `-` `*` `/`, or `L`, or a weekday and `L` such as \
                                `SUNL`, or `?`; `W` is not supported";
const MONTH_FIX: &str = "give months 1-12 or JAN-DEC with `,` `-` `*` `/`";
const DAY_OF_WEEK_FIX: &str = "give days 1-7 or SUN-SAT with `,` `-` `*` `/`, or one weekday with `L` or `#` \
                               such as `FRIL` or `TUE#3`, or `?`";

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// The number of Saturday.
const SATURDAY: u32 = 7;
/// A weekday comes five times in a month at most.
const OCCURRENCES_MAX: u32 = 5;

/// A field that takes lists, ranges and increments.
struct ListField {
    name: &'static str,
    min: u32,
    max: u32,
    /// Names of the values from 1 on.
    names: &'static [&'static str],
    fix: &'static str,
}

const DAY_OF_MONTH: ListField =
    ListField { name: "day-of-month", min: 1, max: 31, names: &[], fix: DAY_OF_MONTH_FIX };
const MONTH: ListField = ListField { name: "month", min: 1, max: 12, names: &MONTHS, fix: MONTH_FIX };
const DAY_OF_WEEK: ListField =
    ListField { name: "day-of-week", min: 1, max: 7, names: &WEEKDAYS, fix: DAY_OF_WEEK_FIX };

/// The hours at which windows open: one, or one and each `step` after it until the day ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hours {
    pub(super) first: u32,
    step: Option<u32>,
}

impl Hours {
    pub(super) fn parse(text: &str, hours_min: u32) -> Result<Self, ScheduleError> {
        let fix = if hours_min == RATE_HOURS_MIN { HOURS_FIX } else { HOURS_FIX_FREQUENT };
        let refused = || ScheduleError::CronField { field: "hours", given: text.to_owned(), fix };
        let (first, step) = match text.split_once('/') {
            None => (text, None),
            Some((first, step)) => {
                let step = number(step).filter(|step| (hours_min..HOURS_PER_DAY).contains(step));
                (if first.is_empty() { "0" } else { first }, Some(step.ok_or_else(refused)?))
            }
        };
        let first = number(first).filter(|hour| *hour < HOURS_PER_DAY).ok_or_else(refused)?;
        Ok(Self { first, step })
    }

    /// In the `cron` crate's spelling.
    pub(super) fn normal(self) -> String {
        match self.step {
            None => self.first.to_string(),
            Some(step) => format!("{}/{step}", self.first),
        }
    }

    pub(super) const fn is_repeated(self) -> bool {
        self.step.is_some()
    }

    /// The shortest time between two openings, when every day has them; for a single hour, the time
    /// until the end of the day.
    pub(super) fn gap_min(self) -> u32 {
        let Some(step) = self.step else {
            return HOURS_PER_DAY - self.first;
        };
        let repeats = (HOURS_PER_DAY - 1 - self.first) / step;
        let over_midnight = HOURS_PER_DAY - repeats * step;
        if repeats == 0 { over_midnight } else { over_midnight.min(step) }
    }
}

/// What the `cron` crate cannot say of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DayRule {
    /// Nothing: the crate's two fields say it all.
    Any,
    /// The last day of the month.
    LastDay,
    /// The last of its weekday in the month.
    LastOfWeekday,
    /// The n-th of its weekday in the month, from 1.
    NthOfWeekday(u32),
}

/// Both day fields in the crate's spelling, and what must be filtered afterwards.
#[derive(Debug)]
pub(super) struct Days {
    pub(super) day_of_month: String,
    pub(super) day_of_week: String,
    pub(super) rule: DayRule,
}

impl Days {
    pub(super) fn parse(day_of_month: &str, day_of_week: &str) -> Result<Self, ScheduleError> {
        match (day_of_month, day_of_week) {
            ("?", "?") => Err(ScheduleError::CronDays),
            (_, "?") => Self::of_month(day_of_month),
            ("?", _) => Self::of_week(day_of_week),
            _ => Err(ScheduleError::CronDays),
        }
    }

    fn of_month(text: &str) -> Result<Self, ScheduleError> {
        if text.eq_ignore_ascii_case("L") {
            // The last day is one of these, whatever the month.
            return Ok(Self {
                day_of_month: "28-31".into(),
                day_of_week: "*".into(),
                rule: DayRule::LastDay,
            });
        }
        let weekday = without_last_mark(text).and_then(|name| position(&WEEKDAYS, name));
        if let Some(weekday) = weekday {
            return Ok(Self::of_weekday(weekday, DayRule::LastOfWeekday));
        }
        let day_of_month = DAY_OF_MONTH.normal(text)?;
        Ok(Self { day_of_month, day_of_week: "*".into(), rule: DayRule::Any })
    }

    fn of_week(text: &str) -> Result<Self, ScheduleError> {
        if text.eq_ignore_ascii_case("L") {
            return Ok(Self::of_weekday(SATURDAY, DayRule::Any));
        }
        if let Some((weekday, occurrence)) = text.split_once('#') {
            let weekday = DAY_OF_WEEK.value(weekday).ok_or_else(|| DAY_OF_WEEK.refused(text))?;
            let occurrence = number(occurrence)
                .filter(|count| (1..=OCCURRENCES_MAX).contains(count))
                .ok_or_else(|| DAY_OF_WEEK.refused(text))?;
            return Ok(Self::of_weekday(weekday, DayRule::NthOfWeekday(occurrence)));
        }
        if let Some(weekday) = without_last_mark(text).and_then(|weekday| DAY_OF_WEEK.value(weekday)) {
            return Ok(Self::of_weekday(weekday, DayRule::LastOfWeekday));
        }
        let day_of_week = DAY_OF_WEEK.normal(text)?;
        Ok(Self { day_of_month: "*".into(), day_of_week, rule: DayRule::Any })
    }

    fn of_weekday(weekday: u32, rule: DayRule) -> Self {
        Self { day_of_month: "*".into(), day_of_week: weekday.to_string(), rule }
    }
}

/// The month field in the crate's spelling.
pub(super) fn months(text: &str) -> Result<String, ScheduleError> {
    MONTH.normal(text)
}

impl ListField {
    fn refused(&self, given: &str) -> ScheduleError {
        ScheduleError::CronField { field: self.name, given: given.to_owned(), fix: self.fix }
    }

    fn normal(&self, text: &str) -> Result<String, ScheduleError> {
        let items: Option<Vec<String>> = text.split(',').map(|item| self.item(item)).collect();
        items.map(|items| items.join(",")).ok_or_else(|| self.refused(text))
    }

    /// One item of a list: `*`, a value, a range, and each of them with an increment; `/n` is `*/n`.
    fn item(&self, item: &str) -> Option<String> {
        let Some((base, step)) = item.split_once('/') else {
            return self.base(item);
        };
        let base = if base.is_empty() { "*".to_owned() } else { self.base(base)? };
        let step = number(step).filter(|step| (1..=self.max).contains(step))?;
        Some(format!("{base}/{step}"))
    }

    fn base(&self, base: &str) -> Option<String> {
        if base == "*" {
            return Some(base.to_owned());
        }
        let Some((from, to)) = base.split_once('-') else {
            return self.value(base).map(|value| value.to_string());
        };
        let (from, to) = (self.value(from)?, self.value(to)?);
        (from <= to).then(|| format!("{from}-{to}"))
    }

    fn value(&self, text: &str) -> Option<u32> {
        number(text)
            .filter(|value| (self.min..=self.max).contains(value))
            .or_else(|| position(self.names, text))
    }
}

/// One or two digits.
fn number(text: &str) -> Option<u32> {
    let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// A name's place, from 1, in any case.
fn position(names: &[&str], name: &str) -> Option<u32> {
    let index = names.iter().position(|known| known.eq_ignore_ascii_case(name))?;
    u32::try_from(index + 1).ok()
}

fn without_last_mark(text: &str) -> Option<&str> {
    text.strip_suffix(['L', 'l'])
}
