//! Days on which clocks are changed, by hand.

use super::*;

fn at(text: &str) -> Timestamp {
    let text = format!("{text}:00Z");
    Timestamp::from_millis(chrono::DateTime::parse_from_rfc3339(&text).unwrap().timestamp_millis())
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

/// The window after `after`; all times but those of the expression are UTC.
fn check(name: &str, expression: &str, hours: Option<u32>, after: &str, opens: &str, closes: &str) {
    let rules =
        Rules { schedule_expression: Some(expression.to_owned()), duration_hours: hours, ..Rules::default() };
    rules.validate().unwrap();
    let window = rules.next_window(&zone(name), at(after), None).unwrap();
    let expected = (at(opens), at(closes));
    assert_eq!((window.opens, window.closes), expected, "{expression} in {name} after {after}: {window:?}");
}

#[test]
fn an_hour_that_is_left_out() {
    // 02:00 becomes 03:00 on 2026-03-29 at 01:00 UTC.
    let check = |expression, hours, after, opens, closes| {
        check("Europe/Berlin", expression, hours, after, opens, closes);
    };
    let night = "cron(0 2 * * ? *)";
    check(night, None, "2026-03-27T12:00", "2026-03-28T01:00", "2026-03-28T23:00");
    check(night, None, "2026-03-28T12:00", "2026-03-29T01:00", "2026-03-29T22:00");
    check(night, Some(1), "2026-03-28T12:00", "2026-03-29T01:00", "2026-03-29T02:00");
    check(night, None, "2026-03-29T01:00", "2026-03-30T00:00", "2026-03-30T22:00");
    check("cron(0 3 * * ? *)", None, "2026-03-28T12:00", "2026-03-29T01:00", "2026-03-29T22:00");
    // Four hours of this day's four are one too many: the next window opens.
    check("cron(0 /4 * * ? *)", Some(4), "2026-03-28T22:30", "2026-03-28T23:00", "2026-03-29T02:00");
    check("cron(0 /4 * * ? *)", Some(4), "2026-03-28T23:00", "2026-03-29T02:00", "2026-03-29T06:00");
    // The day has 23 hours.
    check("cron(0 0 * * ? *)", Some(24), "2026-03-28T22:00", "2026-03-28T23:00", "2026-03-29T22:00");
}

#[test]
fn an_hour_that_comes_twice() {
    // 03:00 becomes 02:00 on 2026-10-25 at 01:00 UTC.
    let check = |expression, hours, after, opens, closes| {
        check("Europe/Berlin", expression, hours, after, opens, closes);
    };
    let night = "cron(0 2 * * ? *)";
    check(night, None, "2026-10-24T12:00", "2026-10-25T00:00", "2026-10-25T23:00");
    check(night, None, "2026-10-25T00:00", "2026-10-26T01:00", "2026-10-26T23:00");
    check(night, None, "2026-10-25T00:30", "2026-10-26T01:00", "2026-10-26T23:00");
    check(night, None, "2026-10-25T01:15", "2026-10-26T01:00", "2026-10-26T23:00");
    check("cron(0 0 * * ? *)", Some(24), "2026-10-24T12:00", "2026-10-24T22:00", "2026-10-25T22:00");
    check("cron(0 0 * * ? *)", None, "2026-10-24T12:00", "2026-10-24T22:00", "2026-10-25T23:00");
}

#[test]
fn other_zones() {
    // New York: 2026-03-08 at 07:00 UTC and 2026-11-01 at 06:00 UTC.
    check(
        "America/New_York",
        "cron(0 1 * * ? *)",
        None,
        "2026-11-01T00:00",
        "2026-11-01T05:00",
        "2026-11-02T05:00",
    );
    check(
        "America/New_York",
        "cron(0 1 * * ? *)",
        None,
        "2026-11-01T05:30",
        "2026-11-02T06:00",
        "2026-11-03T05:00",
    );
    check(
        "America/New_York",
        "cron(0 8 ? * SUN *)",
        Some(3),
        "2026-03-02T00:00",
        "2026-03-08T12:00",
        "2026-03-08T15:00",
    );
    // Troll goes back by two hours, so that 02:00 on the wall may be ahead when it was shown before.
    check(
        "Antarctica/Troll",
        "cron(0 2 * * ? *)",
        None,
        "2026-10-25T01:10",
        "2026-10-26T02:00",
        "2026-10-27T00:00",
    );
    check(
        "Antarctica/Troll",
        "cron(0 2 * * ? *)",
        None,
        "2026-10-24T12:00",
        "2026-10-25T00:00",
        "2026-10-26T00:00",
    );
    // What it leaves out is from 01:00 to 03:00: a time in the middle of that is its beginning.
    check(
        "Antarctica/Troll",
        "cron(0 2 * * ? *)",
        None,
        "2026-03-28T12:00",
        "2026-03-29T01:00",
        "2026-03-29T22:00",
    );
    // Cairo leaves midnight out: 2026-04-24 begins at 01:00.
    check(
        "Africa/Cairo",
        "cron(0 0 * * ? *)",
        None,
        "2026-04-23T12:00",
        "2026-04-23T22:00",
        "2026-04-24T21:00",
    );
    // Nuuk leaves the last hour of 2026-03-28 out, which is all that the window has.
    check(
        "America/Nuuk",
        "cron(0 23 ? * SAT *)",
        None,
        "2026-03-28T12:00",
        "2026-03-29T01:00",
        "2026-03-29T02:00",
    );
    check(
        "Asia/Kathmandu",
        "cron(0 8 * * ? *)",
        None,
        "2026-11-23T22:25",
        "2026-11-24T02:15",
        "2026-11-24T18:15",
    );
    // Half an hour is left out on Lord Howe on 2026-10-04 at 15:30 UTC of the day before.
    check(
        "Australia/Lord_Howe",
        "cron(0 2 * * ? *)",
        Some(1),
        "2026-10-03T12:00",
        "2026-10-03T15:30",
        "2026-10-03T16:30",
    );
    // The rules go on for ever: the last Sunday of March 2090 is the 26th.
    check(
        "Europe/Berlin",
        "cron(0 8 * * ? *)",
        Some(1),
        "2090-03-25T12:00",
        "2090-03-26T06:00",
        "2090-03-26T07:00",
    );
}

#[test]
fn rates_by_the_day_have_local_midnights_and_those_by_the_hour_none() {
    let next = |name: &str, expression: &str, last: &str| {
        let rules = Rules { schedule_expression: Some(expression.to_owned()), ..Rules::default() };
        let window = rules.next_window(&zone(name), at(last), Some(at(last))).unwrap();
        (window.opens, window.closes)
    };
    let (from, to) = (at("2026-03-08T05:00"), at("2026-03-09T04:00"));
    assert_eq!(next("America/New_York", "rate(1 day)", "2026-03-07T20:00"), (from, to));
    let (from, to) = (at("2026-03-08T00:00"), at("2026-03-08T01:00"));
    assert_eq!(next("America/New_York", "rate(4 hours)", "2026-03-07T20:00"), (from, to));
}

#[test]
fn a_moment_is_told_as_the_wall_shows_it() {
    let told = |name: &str, moment: &str| zone(name).text(at(moment));
    assert_eq!(told("Europe/Berlin", "2026-03-29T00:59"), "Sun 2026-03-29 01:59:00 +01:00");
    assert_eq!(told("Europe/Berlin", "2026-03-29T01:00"), "Sun 2026-03-29 03:00:00 +02:00");
    assert_eq!(told("America/St_Johns", "2026-01-01T00:00"), "Wed 2025-12-31 20:30:00 -03:30");
    assert_eq!(told("UTC", "2026-01-01T00:00"), "Thu 2026-01-01 00:00:00 +00:00");
}

#[test]
fn names_of_zones() {
    let check = |given: &str, expected: Result<&str, &str>| {
        let told = Zone::parse(given).map(|zone| zone.name().to_owned()).map_err(|error| error.to_string());
        assert_eq!(told, expected.map(str::to_owned).map_err(str::to_owned), "{given}");
    };
    check("Europe/Berlin", Ok("Europe/Berlin"));
    check("europe/berlin", Ok("Europe/Berlin"));
    check("UTC", Ok("UTC"));
    let near = |given, nearest| {
        format!("TimeZone: `{given}` is not a time zone of the IANA database: did you mean `{nearest}`?")
    };
    check("Berlin", Err(&near("Berlin", "Europe/Berlin")));
    check("new york", Err(&near("new york", "America/New_York")));
    check("Germany/Berlin", Err(&near("Germany/Berlin", "Europe/Berlin")));
    for given in ["Nowhere", "+01:00", "Etc/Unknown", "../etc/passwd", ""] {
        check(
            given,
            Err(&format!(
                "TimeZone: `{given}` is not a time zone of the IANA database: give a name such as `Europe/Berlin`"
            )),
        );
    }
}

#[test]
fn the_stored_form_is_the_name() {
    let zone = zone("Europe/Berlin");
    let text = serde_json::to_string(&zone).unwrap();
    assert_eq!(text, r#""Europe/Berlin""#);
    assert_eq!(serde_json::from_str::<Zone>(&text).unwrap(), zone);
}

#[test]
fn what_changes_nothing_may_come_every_hour() {
    let next = |expression: &str| {
        let timetable = Schedule::parse_frequent(expression).unwrap().timetable(Zone::UTC);
        timetable.opens(at("2026-03-08T05:30"), None).unwrap()
    };
    assert_eq!(next("rate(1 hour)"), at("2026-03-08T06:00"));
    assert_eq!(next("cron(0 /1 * * ? *)"), at("2026-03-08T06:00"));
    let refused = |expression: &str| Schedule::parse_frequent(expression).unwrap_err().to_string();
    assert_eq!(
        refused("rate(0 hours)"),
        "ScheduleExpression: `rate(0 hours)` is out of range: give at least 1 hour and at most 999 days"
    );
    assert!(refused("cron(0 /0 * * ? *)").contains("an increment of 1 to 23 hours"));
}
