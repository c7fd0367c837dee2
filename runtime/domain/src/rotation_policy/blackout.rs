//! When nothing starts: dates, or hours of each week.

use std::fmt;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::BLACKOUT_DAYS_MAX;
use crate::schedule::Wall;

/// Minutes in a day.
const DAY_MINUTES: u32 = 24 * 60;
/// Days in a week.
const WEEK_DAYS: i64 = 7;
/// The years that a calendar here has.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2100;
/// Characters of a wrong date or time that a refusal repeats.
const CHARS_SHOWN: usize = 20;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weekday {
    /// `SUN`.
    Sunday,
    /// `MON`.
    Monday,
    /// `TUE`.
    Tuesday,
    /// `WED`.
    Wednesday,
    /// `THU`.
    Thursday,
    /// `FRI`.
    Friday,
    /// `SAT`.
    Saturday,
}

impl Weekday {
    /// All seven, from Sunday as in `cron()`, with their names.
    const ALL: [(Self, &'static str); 7] = [
        (Self::Sunday, "SUN"),
        (Self::Monday, "MON"),
        (Self::Tuesday, "TUE"),
        (Self::Wednesday, "WED"),
        (Self::Thursday, "THU"),
        (Self::Friday, "FRI"),
        (Self::Saturday, "SAT"),
    ];

    /// That of a day since 1970-01-01, which was a Thursday.
    fn of_day(day: i64) -> Self {
        let index = usize::try_from((day + 4).rem_euclid(WEEK_DAYS)).unwrap_or(0);
        Self::ALL[index].0
    }

    const fn as_str(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(day, _)| day)
    }
}

/// One entry of `Blackouts`, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BlackoutText", into = "BlackoutText")]
pub enum Blackout {
    /// Whole days, the first and the last included.
    Dates {
        /// The first.
        from: NaiveDate,
        /// The last.
        until: NaiveDate,
    },
    /// Hours of some days of each week.
    Hours {
        /// The days on which it begins; empty for every day.
        days: Vec<Weekday>,
        /// In minutes after midnight.
        from: u32,
        /// In minutes after midnight; of the next day when it is not behind `from`.
        until: u32,
    },
}

/// One entry of `Blackouts` as the wire and the store spell it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BlackoutText {
    /// `SUN` to `SAT`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<String>,
    /// A date or a time.
    pub from: String,
    /// A date or a time.
    pub until: String,
}

/// Why an entry of `Blackouts` is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlackoutError {
    /// Not a date.
    #[error("`{0}` is not a date: give one of 1970 to 2100 such as `2026-12-20`")]
    Date(String),
    /// Not a time.
    #[error("`{0}` is not a time: give one such as `16:00`, at most `24:00` in Until and `23:59` in From")]
    Time(String),
    /// A date ends before it begins.
    #[error("Until, the last day, is before From: give `{from}` or later")]
    Reversed {
        /// The first day.
        from: NaiveDate,
    },
    /// More days than one entry may have.
    #[error("more than {BLACKOUT_DAYS_MAX} days: give at most `{until_max}` as Until")]
    Long {
        /// The last day that could be given.
        until_max: NaiveDate,
    },
    /// From and Until are one time.
    #[error("From and Until are the same time: give `00:00` and `24:00` for whole days")]
    Empty,
    /// Days of the week with dates.
    #[error("Days go with times, not with dates: give times in From and Until, or leave Days out")]
    DaysOfDates,
    /// Not a day of the week.
    #[error("`{0}` is not a day: give SUN, MON, TUE, WED, THU, FRI or SAT")]
    Day(String),
}

impl Blackout {
    /// When it ends, on the wall, if it is black when the wall shows this.
    pub(super) fn ends(&self, wall: Wall) -> Option<Wall> {
        match self {
            Self::Dates { from, until } => {
                let ends = Wall::of_day(day_of(*until) + 1, 0);
                (Wall::of_day(day_of(*from), 0) <= wall && wall < ends).then_some(ends)
            }
            Self::Hours { .. } => {
                // What began yesterday may go on.
                let spans = [wall.day() - 1, wall.day()].into_iter().filter_map(|day| self.span(day));
                spans.filter(|(begins, ends)| *begins <= wall && wall < *ends).map(|(_, ends)| ends).max()
            }
        }
    }

