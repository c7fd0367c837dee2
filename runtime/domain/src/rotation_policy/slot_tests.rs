//! Where the next slot lies, and where it goes when something changes.

use super::*;
use crate::api::RotationRules;
use crate::schedule::Window;
use crate::secret::{RotationSettings, Scope, Secret, Slot};
use crate::time::{HOUR_MS, MINUTE_MS};

/// A Monday.
const NOW: &str = "2026-11-23T06:00";

fn at(text: &str) -> Timestamp {
    let text = format!("{text}:00Z");
    Timestamp::from_millis(chrono::DateTime::parse_from_rfc3339(&text).unwrap().timestamp_millis())
}

fn rules(expression: &str, duration: Option<&str>) -> RotationRules {
    RotationRules {
        schedule_expression: Some(expression.to_owned()),
        duration: duration.map(str::to_owned),
        ..RotationRules::default()
    }
}

/// A secret that rotates from 08:00 to 12:00 of each day, as of `NOW`.
fn secret() -> Secret {
    let scope = Scope { account: "123456789012".into(), region: "us-east-1".into() };
    let mut secret = Secret::new(scope, "app", "AbCdEf", at(NOW));
    secret.rotation = Some(RotationSettings {
        function_arn: "arn:f".into(),
        rules: Some(rules("cron(0 8 * * ? *)", Some("4h"))),
        enabled: true,
        next: None,
    });
    secret.reschedule(at(NOW));
    secret
}

fn next(secret: &Secret) -> Slot {
    secret.rotation.as_ref().unwrap().next.unwrap()
}

/// At the beginning of each allowed time.
fn policy(entries: &[(&[&str], &str, &str)]) -> RotationPolicy {
    let entry = |(days, from, until): &(&[&str], &str, &str)| {
        let days = days.iter().map(|day| (*day).to_owned()).collect();
        Blackout::try_from(BlackoutText { days, from: (*from).into(), until: (*until).into() }).unwrap()
    };
    let blackouts = entries.iter().map(entry).collect();
    RotationPolicy { blackouts, spread_minutes: Some(0), ..RotationPolicy::default() }
}

fn check(secret: &Secret, opens: &str, starts: &str) {
    let slot = next(secret);
    assert_eq!((slot.opens, slot.starts), (at(opens), at(starts)), "{slot:?}");
}

#[test]
fn a_policy_moves_the_start_at_once() {
    let with = |policy: RotationPolicy| {
        let mut secret = secret();
        secret.set_policy(Some(policy), at(NOW));
        secret
    };
    check(&with(policy(&[])), "2026-11-23T08:00", "2026-11-23T08:00");
    check(&with(policy(&[(&[], "07:00", "09:30")])), "2026-11-23T08:00", "2026-11-23T09:30");
    check(&with(policy(&[(&["MON"], "07:00", "12:00")])), "2026-11-24T08:00", "2026-11-24T08:00");
    check(&with(policy(&[(&["SUN"], "20:00", "12:00")])), "2026-11-24T08:00", "2026-11-24T08:00");
    check(&with(policy(&[(&[], "2026-11-20", "2026-12-01")])), "2026-12-02T08:00", "2026-12-02T08:00");
    let two = policy(&[(&[], "2026-11-20", "2026-12-01"), (&[], "2026-12-02", "2027-11-30")]);
    check(&with(two), "2027-12-01T08:00", "2027-12-01T08:00");
    let zone = Some(Zone::parse("Europe/Berlin").unwrap());
    let berlin = RotationPolicy { time_zone: zone, ..policy(&[(&[], "08:00", "09:00")]) };
    check(&with(berlin), "2026-11-23T07:00", "2026-11-23T08:00");
    let mut secret = with(policy(&[(&[], "07:00", "09:30")]));
    secret.set_policy(None, at(NOW));
    assert_eq!(next(&secret), next(&self::secret()), "without a policy it is as it was");
}

