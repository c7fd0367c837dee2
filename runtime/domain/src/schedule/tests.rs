//! What is taken, what is refused and how, and where windows lie.

use proptest::prelude::*;

use super::*;
use crate::time::{DAY_MS, HOUR_MS};

/// 2026-11-23T22:25:57.500Z, a Monday.
const NOW: &str = "2026-11-23T22:25:57.500Z";

fn at(text: &str) -> Timestamp {
    let text = if text.len() == 16 { format!("{text}:00Z") } else { text.to_owned() };
    Timestamp::from_millis(chrono::DateTime::parse_from_rfc3339(&text).unwrap().timestamp_millis())
}

fn expression(text: &str) -> Rules {
    Rules { schedule_expression: Some(text.to_owned()), ..Rules::default() }
}

fn after_days(days: u32) -> Rules {
    Rules { automatically_after_days: Some(days), ..Rules::default() }
}

/// The window after `NOW`, without a rotation so far.
fn check(rules: &Rules, opens: &str, closes: &str) {
    rules.validate().unwrap();
    let window = rules.next_window(&Zone::UTC, at(NOW), None).unwrap();
    assert_eq!((window.opens, window.closes), (at(opens), at(closes)), "{rules:?}: {window:?}");
}

fn refused(text: &str) -> ScheduleError {
    expression(text).validate().expect_err(text)
}

#[test]
fn rates() {
    check(&expression("rate(1 day)"), "2026-11-24T00:00", "2026-11-25T00:00");
    check(&expression("rate(10 days)"), "2026-12-03T00:00", "2026-12-04T00:00");
    check(&expression("rate(999 days)"), "2029-08-18T00:00", "2029-08-19T00:00");
    check(&expression("rate(4 hours)"), "2026-11-24T02:00", "2026-11-24T03:00");
    check(&expression("rate(4 hour)"), "2026-11-24T02:00", "2026-11-24T03:00");
    check(&after_days(30), "2026-12-23T00:00", "2026-12-24T00:00");
}

#[test]
fn rates_count_from_the_last_rotation_and_keep_their_rhythm() {
    let next =
        |rules: &Rules, last: &str| rules.next_window(&Zone::UTC, at(NOW), Some(at(last))).unwrap().opens;
    assert_eq!(next(&after_days(30), "2026-11-10T18:30"), at("2026-12-10T00:00"));
    assert_eq!(next(&after_days(7), "2026-10-01T12:00"), at("2026-11-26T00:00"));
    assert_eq!(next(&expression("rate(10 hours)"), "2026-11-23T14:40"), at("2026-11-24T00:00"));
    assert_eq!(next(&expression("rate(10 hours)"), "2026-11-20T14:40"), at("2026-11-24T08:00"));
}

#[test]
fn calendars() {
    check(&expression("cron(0 8 * * ? *)"), "2026-11-24T08:00", "2026-11-25T00:00");
    check(&expression("cron(0 0 1,15 * ? *)"), "2026-12-01T00:00", "2026-12-02T00:00");
    check(&expression("cron(0 /8 * * ? *)"), "2026-11-24T00:00", "2026-11-24T01:00");
    check(&expression("cron(0 8/8 * * ? *)"), "2026-11-24T08:00", "2026-11-24T09:00");
    check(&expression("cron(0 2/10 * * ? *)"), "2026-11-24T02:00", "2026-11-24T03:00");
    check(&expression("cron(0 23 ? * MON *)"), "2026-11-23T23:00", "2026-11-24T00:00");
    check(&expression("cron(0 16 ? * SUN *)"), "2026-11-29T16:00", "2026-11-30T00:00");
    check(&expression("cron(0 8 L * ? *)"), "2026-11-30T08:00", "2026-12-01T00:00");
    check(&expression("cron(0 8 L FEB ? *)"), "2027-02-28T08:00", "2027-03-01T00:00");
    check(&expression("cron(0 17 SUNL * ? *)"), "2026-11-29T17:00", "2026-11-30T00:00");
    check(&expression("cron(0 17 ? * 1L *)"), "2026-11-29T17:00", "2026-11-30T00:00");
    check(&expression("cron(0 17 ? * FRIL *)"), "2026-11-27T17:00", "2026-11-28T00:00");
    check(&expression("cron(0 17 ? * L *)"), "2026-11-28T17:00", "2026-11-29T00:00");
    check(&expression("cron(0 10 ? * TUE#3 *)"), "2026-12-15T10:00", "2026-12-16T00:00");
    check(&expression("cron(0 10 ? FEB TUE#5 *)"), "2028-02-29T10:00", "2028-03-01T00:00");
    check(&expression("cron(0 1 31 1-12/2 ? *)"), "2027-01-31T01:00", "2027-02-01T00:00");
    check(&expression("cron(0 1 ? jan-mar mon-fri *)"), "2027-01-01T01:00", "2027-01-02T00:00");
    check(&expression("cron( 0  8 /10 * ? * )"), "2026-12-01T08:00", "2026-12-02T00:00");
}