    /// When it begins next, on the wall, after the wall showed this.
    pub(super) fn begins_after(&self, wall: Wall) -> Option<Wall> {
        match self {
            Self::Dates { from, .. } => Some(Wall::of_day(day_of(*from), 0)).filter(|begins| *begins > wall),
            Self::Hours { .. } => {
                let days = wall.day()..=wall.day() + WEEK_DAYS;
                let mut begins = days.filter_map(|day| self.span(day)).map(|(begins, _)| begins);
                begins.find(|begins| *begins > wall)
            }
        }
    }

    /// The day after its last, when there is one.
    pub(super) fn last_ends(&self) -> Option<Wall> {
        match self {
            Self::Dates { until, .. } => Some(Wall::of_day(day_of(*until) + 1, 0)),
            Self::Hours { .. } => None,
        }
    }

    /// Hours that begin on this day.
    fn span(&self, day: i64) -> Option<(Wall, Wall)> {
        let Self::Hours { days, from, until } = self else { return None };
        if !days.is_empty() && !days.contains(&Weekday::of_day(day)) {
            return None;
        }
        let over_midnight = if until > from { 0 } else { DAY_MINUTES };
        Some((Wall::of_day(day, i64::from(*from)), Wall::of_day(day, i64::from(until + over_midnight))))
    }
}

impl TryFrom<BlackoutText> for Blackout {
    type Error = BlackoutError;

    fn try_from(text: BlackoutText) -> Result<Self, BlackoutError> {
        if text.from.contains('-') || text.until.contains('-') {
            return dates(&text);
        }
        let (from, until) = (minutes(&text.from, DAY_MINUTES - 1)?, minutes(&text.until, DAY_MINUTES)?);
        if from == until {
            return Err(BlackoutError::Empty);
        }
        let day = |name: &String| Weekday::parse(name).ok_or_else(|| BlackoutError::Day(shown(name)));
        let mut days = text.days.iter().map(day).collect::<Result<Vec<_>, _>>()?;
        days.sort_unstable();
        days.dedup();
        Ok(Self::Hours { days, from, until })
    }
}

impl From<Blackout> for BlackoutText {
    fn from(blackout: Blackout) -> Self {
        match blackout {
            Blackout::Dates { from, until } => {
                Self { days: Vec::new(), from: from.to_string(), until: until.to_string() }
            }
            Blackout::Hours { days, from, until } => {
                let clock = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
                let days = days.into_iter().map(|day| day.to_string()).collect();
                Self { days, from: clock(from), until: clock(until) }
            }
        }
    }
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn dates(text: &BlackoutText) -> Result<Blackout, BlackoutError> {
    if !text.days.is_empty() {
        return Err(BlackoutError::DaysOfDates);
    }
    let (from, until) = (date(&text.from)?, date(&text.until)?);
    if until < from {
        return Err(BlackoutError::Reversed { from });
    }
    let until_max = from + Days::new(BLACKOUT_DAYS_MAX.unsigned_abs() - 1);
    if until > until_max {
        return Err(BlackoutError::Long { until_max });
    }
    Ok(Blackout::Dates { from, until })
}

fn date(text: &str) -> Result<NaiveDate, BlackoutError> {
    use chrono::Datelike as _;
    let parsed = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    // The parser also takes `2026-1-2`, which would be given back in another spelling.
    let parsed = parsed.filter(|date| date.to_string() == text && YEARS.contains(&date.year()));
    parsed.ok_or_else(|| BlackoutError::Date(shown(text)))
}

/// `HH:MM` in minutes after midnight.
fn minutes(text: &str, max: u32) -> Result<u32, BlackoutError> {
    let two = |text: &str| {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { text.parse::<u32>().ok() } else { None }
    };
    let parsed = text.split_once(':').and_then(|(hour, minute)| Some((two(hour)?, two(minute)?)));
    let parsed = parsed.filter(|(_, minute)| *minute < 60).map(|(hour, minute)| hour * 60 + minute);
    parsed.filter(|minutes| *minutes <= max).ok_or_else(|| BlackoutError::Time(shown(text)))
}

fn day_of(date: NaiveDate) -> i64 {
    date.signed_duration_since(NaiveDate::default()).num_days()
}

fn shown(text: &str) -> String {
    text.chars().take(CHARS_SHOWN).collect()
}