#[test]
fn a_window_that_is_open_keeps_its_slot() {
    let with = |policy: RotationPolicy, now: &str, starts: &str| {
        let mut secret = secret();
        let slot = Slot { starts: at(starts), ..next(&secret) };
        secret.rotation.as_mut().unwrap().next = Some(slot);
        secret.set_policy(Some(policy), at(now));
        secret
    };
    let starts = "2026-11-23T11:00";
    check(&with(policy(&[]), "2026-11-23T09:00", starts), "2026-11-23T08:00", "2026-11-23T09:00");
    let black = || policy(&[(&[], "08:30", "10:00")]);
    check(&with(black(), "2026-11-23T09:00", starts), "2026-11-23T08:00", "2026-11-23T10:00");
    let rest = || policy(&[(&["MON"], "08:30", "12:00")]);
    check(&with(rest(), "2026-11-23T09:00", starts), "2026-11-24T08:00", "2026-11-24T08:00");
    // What is due already is the worker's.
    check(&with(rest(), "2026-11-23T11:30", starts), "2026-11-23T08:00", "2026-11-23T11:00");
    check(&with(rest(), "2026-11-25T11:30", starts), "2026-11-23T08:00", "2026-11-23T11:00");
}

#[test]
fn a_slot_is_put_off() {
    let put_off = |not_before: &str, now: &str| {
        let mut secret = secret();
        secret.set_policy(Some(policy(&[(&[], "10:00", "11:00")])), at(NOW));
        secret.put_off_slot(at(not_before), at(now));
        secret
    };
    let now = "2026-11-23T08:00";
    check(&put_off("2026-11-23T09:00", now), "2026-11-23T08:00", "2026-11-23T09:00");
    check(&put_off("2026-11-23T10:15", now), "2026-11-23T08:00", "2026-11-23T11:00");
    check(&put_off("2026-11-23T12:00", now), "2026-11-24T08:00", "2026-11-24T08:00");
    check(&put_off("2026-11-25T09:30", now), "2026-11-25T08:00", "2026-11-25T09:30");
    // Its window has passed: it starts as soon as it may, or with the next window if that is sooner.
    let late = "2026-11-23T14:00";
    check(&put_off("2026-11-23T15:00", late), "2026-11-23T08:00", "2026-11-23T15:00");
    check(&put_off("2026-11-24T05:00", late), "2026-11-23T08:00", "2026-11-24T05:00");
    check(&put_off("2026-11-24T09:00", late), "2026-11-24T08:00", "2026-11-24T09:00");
}

#[test]
fn a_slot_is_skipped() {
    let skipped = |now: &str| {
        let mut secret = secret();
        secret.set_policy(Some(policy(&[])), at(NOW));
        secret.skip_slot(at(now));
        secret
    };
    check(&skipped("2026-11-23T06:00"), "2026-11-24T08:00", "2026-11-24T08:00");
    check(&skipped("2026-11-23T09:00"), "2026-11-24T08:00", "2026-11-24T08:00");
    // Days later, the window of that day is open: nothing has left it out.
    check(&skipped("2026-11-26T09:00"), "2026-11-26T08:00", "2026-11-26T09:00");
    check(&skipped("2026-11-26T13:00"), "2026-11-27T08:00", "2026-11-27T08:00");
    let mut secret = secret();
    secret.rotation.as_mut().unwrap().enabled = false;
    secret.skip_slot(at(NOW));
    assert_eq!(secret.rotation.unwrap().next, None);
}

#[test]
fn a_skipped_rate_keeps_its_rhythm() {
    let mut secret = secret();
    secret.rotation.as_mut().unwrap().rules = Some(rules("rate(10 days)", None));
    secret.policy = Some(policy(&[]));
    secret.reschedule(at(NOW));
    check(&secret, "2026-12-03T00:00", "2026-12-03T00:00");
    secret.skip_slot(at("2026-11-25T00:00"));
    check(&secret, "2026-12-13T00:00", "2026-12-13T00:00");
}

