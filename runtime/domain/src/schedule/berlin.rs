//! The clocks of Berlin from 1996 on, by the rule in words: an hour ahead of UTC, and two from 01:00 UTC
//! of the last Sunday in March until 01:00 UTC of the last Sunday in October. Counts days and months
//! itself, and knows nothing of the code under test.

/// Minutes of a day.
pub(crate) const DAY_MINUTES: i64 = 24 * 60;

/// A date: month from 1, day from 1, days in the month, weekday from 1 for Sunday.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Date {
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) month_days: u32,
    pub(crate) weekday: u32,
}

/// The date of a day since the epoch, by counting.
pub(crate) fn date(day: i64) -> Date {
    let weekday = u32::try_from((day + 4) % 7).unwrap() + 1;
    let mut rest = u32::try_from(day).unwrap();
    let is_leap =
        |year: u32| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while rest >= 365 + u32::from(is_leap(year)) {
        rest -= 365 + u32::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u32::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    for (month, month_days) in (1..).zip(lengths) {
        if rest < month_days {
            return Date { month, day: rest + 1, month_days, weekday };
        }
        rest -= month_days;
    }
    unreachable!("a year has twelve months")
}

/// Minutes that the wall clock shows, since it showed 1970-01-01T00:00, at so many minutes of UTC.
pub(crate) fn wall(utc_minute: i64) -> i64 {
    let (day, minute) = (utc_minute.div_euclid(DAY_MINUTES), utc_minute.rem_euclid(DAY_MINUTES));
    let today = date(day);
    // The last Sunday is behind when the Sunday after this day's last one is in the next month.
    let last_sunday = |date: Date| {
        let since_sunday = date.weekday - 1;
        let sunday = i64::from(date.day) - i64::from(since_sunday);
        (sunday, sunday + 7 > i64::from(date.month_days), since_sunday == 0)
    };
    let has_shifted = {
        let (sunday, is_last, is_today) = last_sunday(today);
        sunday > 0 && is_last && (!is_today || minute >= 60)
    };
    let is_summer = match today.month {
        4..=9 => true,
        3 => has_shifted,
        10 => !has_shifted,
        _ => false,
    };
    utc_minute + if is_summer { 120 } else { 60 }
}

#[test]
fn the_clocks_of_berlin() {
    let check = |day: i64, minute: i64, ahead: i64| {
        let utc = day * DAY_MINUTES + minute;
        assert_eq!(wall(utc) - utc, ahead, "day {day}, minute {minute}");
    };
    // 2026-03-29 and 2026-10-25.
    let (march, october) = (20_541, 20_751);
    check(march, 59, 60);
    check(march, 60, 120);
    check(march - 1, 0, 60);
    check(march + 1, 0, 120);
    check(october, 59, 120);
    check(october, 60, 60);
    check(october + 6, 0, 60);
    check(october - 7, 120, 120);
}