#[test]
fn the_rarest_date_is_found() {
    let rules = expression("cron(0 /4 ? FEB TUE#5 *)");
    let window = rules.next_window(&Zone::UTC, at("2028-02-29T20:00"), None).unwrap();
    assert_eq!(window.opens, at("2056-02-29T00:00"));
}

#[test]
fn durations() {
    let with = |rules: Rules, hours| Rules { duration_hours: Some(hours), ..rules };
    check(&with(expression("cron(0 8 * * ? *)"), 3), "2026-11-24T08:00", "2026-11-24T11:00");
    check(&with(expression("rate(2 days)"), 24), "2026-11-25T00:00", "2026-11-26T00:00");
    check(&with(after_days(1), 2), "2026-11-24T00:00", "2026-11-24T02:00");
    check(&with(expression("rate(10 hours)"), 10), "2026-11-24T08:00", "2026-11-24T18:00");
    check(&with(expression("cron(0 8/8 * * ? *)"), 8), "2026-11-24T08:00", "2026-11-24T16:00");

    let refused = |rules, hours| with(rules, hours).validate().unwrap_err();
    let past = |hours, opens_hour| ScheduleError::DurationPastDay { hours, opens_hour };
    let overlaps = |hours, hours_max| ScheduleError::DurationOverlaps { hours, hours_max };
    assert_eq!(refused(expression("cron(0 8 * * ? *)"), 17), past(17, 8));
    assert_eq!(
        past(17, 8).to_string(),
        "Duration is `17h`: the window opens at hour 8 and must close with the day: give at most `16h`"
    );
    assert_eq!(refused(after_days(3), 25), past(25, 0));
    assert_eq!(refused(expression("rate(10 hours)"), 11), overlaps(11, 10));
    assert_eq!(refused(expression("cron(0 2/10 * * ? *)"), 5), overlaps(5, 4));
    assert_eq!(refused(expression("cron(0 /7 * * ? *)"), 4), overlaps(4, 3));
    assert_eq!(refused(after_days(3), 0), ScheduleError::DurationForm);
    assert_eq!(refused(expression("rate(900 hours)"), 100), ScheduleError::DurationForm);
    for (text, hours) in [("1h", 1), ("99h", 99), ("03h", 3)] {
        assert_eq!(parse_duration(text), Ok(hours));
    }
    for text in ["", "h", "0h", "00h", "100h", "3", "3H", "-1h", "+1h", "3 h", "\u{663}h"] {
        assert_eq!(parse_duration(text), Err(ScheduleError::DurationForm), "{text}");
    }
}

#[test]
fn refused_rates() {
    for text in [
        "rate()",
        "rate(5)",
        "rate(five days)",
        "rate(5 weeks)",
        "rate(-5 days)",
        "rate(+5 days)",
        "rate(5 days 1)",
        "rate(5.5 days)",
        "rate(10 minutes)",
    ] {
        assert!(matches!(refused(text), ScheduleError::RateForm(_)), "{text}");
    }
    for text in [
        "rate(0 days)",
        "rate(3 hours)",
        "rate(1 hour)",
        "rate(1000 days)",
        "rate(23977 hours)",
        "rate(99999999999 days)",
    ] {
        assert!(matches!(refused(text), ScheduleError::RateRange { .. }), "{text}");
    }
    assert_eq!(
        refused("rate(3 hours)").to_string(),
        "ScheduleExpression: `rate(3 hours)` is out of range: give at least 4 hours and at most 999 days"
    );
}