#[test]
fn starts_are_spread_over_the_allowed_time() {
    let window = Window { opens: at("2026-11-23T08:00"), closes: at("2026-11-23T12:00") };
    let check = |policy: RotationPolicy, allowed: &[(&str, &str)]| {
        let rules = rules("cron(0 8 * * ? *)", Some("4h"));
        let mut starts = std::collections::BTreeSet::new();
        for number in 0..500 {
            let plan = Plan::new(&rules, Some(&policy), &format!("arn:{number}"), None).unwrap();
            let slot = plan.within(window, window.opens).unwrap();
            let allows = |(from, until): &(&str, &str)| at(from) <= slot.starts && slot.starts < at(until);
            assert!(allowed.iter().any(allows), "{slot:?}");
            starts.insert(slot.starts);
        }
        for (from, until) in allowed {
            // Each part has its share, within a third.
            let (from, until) = (at(from), at(until));
            let share = starts.range(from..until).count() * 100;
            let whole: i64 = allowed.iter().map(|(from, until)| at(until).millis_since(at(from))).sum();
            let wanted = usize::try_from(500 * 100 * until.millis_since(from) / whole).unwrap();
            assert!((wanted * 2 / 3..=wanted * 4 / 3).contains(&share), "{share} of {wanted}");
        }
    };
    let spread = |minutes| RotationPolicy { spread_minutes: minutes, ..policy(&[(&[], "09:00", "10:00")]) };
    // The last quarter of three hours is left free.
    let whole = [("2026-11-23T08:00", "2026-11-23T09:00"), ("2026-11-23T10:00", "2026-11-23T11:15")];
    check(spread(None), &whole);
    check(spread(Some(5_000)), &whole);
    let part = [("2026-11-23T08:00", "2026-11-23T09:00"), ("2026-11-23T10:00", "2026-11-23T10:30")];
    check(spread(Some(90)), &part);
    check(spread(Some(30)), &[("2026-11-23T08:00", "2026-11-23T08:30")]);
}

#[test]
fn a_policy_that_leaves_no_start_is_refused() {
    let check = |rules: RotationRules, policy: RotationPolicy, expected: Result<(), &str>| {
        let mut secret = secret();
        secret.rotation.as_mut().unwrap().rules = Some(rules);
        secret.policy = Some(policy);
        let told = secret.check_policy(at(NOW)).map_err(|error| error.to_string());
        assert_eq!(told, expected.map_err(str::to_owned));
    };
    let daily = || rules("cron(0 8 * * ? *)", Some("4h"));
    let no_start = |nearest| {
        format!(
            "Blackouts: no window of the rotation schedule has an allowed moment within two years; the nearest to \
             its next window is {nearest}: let a window hold it, or take it out of a blackout"
        )
    };
    check(daily(), policy(&[]), Ok(()));
    check(daily(), policy(&[(&[], "08:00", "11:59")]), Ok(()));
    check(daily(), policy(&[(&[], "08:00", "12:00")]), Err(&no_start("Mon 2026-11-23 12:00:00 +00:00")));
    check(daily(), policy(&[(&[], "22:00", "13:30")]), Err(&no_start("Mon 2026-11-23 13:30:00 +00:00")));
    let weekend = policy(&[(&["SAT", "SUN"], "00:00", "24:00")]);
    check(rules("cron(0 8 ? * SAT,SUN *)", None), weekend, Err(&no_start("Mon 2026-11-30 00:00:00 +00:00")));
    let covered = "Blackouts: the hours of all entries together cover the whole week: leave some out";
    check(daily(), policy(&[(&[], "00:00", "24:00")]), Err(covered));
    check(daily(), policy(&[(&[], "06:00", "18:00"), (&[], "17:00", "06:00")]), Err(covered));
    // Rare schedules are no fault of the policy.
    check(rules("rate(999 days)", None), policy(&[]), Ok(()));
    check(rules("cron(0 /4 ? FEB TUE#5 *)", None), policy(&[]), Ok(()));
    let years = policy(&[
        (&[], "2026-01-01", "2026-12-31"),
        (&[], "2027-01-01", "2027-12-31"),
        (&[], "2028-01-01", "2028-12-31"),
        (&[], "2029-01-01", "2029-12-31"),
    ]);
    check(daily(), years, Err(&no_start("Tue 2030-01-01 00:00:00 +00:00")));
}

