use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_763_899_200_000);

fn webhook() -> Webhook {
    Webhook {
        scope: Scope { account: "123456789012".to_owned(), region: "us-east-1".to_owned() },
        name: "ops".to_owned(),
        id: "1".to_owned(),
        url: "https://hooks.example/".to_owned(),
        events: None,
        enabled: true,
        sealed_secret: String::new(),
        created: NOW,
        cursor: 4,
        last_try: None,
        failures: 0,
        next_try: None,
    }
}

/// Cursor, failures, whether it is enabled, the pause and the error after a delivery of row 7.
#[track_caller]
fn check(
    outcome: Outcome,
    cursor: u64,
    failures: u32,
    enabled: bool,
    pause: Option<i64>,
    error: Option<&str>,
) {
    let before = Webhook { failures: 2, ..webhook() };
    let after = before.after(7, &outcome, NOW, u64::MAX / 2);
    assert_eq!((after.cursor, after.failures, after.enabled), (cursor, failures, enabled));
    assert_eq!(after.next_try.map(|at| at.millis_since(NOW)), pause);
    assert_eq!(after.last_try.and_then(|last| last.error).as_deref(), error);
}

#[test]
fn only_a_delivery_moves_the_cursor_over_its_row() {
    let pause = Some(back_off_ms(3, u64::MAX / 2));
    check(Outcome::Answered(200), 7, 0, true, None, None);
    check(Outcome::Answered(204), 7, 0, true, None, None);
    check(Outcome::Answered(500), 6, 3, true, pause, Some("the endpoint answered 500"));
    let told = "the endpoint answered 302: redirects are not followed";
    check(Outcome::Answered(302), 6, 3, true, pause, Some(told));
    check(Outcome::Answered(100), 6, 3, true, pause, Some("the endpoint answered 100"));
    check(Outcome::Failed("no connection".to_owned()), 6, 3, true, pause, Some("no connection"));
    let told = "the endpoint answered 410: it wants no more events";
    check(Outcome::Answered(410), 6, 3, false, None, Some(told));
    let long = "ä".repeat(ERROR_CHARS_MAX + 1);
    check(Outcome::Failed(long.clone()), 6, 3, true, pause, Some(&long[2..]));
}

#[test]
fn an_old_row_never_moves_the_cursor_back() {
    assert_eq!(webhook().passed(3).cursor, 4);
    assert_eq!(webhook().after(2, &Outcome::Answered(200), NOW, 0).cursor, 4);
    assert_eq!(webhook().after(2, &Outcome::Answered(500), NOW, 0).cursor, 4);
}

#[test]
fn pauses_double_up_to_five_minutes() {
    let longest = [10, 20, 40, 80, 160, 300, 300];
    for (failures, seconds) in (1..).zip(longest) {
        let ms = seconds * SECOND_MS;
        assert_eq!(back_off_ms(failures, ms.unsigned_abs()), ms, "all of it may be drawn");
        assert_eq!(back_off_ms(failures, ms.unsigned_abs() + 1), 0, "and none of it");
    }
    assert_eq!(back_off_ms(u32::MAX, 300_000), BACK_OFF_MAX_MS);
}

#[test]
fn a_clock_that_was_set_back_makes_no_pause_longer() {
    let resting = Webhook { next_try: Some(NOW.plus_millis(5_000)), ..webhook() };
    assert_eq!(resting.rests_until(NOW), Some(NOW.plus_millis(5_000)));
    assert_eq!(resting.rests_until(NOW.plus_millis(5_000)), None);
    let earlier = NOW.plus_millis(-3_600_000);
    assert_eq!(resting.rests_until(earlier), Some(earlier.plus_millis(BACK_OFF_MAX_MS)));
    assert_eq!(webhook().rests_until(NOW), None);
}

#[test]
fn a_webhook_wants_what_it_names_or_everything() {
    assert!(webhook().wants("RotationFailed"));
    let some = Webhook { events: Some(vec!["RotationFailed".to_owned()]), ..webhook() };
    assert!(
        some.wants("RotationFailed") && !some.wants("RotationSucceeded") && !some.wants("rotationfailed")
    );
}

#[test]
fn names_are_plain() {
    for (name, expected) in [
        ("ops", true),
        ("On-call_2.eu", true),
        ("", false),
        ("a b", false),
        ("a/b", false),
        ("ä", false),
        ("a\0", false),
    ] {
        assert_eq!(is_name(name), expected, "{name:?}");
    }
    assert!(is_name(&"a".repeat(64)) && !is_name(&"a".repeat(65)));
}