#[test]
fn refused_calendars() {
    let check = |text: &str, expected: &str| {
        let ScheduleError::CronField { field, .. } = refused(text) else { panic!("{text}") };
        assert_eq!(field, expected, "{text}");
    };
    for minutes in ["5", "*", "00", "0/30", "?"] {
        check(&format!("cron({minutes} 8 * * ? *)"), "minutes");
    }
    for hours in ["24", "*", "?", "8,20", "8-20", "*/8", "/3", "/24", "8/", "0/0", "L", "-1"] {
        check(&format!("cron(0 {hours} * * ? *)"), "hours");
    }
    for day in [
        "0",
        "32",
        "15W",
        "LW",
        "L-3",
        "1,L",
        "MON",
        "1L",
        "MONL,TUEL",
        "5-1",
        "1-",
        ",",
        "1,,2",
        "*/0",
        "/32",
        "1#2",
        "?/2",
    ] {
        check(&format!("cron(0 8 {day} * ? *)"), "day-of-month");
    }
    for month in ["0", "13", "?", "L", "JANUARY", "DEC-JAN", "1/13", "FEB#1"] {
        check(&format!("cron(0 8 * {month} ? *)"), "month");
    }
    for day in [
        "0",
        "8",
        "MON#0",
        "MON#6",
        "#3",
        "MON#",
        "MON#1,TUE#2",
        "SAT-SUN",
        "2W",
        "MONDAY",
        "LL",
        "8L",
        "FRIL,L",
    ] {
        check(&format!("cron(0 8 ? * {day} *)"), "day-of-week");
    }
    for year in ["2027", "?", "2026-2030", "/2"] {
        check(&format!("cron(0 8 * * ? {year})"), "year");
    }
    assert_eq!(
        refused("cron(5 8 * * ? *)").to_string(),
        "ScheduleExpression: the minutes field of cron is `5`: give `0`: windows open at the top of an hour"
    );
}

#[test]
fn refused_forms() {
    assert_eq!(refused("cron(0 8 * * *)"), ScheduleError::CronFields(5));
    assert_eq!(refused("cron()"), ScheduleError::CronFields(0));
    for days in ["* * *", "? * ?", "1 * MON", "* * MON"] {
        assert_eq!(refused(&format!("cron(0 8 {days} *)")), ScheduleError::CronDays);
    }
    for text in ["0 8 * * ? *", "Rate(1 day)", "rate (1 day)", "rate(1 day", "cron(0 8 * * ? *) ", "daily"] {
        assert_eq!(refused(text), ScheduleError::ExpressionForm, "{text}");
    }
    assert_eq!(refused(""), ScheduleError::ExpressionLength);
    assert_eq!(refused(&format!("rate({} day)", " ".repeat(260))), ScheduleError::ExpressionLength);
    for text in ["cron(0 8 31 FEB ? *)", "cron(0 8 30 2 ? *)", "cron(0 8 31 APR,JUN,SEP,NOV ? *)"] {
        assert_eq!(refused(text), ScheduleError::NeverFires, "{text}");
    }
}

#[test]
fn refused_rules() {
    let both = Rules { automatically_after_days: Some(1), ..expression("rate(1 day)") };
    assert_eq!(both.validate(), Err(ScheduleError::BothGiven));
    assert_eq!(
        ScheduleError::BothGiven.to_string(),
        "You cannot specify both rotation frequency and schedule expression together."
    );
    assert_eq!(Rules::default().validate(), Err(ScheduleError::NoneGiven));
    assert_eq!(after_days(0).validate(), Err(ScheduleError::AfterDays(0)));
    assert_eq!(after_days(1001).validate(), Err(ScheduleError::AfterDays(1001)));
    assert_eq!(after_days(1000).validate(), Ok(()));
    assert_eq!(both.next_window(&Zone::UTC, at(NOW), None), None);
}

