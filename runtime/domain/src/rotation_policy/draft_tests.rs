//! What a policy may say, and the sentences that refuse the rest.

use super::*;
use crate::api::Tag;
use crate::rotation::Step;
use crate::secret::{Scope, Secret};

fn scope() -> Scope {
    Scope { account: "123456789012".into(), region: "us-east-1".into() }
}

fn check(draft: PolicyDraft, expected: Result<(), &str>) {
    let told = draft.check(&scope()).map(drop).map_err(|error| error.to_string());
    assert_eq!(told, expected.map_err(str::to_owned));
}

fn blackout(days: &[&str], from: &str, until: &str) -> PolicyDraft {
    let days = days.iter().map(|day| (*day).to_owned()).collect();
    let entry = BlackoutText { days, from: from.into(), until: until.into() };
    PolicyDraft { blackouts: vec![entry], ..PolicyDraft::default() }
}

fn approvals(before: &[&str], count: Option<u32>, approvers: &[&str]) -> PolicyDraft {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let draft = ApprovalDraft {
        before: owned(before),
        count,
        approvers: owned(approvers),
        expires_after_hours: None,
    };
    PolicyDraft { approvals: Some(draft), ..PolicyDraft::default() }
}

#[test]
fn blackouts() {
    let check = |days: &[&str], from, until, expected: Result<(), &str>| {
        let expected = expected.map_err(|why| format!("Blackouts: entry 1: {why}"));
        check(blackout(days, from, until), expected.as_ref().copied().map_err(String::as_str));
    };
    check(&[], "2026-12-20", "2027-01-03", Ok(()));
    check(&[], "2026-12-20", "2026-12-20", Ok(()));
    check(&["FRI"], "16:00", "24:00", Ok(()));
    check(&["fri", "SAT", "FRI"], "22:00", "06:00", Ok(()));
    check(&[], "00:00", "24:00", Ok(()));
    let date = |text| format!("`{text}` is not a date: give one of 1970 to 2100 such as `2026-12-20`");
    for wrong in
        ["2026-13-01", "2026-02-29", "2026-1-2", "1969-12-31", "2101-01-01", "20-12-2026", "+02026-01-01"]
    {
        check(&[], wrong, "2027-01-01", Err(&date(&wrong[..wrong.len().min(20)])));
    }
    check(&[], "16:00", "2027-01-01", Err(&date("16:00")));
    let time = |text| {
        format!(
            "`{text}` is not a time: give one such as `16:00`, at most `24:00` in Until and `23:59` in From"
        )
    };
    for wrong in ["24:00", "16", "16:60", "4:00", "1600", "16:00:00", "", "ab:cd"] {
        check(&[], wrong, "18:00", Err(&time(wrong)));
    }
    check(&[], "16:00", "24:01", Err(&time("24:01")));
    check(
        &[],
        "16:00",
        "16:00",
        Err("From and Until are the same time: give `00:00` and `24:00` for whole days"),
    );
    check(
        &["FRI"],
        "2026-12-20",
        "2026-12-21",
        Err("Days go with times, not with dates: give times in From and Until, or leave Days out"),
    );
    check(
        &["FRIDAY"],
        "16:00",
        "18:00",
        Err("`FRIDAY` is not a day: give SUN, MON, TUE, WED, THU, FRI or SAT"),
    );
    check(
        &[],
        "2026-12-20",
        "2026-12-19",
        Err("Until, the last day, is before From: give `2026-12-20` or later"),
    );
    check(&[], "2026-01-01", "2027-01-01", Ok(()));
    check(&[], "2026-01-01", "2027-01-02", Err("more than 366 days: give at most `2027-01-01` as Until"));
}

#[test]
fn who_approves() {
    let user = "arn:aws:iam::123456789012:user/ann";
    check(approvals(&["setSecret", "createSecret"], None, &[]), Ok(()));
    check(approvals(&["setSecret"], Some(10), &["arn:aws:iam::*:user/*"]), Ok(()));
    check(approvals(&["setSecret"], Some(2), &[user, "arn:aws:iam::123456789012:root"]), Ok(()));
    check(
        approvals(&[], None, &[]),
        Err("Approvals.Before is empty: name at least one step, or leave Approvals out"),
    );
    check(
        approvals(&["set_secret"], None, &[]),
        Err(
            "Approvals.Before: `set_secret` is not a step: give createSecret, setSecret, testSecret or finishSecret",
        ),
    );
    check(
        approvals(&["setSecret", "setSecret"], None, &[]),
        Err("Approvals.Before: `setSecret` is named twice: name each step once"),
    );
    check(approvals(&["setSecret"], Some(0), &[]), Err("Approvals.Count: give 1 to 10"));
    check(approvals(&["setSecret"], Some(11), &[]), Err("Approvals.Count: give 1 to 10"));
    check(
        approvals(&["setSecret"], Some(2), &[user]),
        Err("Approvals.Count is `2`, but Approvers name 1 only: give at most 1, or name more, or use `*`"),
    );
    check(
        approvals(&["setSecret"], None, &[user, user]),
        Err(
            "Approvals.Approvers: `arn:aws:iam::123456789012:user/ann` is named twice, and can approve once only: \
             name each once",
        ),
    );
    for wrong in [
        "ann",
        "*",
        "arn:aws:iam::123456789012",
        "arn:aws:iam::210987654321:user/ann",
        "arn:aws:iam::1*:user/ann",
        "arn:aws:iam::123456789012:user/",
        "arn:aws:iam::123456789012:group/ops",
        "arn:aws:iam::123456789012:user/a b",
        "arn:aws:s3:::bucket",
    ] {
        check(
            approvals(&["setSecret"], None, &[wrong]),
            Err(&format!(
                "Approvals.Approvers: `{wrong}` is not the ARN of a user, a role or the root of this account: give \
                 one such as `arn:aws:iam::123456789012:user/*`"
            )),
        );
    }
}