#[test]
fn a_preview_shows_five() {
    let secret = secret();
    let slots = secret.plan().unwrap().preview(None, at(NOW));
    let opens: Vec<String> = slots.iter().map(|slot| slot.opens.to_string()[..16].to_owned()).collect();
    let days = ["23", "24", "25", "26", "27"].map(|day| format!("2026-11-{day}T08:00"));
    assert_eq!(opens, days);
    assert_eq!(slots[0], next(&secret));
    let put_off = Slot { starts: at("2026-11-23T11:00"), ..slots[0] };
    let slots = secret.plan().unwrap().preview(Some(put_off), at(NOW));
    assert_eq!((slots.len(), slots[0]), (PREVIEW_SLOTS, put_off));
    let rate = Plan::new(&rules("rate(10 days)", None), None, &secret.arn, None).unwrap();
    let opens: Vec<i64> =
        rate.preview(None, at(NOW)).iter().map(|slot| slot.opens.millis() / DAY_MS).collect();
    let first = opens[0];
    assert_eq!(opens, [0, 10, 20, 30, 40].map(|days| first + days));
    // One that was put off by three days takes those after it along.
    let rate = Plan::new(&rules("rate(10 days)", None), None, &secret.arn, Some(at(NOW))).unwrap();
    let first = rate.next(at(NOW), at(NOW)).unwrap();
    let late = Slot { starts: first.starts.plus_millis(3 * DAY_MS), ..first };
    let slots = rate.preview(Some(late), at(NOW));
    assert_eq!(slots[1].opens.millis_since(first.opens), 13 * DAY_MS);
}

#[test]
fn verifications_are_an_hour_apart_at_least_and_stop_with_the_schedule() {
    let mut secret = secret();
    let verify = Some("rate(1 hour)".to_owned());
    secret.set_policy(Some(RotationPolicy { verify_schedule_expression: verify, ..policy(&[]) }), at(NOW));
    let first = secret.verification.clone().unwrap().next;
    assert!(first >= at("2026-11-23T07:00") && first < at("2026-11-23T07:45"), "{first}");
    secret.reschedule(first.plus_millis(MINUTE_MS));
    assert_eq!(secret.verification.clone().unwrap().next, first, "one that is due is not lost");
    let second = secret.next_verification(first).unwrap().next;
    assert_eq!(second.millis_since(first), HOUR_MS);
    let late = secret.next_verification(first.plus_millis(90 * MINUTE_MS)).unwrap().next;
    assert!(late.millis_since(first) > 90 * MINUTE_MS);
    secret.rotation.as_mut().unwrap().enabled = false;
    secret.reschedule(at(NOW));
    assert_eq!(secret.verification, None);
}

/// A clock that was ahead set a slot years away, and no slot before it was ever taken.
#[test]
fn a_clock_that_was_ahead_loses_no_slot() {
    let rotated_ahead = |expression: &str| {
        let mut secret = secret();
        secret.rotation.as_mut().unwrap().rules = Some(rules(expression, Some("4h")));
        secret.reschedule(at("2030-01-01T00:00"));
        secret.rotated = Some(at("2030-01-01T09:00"));
        secret.reschedule(at("2030-01-01T09:00"));
        secret
    };
    for (expression, opens) in
        [("cron(0 8 * * ? *)", "2026-11-23T08:00"), ("rate(1 day)", "2026-11-24T00:00")]
    {
        let secret = rotated_ahead(expression);
        assert!(next(&secret).opens > at("2030-01-01T00:00"));
        assert_eq!(secret.after_clock_change(at("2030-01-01T08:55")), None, "some minutes are no reason");
        let corrected = secret.after_clock_change(at(NOW)).unwrap();
        assert_eq!(next(&corrected).opens, at(opens), "{expression}");
        assert_eq!(corrected.after_clock_change(at(NOW)), None);
    }
}