#[test]
fn the_days_that_a_description_shows() {
    let days = |rules: &Rules| rules.days_between(&Zone::UTC, at(NOW));
    assert_eq!(days(&after_days(30)), Some(30));
    assert_eq!(days(&expression("rate(10 days)")), Some(10));
    assert_eq!(days(&expression("rate(4 hours)")), Some(1));
    assert_eq!(days(&expression("rate(72 hours)")), Some(3));
    assert_eq!(days(&expression("cron(0 8 1 * ? *)")), Some(8));
    assert_eq!(days(&Rules::default()), None);
}

#[test]
fn a_schedule_shows_itself_as_given() {
    for text in ["rate(10 days)", "cron( 0 8  * * ? *)"] {
        assert_eq!(Schedule::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn the_stored_form_leaves_out_what_is_unset() {
    let rules = expression("rate(1 day)");
    let text = serde_json::to_string(&rules).unwrap();
    assert_eq!(text, r#"{"schedule_expression":"rate(1 day)"}"#);
    assert_eq!(serde_json::from_str::<Rules>(&text).unwrap(), rules);
}

#[test]
fn the_calendar_ends_with_2100() {
    let rules = expression("cron(0 8 * * ? *)");
    assert_eq!(
        rules.next_window(&Zone::UTC, at("2100-12-31T07:00"), None).map(|window| window.opens),
        Some(at("2100-12-31T08:00"))
    );
    assert_eq!(rules.next_window(&Zone::UTC, at("2100-12-31T08:00"), None), None);
    assert_eq!(rules.next_window(&Zone::UTC, Timestamp::from_millis(i64::MAX), None), None);
    assert_eq!(
        rules.next_window(&Zone::UTC, Timestamp::from_millis(i64::MIN), None).map(|window| window.opens),
        Some(at("1970-01-01T08:00"))
    );
}

#[test]
fn starts_are_spread() {
    let opens = at(NOW);
    let window = Window { opens, closes: opens.plus_millis(DAY_MS) };
    let places = DAY_MS / SECOND_MS * 3 / 4;
    let starts: std::collections::BTreeSet<Timestamp> =
        (0..places).map(|secret| start_within(window, &secret.to_be_bytes())).collect();
    assert_eq!(i64::try_from(starts.len()), Ok(places));
}

proptest! {
    #[test]
    fn a_start_is_stable_and_inside(
        opens in 0..4_000_000_000_000_i64, hours in 1..99_i64, spread in any::<Vec<u8>>(),
    ) {
        let opens = Timestamp::from_millis(opens);
        let window = Window { opens, closes: opens.plus_millis(hours * HOUR_MS) };
        let start = start_within(window, &spread);
        prop_assert_eq!(start, start_within(window, &spread));
        prop_assert!(window.opens <= start && start < window.closes);
        prop_assert!(window.closes.millis_since(start) >= hours * HOUR_MS / 4);
    }

    #[test]
    fn a_broken_window_does_not_panic(
        opens in any::<i64>(), closes in any::<i64>(), spread in any::<Vec<u8>>(),
    ) {
        let window = Window { opens: Timestamp::from_millis(opens), closes: Timestamp::from_millis(closes) };
        prop_assert!(start_within(window, &spread) >= window.opens);
    }

    #[test]
    fn any_text_is_taken_or_refused(
        text in ".{0,40}", inside in "[0-9A-Za-z#?*/, -]{0,30}", now in any::<i64>(),
        last in any::<Option<i64>>(),
    ) {
        let forms = [format!("cron({inside})"), format!("rate({inside})"), format!("cron(0 8 {inside} *)")];
        for text in forms.into_iter().chain([text]) {
            let rules = expression(&text);
            let window = rules.next_window(&Zone::UTC, Timestamp::from_millis(now), last.map(Timestamp::from_millis));
            prop_assert!(rules.validate().is_ok() || window.is_none());
        }
    }
}
