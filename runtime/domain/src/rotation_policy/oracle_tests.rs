//! Blackouts against an oracle that looks at the wall clock of Berlin in each minute and reads the entries
//! as they were written.

use proptest::prelude::*;

use super::*;
use crate::api::RotationRules;
use crate::schedule::Window;
use crate::schedule::berlin::{DAY_MINUTES, date, wall};
use crate::time::MINUTE_MS;

/// Walking by the minute is slow.
const CASES: u32 = 64;
/// How far the oracle walks.
const WALK_MINUTES: i64 = 16 * DAY_MINUTES;
/// Days of 2026-03-29 and of 2026-10-25, when the clocks are changed.
const SHIFTS: [i64; 2] = [20_541, 20_751];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute * MINUTE_MS)
}

/// What an entry means.
#[derive(Clone, Debug)]
enum Meaning {
    Days { from: i64, until: i64 },
    Hours { days: Vec<u32>, from: i64, until: i64 },
}

impl Meaning {
    fn covers(&self, utc_minute: i64) -> bool {
        let shown = wall(utc_minute);
        let (day, minute) = (shown.div_euclid(DAY_MINUTES), shown.rem_euclid(DAY_MINUTES));
        match self {
            Self::Days { from, until } => (*from..=*until).contains(&day),
            Self::Hours { days, from, until } => {
                let begins = |day: i64| days.is_empty() || days.contains(&date(day).weekday);
                if from < until {
                    begins(day) && (*from..*until).contains(&minute)
                } else {
                    (begins(day) && minute >= *from) || (begins(day - 1) && minute < *until)
                }
            }
        }
    }

    fn entry(&self) -> Blackout {
        let text = match self {
            Self::Days { from, until } => {
                let text = |day: i64| at(day * DAY_MINUTES).to_string()[..10].to_owned();
                BlackoutText { days: Vec::new(), from: text(*from), until: text(*until) }
            }
            Self::Hours { days, from, until } => {
                let text = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
                let days = days.iter().map(|day| WEEKDAYS[*day as usize - 1].to_owned()).collect();
                BlackoutText { days, from: text(*from), until: text(*until) }
            }
        };
        Blackout::try_from(text).unwrap()
    }
}

/// Entries and a moment near them and near a change of the clocks.
fn cases() -> impl Strategy<Value = (Vec<Meaning>, i64)> {
    prop::sample::select(SHIFTS.to_vec()).prop_flat_map(|shift| {
        let days = (shift - 4..shift + 4, 0..5_i64)
            .prop_map(|(from, more)| Meaning::Days { from, until: from + more });
        let weekdays = prop::collection::vec(1..=7_u32, 0..4);
        let hours = (weekdays, 0..DAY_MINUTES, 0..=DAY_MINUTES)
            .prop_filter("times differ", |(_, from, until)| from != until)
            .prop_map(|(days, from, until)| Meaning::Hours { days, from, until });
        let night = (110..190_i64, 110..190_i64)
            .prop_filter("times differ", |(from, until)| from != until)
            .prop_map(|(from, until)| Meaning::Hours { days: Vec::new(), from, until });
        let entries = prop::collection::vec(prop_oneof![1 => days, 2 => hours, 1 => night], 1..4);
        (entries, (shift - 3) * DAY_MINUTES..(shift + 3) * DAY_MINUTES)
    })
}

fn policy(meanings: &[Meaning]) -> RotationPolicy {
    RotationPolicy {
        time_zone: Some(Zone::parse("Europe/Berlin").unwrap()),
        blackouts: meanings.iter().map(Meaning::entry).collect(),
        ..RotationPolicy::default()
    }
}

/// The first minute from this one on that no entry covers.
fn free(meanings: &[Meaning], from: i64) -> Option<i64> {
    (from..from + WALK_MINUTES).find(|minute| !meanings.iter().any(|meaning| meaning.covers(*minute)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4 * CASES))]

    #[test]
    fn a_blackout_goes_on_until_the_oracle_says((meanings, now) in cases()) {
        let until = is_black(&policy(&meanings), at(now));
        match free(&meanings, now) {
            Some(minute) => prop_assert_eq!(until, Some(at(minute)).filter(|until| *until > at(now))),
            None => prop_assert!(until.is_some_and(|until| until >= at(now + WALK_MINUTES))),
        }
    }

    #[test]
    fn an_entry_is_given_back_as_it_was_written((meanings, _) in cases()) {
        for entry in policy(&meanings).blackouts {
            let text = serde_json::to_string(&entry).unwrap();
            prop_assert_eq!(serde_json::from_str::<Blackout>(&text).unwrap(), entry);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn the_allowed_parts_of_a_window_are_those_of_the_oracle(
        (meanings, opens) in cases(), hours in 1..60_i64,
    ) {
        let policy = policy(&meanings);
        let window = Window { opens: at(opens), closes: at(opens + hours * 60) };
        let parts = free::free_within(&policy.blackouts, &policy.zone(), window);
        for minute in opens..opens + hours * 60 {
            let within = parts.iter().any(|part| part.opens <= at(minute) && at(minute) < part.closes);
            let covered = meanings.iter().any(|meaning| meaning.covers(minute));
            prop_assert_eq!(within, !covered, "{}", at(minute));
        }
    }

    #[test]
    fn a_start_is_allowed_and_no_window_before_it_had_one(
        (meanings, now) in cases(), hour in 0..24_u32, duration in 1..=3_u32, arn in "[a-z]{8}",
        late in 0..2_000_i64,
    ) {
        let policy = policy(&meanings);
        let rules = RotationRules {
            schedule_expression: Some(format!("cron(0 {hour} * * ? *)")),
            duration: Some(format!("{}h", duration.min(24 - hour))),
            ..RotationRules::default()
        };
        let plan = Plan::new(&rules, Some(&policy), &arn, None).unwrap();
        let not_before = at(now + late);
        let slot = plan.next(at(now), not_before);
        if let Some(slot) = slot {
            prop_assert_eq!(is_black(&policy, slot.starts), None);
            prop_assert!(slot.opens <= slot.starts && slot.starts < slot.closes);
            prop_assert!(slot.opens > at(now) && slot.starts >= not_before);
        }
        let end = slot.map_or(now + WALK_MINUTES, |slot| slot.opens.millis() / MINUTE_MS);
        let mut after = at(now);
        while let Some(window) = plan.window(after).filter(|window| window.opens < at(end)) {
            let minutes = window.opens.max(not_before).millis() / MINUTE_MS..window.closes.millis() / MINUTE_MS;
            for minute in minutes {
                prop_assert!(meanings.iter().any(|meaning| meaning.covers(minute)), "{}", at(minute));
            }
            after = window.opens;
        }
    }
}
