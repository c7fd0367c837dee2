//! Schedules in Berlin against an oracle that walks minute by minute and looks at a wall clock.

use proptest::prelude::*;

use super::berlin::{DAY_MINUTES, date, wall};
use super::oracle_tests::{Meaning, meanings};
use super::*;
use crate::time::MINUTE_MS;

/// How far the oracle walks.
const WALK_MINUTES: i64 = 20 * DAY_MINUTES;
/// Walking by the minute is slow.
const CASES: u32 = 64;
/// Days of 2026-03-29 and of 2026-10-25, when the clocks are changed.
const SHIFTS: [i64; 2] = [20_541, 20_751];

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute * MINUTE_MS)
}

/// Whether a window opens when the wall shows this.
fn opens_at(meaning: &Meaning, shown: i64) -> bool {
    let (day, minute) = (shown.div_euclid(DAY_MINUTES), shown.rem_euclid(DAY_MINUTES));
    minute % 60 == 0 && meaning.has_hour(u32::try_from(minute / 60).unwrap()) && meaning.has_day(date(day))
}

/// The first opening after this minute: one that the wall shows for the first time, or that it leaves out
/// now because it is put forward.
fn walk(meaning: &Meaning, after: i64) -> Option<i64> {
    let mut minutes = after + 1..after + WALK_MINUTES;
    minutes.find(|minute| {
        let (before, shown) = (wall(minute - 1), wall(*minute));
        let was_shown = wall(minute - 60) == shown;
        !was_shown && (before.min(shown - 1) + 1..=shown).any(|shown| opens_at(meaning, shown))
    })
}

fn moments() -> impl Strategy<Value = i64> {
    let shifts = prop::sample::select(SHIFTS.to_vec());
    prop_oneof![
        (10_000 * DAY_MINUTES..40_000 * DAY_MINUTES),
        (shifts, -2 * DAY_MINUTES..2 * DAY_MINUTES).prop_map(|(day, minute)| day * DAY_MINUTES + minute),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn calendars_open_in_berlin_when_the_oracle_says(meaning in meanings(), after in moments()) {
        let rules = Rules { schedule_expression: Some(meaning.text()), ..Rules::default() };
        prop_assume!(rules.validate().is_ok());
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let opens = rules.next_window(&zone, at(after), None).map(|window| window.opens);
        match walk(&meaning, after) {
            Some(minute) => prop_assert_eq!(opens, Some(at(minute)), "{} after {}", meaning.text(), at(after)),
            None => prop_assert!(opens.is_none_or(|opens| opens >= at(after + WALK_MINUTES))),
        }
    }

    #[test]
    fn rates_by_the_day_open_at_the_midnights_of_berlin(
        days in 1..12_u32, after in moments(), ago in 0..30_i64,
    ) {
        let rules = Rules { automatically_after_days: Some(days), ..Rules::default() };
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let last = after - ago * DAY_MINUTES;
        let window = rules.next_window(&zone, at(after), Some(at(last))).unwrap();
        let from = wall(last).div_euclid(DAY_MINUTES);
        let midnight = |minute: &i64| {
            let day = wall(*minute).div_euclid(DAY_MINUTES);
            wall(*minute) % DAY_MINUTES == 0 && day > from && (day - from) % i64::from(days) == 0
        };
        prop_assert_eq!(window.opens, at((after + 1..).find(midnight).unwrap()));
        let next_day = (window.opens.millis() / MINUTE_MS + 1..).find(|minute| wall(*minute) % DAY_MINUTES == 0);
        prop_assert_eq!(window.closes, at(next_day.unwrap()));
    }

    #[test]
    fn windows_in_berlin_follow_each_other(
        meaning in meanings(), after in moments(), duration in prop::option::of(1..24_u32),
    ) {
        let rules = Rules {
            schedule_expression: Some(meaning.text()), duration_hours: duration, ..Rules::default()
        };
        prop_assume!(rules.validate().is_ok());
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let (mut now, mut closes) = (at(after), None);
        for _ in 0..20 {
            let Some(window) = rules.next_window(&zone, now, None) else { break };
            prop_assert!(window.opens > now && window.closes > window.opens);
            let is_apart = closes.is_none_or(|closes| closes <= window.opens);
            prop_assert!(is_apart, "{} at {}", meaning.text(), window.opens);
            (now, closes) = (window.opens, Some(window.closes));
        }
    }
}