#[test]
fn the_other_members() {
    let verify = |text: &str| PolicyDraft {
        verify_schedule_expression: Some(text.to_owned()),
        ..PolicyDraft::default()
    };
    check(verify("rate(1 hour)"), Ok(()));
    check(verify("cron(0 /2 * * ? *)"), Ok(()));
    check(
        verify("rate(30 minutes)"),
        Err(
            "VerifyScheduleExpression: `rate(30 minutes)` is not a rate: give a number and `hours` or `days`, as in \
             `rate(10 days)`",
        ),
    );
    check(
        verify("rate(0 hours)"),
        Err(
            "VerifyScheduleExpression: `rate(0 hours)` is out of range: give at least 1 hour and at most 999 days",
        ),
    );
    let group = |name: &str| PolicyDraft {
        group: Some(Group { name: name.to_owned(), max_concurrent: 1 }),
        ..PolicyDraft::default()
    };
    check(group("payments/db_1.eu-west"), Ok(()));
    check(
        group("payments db"),
        Err("Group.Name: give 1 to 64 letters, digits, `-`, `_`, `.` or `/`, such as `payments-db`"),
    );
    let apart =
        PolicyDraft { apart: Some(Apart { secret_ids: Vec::new(), hours: 1 }), ..PolicyDraft::default() };
    check(apart, Err("Apart.SecretIds is empty: name at least one secret, or leave Apart out"));
    let zone = PolicyDraft { time_zone: Some("Mars/Phobos".into()), ..PolicyDraft::default() };
    check(
        zone,
        Err(
            "TimeZone: `Mars/Phobos` is not a time zone of the IANA database: give a name such as `Europe/Berlin`",
        ),
    );
    check(PolicyDraft::default(), Ok(()));
}

#[test]
fn the_stored_form_leaves_out_what_is_unset_and_reads_what_is_missing() {
    let text = serde_json::to_string(&RotationPolicy::default()).unwrap();
    assert_eq!(text, r#"{"CatchUp":true,"MaxAttempts":8}"#);
    assert_eq!(serde_json::from_str::<RotationPolicy>("{}").unwrap(), RotationPolicy::default());
    let draft = PolicyDraft {
        time_zone: Some("europe/berlin".into()),
        ..blackout(&["SAT", "fri"], "16:00", "24:00")
    };
    let policy = draft.check(&scope()).unwrap();
    let text = serde_json::to_string(&policy).unwrap();
    let told = r#"{"TimeZone":"Europe/Berlin","Blackouts":[{"Days":["FRI","SAT"],"From":"16:00","Until":"24:00"}],"CatchUp":true,"MaxAttempts":8}"#;
    assert_eq!(text, told);
    assert_eq!(serde_json::from_str::<RotationPolicy>(&text).unwrap(), policy);
}

#[test]
fn rules_for_approvals_from_tags() {
    let check = |tags: &[(&str, &str)], expected: Option<(&[Step], u32)>| {
        let mut secret = Secret::new(scope(), "app", "AbCdEf", Timestamp::default());
        secret.tags =
            tags.iter().map(|(key, value)| Tag { key: (*key).into(), value: (*value).into() }).collect();
        let rules = approval_rules(&secret);
        let found = rules.as_ref().map(|rules| (rules.before.as_slice(), rules.count));
        assert_eq!(found, expected, "{tags:?}");
        assert!(rules.is_none_or(|rules| rules.approvers.is_empty() && rules.expires_after_hours == 24));
    };
    let (before, count) = (APPROVE_BEFORE_TAG, APPROVALS_TAG);
    let two: &[Step] = &[Step::SetSecret, Step::FinishSecret];
    check(&[("team", "blue")], None);
    check(&[(before, "setSecret")], Some((&[Step::SetSecret], 1)));
    check(&[(before, "finishSecret setSecret")], Some((two, 1)));
    check(&[(before, "setSecret+finishSecret+setSecret"), (count, "2")], Some((two, 2)));
    // What cannot be read means every step.
    check(&[(before, "")], Some((&Step::ALL, 1)));
    check(&[(before, "setsecret")], Some((&Step::ALL, 1)));
    check(&[(before, "setSecret,finishSecret")], Some((&Step::ALL, 1)));
    check(&[(before, "setSecret"), (count, "two")], Some((&Step::ALL, 1)));
    check(&[(before, "setSecret"), (count, "0")], Some((&Step::ALL, 1)));
    check(&[(before, "setSecret"), (count, "-1")], Some((&Step::ALL, 1)));
    check(&[(before, "setSecret"), (count, "11")], Some((&Step::ALL, 10)));
    check(&[(count, "3")], Some((&Step::ALL, 3)));
}

#[test]
fn a_policy_with_approvals_wins_over_tags() {
    let mut secret = Secret::new(scope(), "app", "AbCdEf", Timestamp::default());
    secret.tags = vec![Tag { key: APPROVE_BEFORE_TAG.into(), value: "setSecret".into() }];
    let mut policy = approvals(&["createSecret"], Some(2), &[]).check(&scope()).unwrap();
    secret.policy = Some(policy.clone());
    assert_eq!(approval_rules(&secret), policy.approvals);
    // One that says nothing of approvals leaves the tags in force.
    policy.approvals = None;
    secret.policy = Some(policy);
    assert_eq!(approval_rules(&secret).map(|rules| rules.before), Some(vec![Step::SetSecret]));
}
