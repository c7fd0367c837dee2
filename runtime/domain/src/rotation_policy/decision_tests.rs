//! What becomes of a slot that is due, case by case.

use super::*;
use crate::secret::{Scope, Secret, Slot};
use crate::time::{HOUR_MS, MINUTE_MS};

/// A Monday.
const OPENS: &str = "2026-11-23T08:00";

fn at(text: &str) -> Timestamp {
    let text = format!("{text}:00Z");
    Timestamp::from_millis(chrono::DateTime::parse_from_rfc3339(&text).unwrap().timestamp_millis())
}

fn partner(rotated: Option<&str>, is_rotating: bool) -> Partner {
    Partner { secret_arn: "arn:other".into(), hours: 24, rotated: rotated.map(at), is_rotating }
}

#[derive(Default)]
struct Case {
    catches_up: bool,
    black: Option<(&'static str, &'static str)>,
    job_looks_again: Option<&'static str>,
    resumes: bool,
    partners: Vec<Partner>,
}

/// The slot's window is from 08:00 to 12:00.
fn check(case: Case, now: &str, expected: &Decision) {
    let scope = Scope { account: "123456789012".into(), region: "us-east-1".into() };
    let mut secret = Secret::new(scope, "app", "AbCdEf", Timestamp::default());
    let entry = case.black.map(|(from, until)| BlackoutText {
        days: Vec::new(),
        from: from.into(),
        until: until.into(),
    });
    let blackouts = entry.into_iter().map(|entry| Blackout::try_from(entry).unwrap()).collect();
    secret.policy =
        Some(RotationPolicy { catch_up: case.catches_up, blackouts, ..RotationPolicy::default() });
    let opens = at(OPENS);
    let slot = Slot { opens, closes: opens.plus_millis(4 * HOUR_MS), starts: opens.plus_millis(MINUTE_MS) };
    let job = case.job_looks_again.map(at);
    let decided = decide(&secret, slot, job, case.resumes, &case.partners, at(now));
    assert_eq!(decided, *expected, "at {now}");
}

#[test]
fn a_slot_that_is_late() {
    let off = Case::default;
    check(off(), "2026-11-23T08:01", &Decision::Start);
    check(off(), "2026-11-23T11:59", &Decision::Start);
    check(off(), "2026-11-23T12:00", &Decision::Skip);
    check(off(), "2026-11-29T12:00", &Decision::Skip);
    check(Case { catches_up: true, ..off() }, "2026-11-29T12:00", &Decision::Start);
}

#[test]
fn a_slot_in_a_blackout() {
    let put_off = |until| Decision::PutOff { until: at(until), why: Hindrance::Blackout };
    let case = || Case { black: Some(("09:00", "10:30")), catches_up: true, ..Case::default() };
    check(case(), "2026-11-23T08:59", &Decision::Start);
    check(case(), "2026-11-23T09:00", &put_off("2026-11-23T10:30"));
    check(case(), "2026-11-23T10:30", &Decision::Start);
    check(case(), "2026-11-24T09:30", &put_off("2026-11-24T10:30"));
    check(Case { resumes: true, ..case() }, "2026-11-23T09:00", &put_off("2026-11-23T10:30"));
    check(Case { catches_up: false, ..case() }, "2026-11-24T09:30", &Decision::Skip);
}

#[test]
fn a_slot_while_another_job_runs() {
    let put_off = |until| Decision::PutOff { until: at(until), why: Hindrance::Job };
    let case = |at| Case { job_looks_again: Some(at), resumes: true, ..Case::default() };
    check(case("2026-11-23T08:01"), "2026-11-23T08:02", &put_off("2026-11-23T08:07"));
    check(case("2026-11-23T08:30"), "2026-11-23T08:02", &put_off("2026-11-23T08:30"));
}

#[test]
fn a_slot_near_a_partner() {
    let now = "2026-11-23T09:00";
    let rotated = |at_, until| Decision::PutOff {
        until: at(until),
        why: Hindrance::PartnerRotated("arn:other".into(), at(at_)),
    };
    let case = |partners: &[Partner]| Case { partners: partners.to_vec(), ..Case::default() };
    check(case(&[partner(None, false)]), now, &Decision::Start);
    check(case(&[partner(Some("2026-11-22T09:00"), false)]), now, &Decision::Start);
    let recent = partner(Some("2026-11-22T09:01"), false);
    let until = rotated("2026-11-22T09:01", "2026-11-23T09:01");
    check(case(std::slice::from_ref(&recent)), now, &until);
    check(
        case(&[partner(None, false), recent.clone(), partner(Some("2026-11-22T09:00"), false)]),
        now,
        &until,
    );
    // The clock was set back by hours, and by weeks.
    check(
        case(&[partner(Some("2026-11-23T10:00"), false)]),
        now,
        &rotated("2026-11-23T10:00", "2026-11-24T10:00"),
    );
    check(case(&[partner(Some("2026-12-23T10:00"), false)]), now, &Decision::Start);
    let rotates = Hindrance::PartnerRotates("arn:other".into());
    let put_off = Decision::PutOff { until: at("2026-11-24T09:00"), why: rotates };
    check(case(&[recent.clone(), partner(None, true)]), now, &put_off);
    check(Case { resumes: true, ..case(&[partner(None, true), recent]) }, now, &Decision::Start);
}
