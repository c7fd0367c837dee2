//! Schedules against an oracle that walks time day by day and hour by hour and knows nothing of the
//! `cron` crate or of `chrono`: it decides each hour from the meaning that the expression was made of.

use proptest::prelude::*;

use super::berlin::{Date, date};
use super::*;
use crate::time::{DAY_MS, HOUR_MS};

/// 2101-01-01 in days since the epoch.
const END_DAY: i64 = 47_847;
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

#[derive(Clone, Debug)]
enum Item {
    All,
    One(u32),
    Range(u32, u32),
    /// From a value, or the least one, on.
    Step(Option<u32>, u32),
    RangeStep(u32, u32, u32),
}

impl Item {
    fn has(&self, value: u32) -> bool {
        match *self {
            Self::All => true,
            Self::One(one) => value == one,
            Self::Range(from, to) => (from..=to).contains(&value),
            Self::Step(from, step) => {
                let from = from.unwrap_or(1);
                value >= from && (value - from).is_multiple_of(step)
            }
            Self::RangeStep(from, to, step) => {
                (from..=to).contains(&value) && (value - from).is_multiple_of(step)
            }
        }
    }

    fn text(&self, name: &impl Fn(u32) -> String) -> String {
        match *self {
            Self::All => "*".to_owned(),
            Self::One(one) => name(one),
            Self::Range(from, to) => format!("{}-{}", name(from), name(to)),
            Self::Step(Some(from), step) => format!("{}/{step}", name(from)),
            Self::Step(None, step) => format!("/{step}"),
            Self::RangeStep(from, to, step) => format!("{}-{}/{step}", name(from), name(to)),
        }
    }
}

fn items(max: u32) -> impl Strategy<Value = Vec<Item>> {
    let item = prop_oneof![
        Just(Item::All),
        (1..=max).prop_map(Item::One),
        (1..=max, 1..=max).prop_map(|(a, b)| Item::Range(a.min(b), a.max(b))),
        (prop::option::of(1..=max), 1..=max).prop_map(|(from, step)| Item::Step(from, step)),
        (1..=max, 1..=max, 1..=max).prop_map(|(a, b, step)| Item::RangeStep(a.min(b), a.max(b), step)),
    ];
    prop::collection::vec(item, 1..4)
}

fn list(items: &[Item], name: impl Fn(u32) -> String) -> String {
    items.iter().map(|item| item.text(&name)).collect::<Vec<_>>().join(",")
}

#[derive(Clone, Debug)]
enum Day {
    OfMonth(Vec<Item>),
    Last,
    LastNamed(u32),
    OfWeek(Vec<Item>),
    Saturday,
    LastWeekday(u32),
    Nth(u32, u32),
}

#[derive(Clone, Debug)]
pub(super) struct Meaning {
    hour: u32,
    step: Option<u32>,
    day: Day,
    months: Vec<Item>,
    /// Weekdays and months by name instead of number.
    named: bool,
}

impl Meaning {
    pub(super) fn has_day(&self, date: Date) -> bool {
        let day_fits = match &self.day {
            Day::OfMonth(items) => items.iter().any(|item| item.has(date.day)),
            Day::Last => date.day == date.month_days,
            Day::LastNamed(weekday) | Day::LastWeekday(weekday) => {
                date.weekday == *weekday && date.day > date.month_days - 7
            }
            Day::OfWeek(items) => items.iter().any(|item| item.has(date.weekday)),
            Day::Saturday => date.weekday == 7,
            Day::Nth(weekday, nth) => {
                date.weekday == *weekday && date.day > 7 * (nth - 1) && date.day <= 7 * nth
            }
        };
        day_fits && self.months.iter().any(|item| item.has(date.month))
    }

    pub(super) fn has_hour(&self, hour: u32) -> bool {
        match self.step {
            None => hour == self.hour,
            Some(step) => hour >= self.hour && (hour - self.hour).is_multiple_of(step),
        }
    }

    /// The first hour after `after`, walking.
    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let first = after.millis().div_euclid(DAY_MS).max(0);
        (first..END_DAY).filter(|day| self.has_day(date(*day))).find_map(|day| {
            (0..24)
                .filter(|hour| self.has_hour(*hour))
                .map(|hour| Timestamp::from_millis(day * DAY_MS + i64::from(hour) * HOUR_MS))
                .find(|opens| *opens > after)
        })
    }

    pub(super) fn text(&self) -> String {
        let name = |names: &'static [&'static str]| {
            move |value: u32| match self.named {
                true => names[value as usize - 1].to_owned(),
                false => value.to_string(),
            }
        };
        let weekday = name(&WEEKDAYS);
        let (of_month, of_week) = match &self.day {
            Day::OfMonth(items) => (list(items, |day| day.to_string()), "?".to_owned()),
            Day::Last => ("L".to_owned(), "?".to_owned()),
            Day::LastNamed(weekday) => (format!("{}L", WEEKDAYS[*weekday as usize - 1]), "?".to_owned()),
            Day::OfWeek(items) => ("?".to_owned(), list(items, weekday)),
            Day::Saturday => ("?".to_owned(), "L".to_owned()),
            Day::LastWeekday(day) => ("?".to_owned(), format!("{}L", weekday(*day))),
            Day::Nth(day, nth) => ("?".to_owned(), format!("{}#{nth}", weekday(*day))),
        };
        let hours = match self.step {
            None => self.hour.to_string(),
            Some(step) if self.hour == 0 && self.named => format!("/{step}"),
            Some(step) => format!("{}/{step}", self.hour),
        };
        format!("cron(0 {hours} {of_month} {} {of_week} *)", list(&self.months, name(&MONTHS)))
    }
}

pub(super) fn meanings() -> impl Strategy<Value = Meaning> {
    let day = prop_oneof![
        items(31).prop_map(Day::OfMonth),
        Just(Day::Last),
        (1..=7_u32).prop_map(Day::LastNamed),
        items(7).prop_map(Day::OfWeek),
        Just(Day::Saturday),
        (1..=7_u32).prop_map(Day::LastWeekday),
        (1..=7_u32, 1..=5_u32).prop_map(|(weekday, nth)| Day::Nth(weekday, nth)),
    ];
    (0..24_u32, prop::option::of(4..24_u32), day, items(12), any::<bool>())
        .prop_map(|(hour, step, day, months, named)| Meaning { hour, step, day, months, named })
}

fn moments() -> impl Strategy<Value = Timestamp> {
    // Any moment of the calendar, and whole hours and their neighbours more often than chance would.
    let hours = END_DAY * 24;
    prop_oneof![
        (0..END_DAY * DAY_MS).prop_map(Timestamp::from_millis),
        (0..hours, -1..=1_i64).prop_map(|(hour, shift)| Timestamp::from_millis(hour * HOUR_MS + shift)),
    ]
}

proptest! {
    #[test]
    fn calendars_open_when_the_oracle_says(
        meaning in meanings(), moments in prop::collection::vec(moments(), 1..4),
    ) {
        let rules = Rules { schedule_expression: Some(meaning.text()), ..Rules::default() };
        if meaning.next(Timestamp::default()).is_none() {
            prop_assert_eq!(rules.validate(), Err(ScheduleError::NeverFires));
            return Ok(());
        }
        prop_assert_eq!(rules.validate(), Ok(()));
        for after in moments {
            let opens = rules.next_window(&Zone::UTC, after, None).map(|window| window.opens);
            prop_assert_eq!(opens, meaning.next(after), "{} after {}", meaning.text(), after);
        }
    }

    #[test]
    fn windows_follow_each_other(
        meaning in meanings(), after in moments(), duration in prop::option::of(1..24_u32),
    ) {
        let rules = Rules {
            schedule_expression: Some(meaning.text()), duration_hours: duration, ..Rules::default()
        };
        prop_assume!(rules.validate().is_ok());
        let mut now = after;
        let mut closes = None;
        for _ in 0..20 {
            let Some(window) = rules.next_window(&Zone::UTC, now, None) else { break };
            prop_assert!(window.opens > now && window.closes > window.opens);
            let is_apart = closes.is_none_or(|closes| closes <= window.opens);
            prop_assert!(is_apart, "{} at {}", meaning.text(), window.opens);
            (now, closes) = (window.opens, Some(window.closes));
        }
    }

    #[test]
    fn rates_open_when_the_oracle_says(
        count in 4..300_u32, by_day in any::<bool>(), after in moments(), ago in -3_000..3_000_i64,
    ) {
        let (unit, name) = if by_day { (DAY_MS, "days") } else { (HOUR_MS, "hours") };
        let text = format!("rate({count} {name})");
        let rules = Rules { schedule_expression: Some(text), ..Rules::default() };
        let last = after.plus_millis(-ago * HOUR_MS).max(Timestamp::default());
        let mut opens = last.millis() / unit * unit;
        while opens <= after.millis().max(last.millis()) {
            opens += unit * i64::from(count);
        }
        let window = rules.next_window(&Zone::UTC, after, Some(last)).unwrap();
        prop_assert_eq!(window.opens.millis(), opens);
        if by_day {
            let days = Rules { automatically_after_days: Some(count), ..Rules::default() };
            prop_assert_eq!(days.next_window(&Zone::UTC, after, Some(last)), Some(window));
        }
    }

    #[test]
    fn a_later_question_never_gets_an_earlier_window(
        meaning in meanings(), count in 4..300_u32, one in moments(), other in moments(),
        last in prop::option::of(moments()),
    ) {
        let (earlier, later) = (one.min(other), one.max(other));
        for text in [meaning.text(), format!("rate({count} hours)"), format!("rate({count} days)")] {
            let rules = Rules { schedule_expression: Some(text), ..Rules::default() };
            prop_assume!(rules.validate().is_ok());
            let (first, second) = (rules.next_window(&Zone::UTC, earlier, last), rules.next_window(&Zone::UTC, later, last));
            if let (Some(first), Some(second)) = (first, second) {
                prop_assert!(first.opens > earlier && second.opens > later && first.opens <= second.opens);
            }
        }
    }
}
