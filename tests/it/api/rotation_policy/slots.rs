//! Slots that are late, skipped, put off by a blackout, or met by a clock that jumps.

use keywheel::clock::Clock as _;
use keywheel_domain::time::HOUR_MS;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{World, add_secret, at, keywheel, next_start, put, rotated, secret, told, work_at};

async fn one(policy: Value) -> World {
    let world = World::new().await;
    add_secret(&world, "a").await;
    put(&world, "a", policy).await;
    world
}

#[tokio::test]
async fn after_downtime_several_slots_count_as_one() {
    let check = |catch_up: bool, moment: &'static str, expected: (bool, &'static str, &'static str)| async move {
        let world = one(json!({"CatchUp": catch_up})).await;
        work_at(&world, moment).await;
        let (rotates, row, next) = expected;
        let rotated = rotated(&world, "a").await;
        assert_eq!(rotated.as_deref(), rotates.then_some(moment), "catch-up {catch_up} at {moment}");
        assert_eq!(told(&world, "a").await, [row], "catch-up {catch_up} at {moment}");
        assert_eq!(next_start(&world, "a").await.unwrap(), next);
    };
    let started = "ScheduledRotation: slot 2025-11-24T08:00:00.000Z";
    check(true, "2025-11-24T11:59", (true, started, "2025-11-25T08:00")).await;
    check(true, "2025-11-24T12:00", (true, started, "2025-11-25T08:00")).await;
    check(true, "2025-11-30T15:00", (true, started, "2025-12-01T08:00")).await;
    check(false, "2025-11-24T11:59", (true, started, "2025-11-25T08:00")).await;
    let skipped = "ScheduledRotationSkipped: slot 2025-11-24T08:00:00.000Z: its window has passed, and the \
                   policy does not catch up; the next start is 2025-12-01T08:00:00.000Z";
    check(false, "2025-11-30T15:00", (false, skipped, "2025-12-01T08:00")).await;
}

#[tokio::test]
async fn without_catch_up_a_window_that_is_open_is_not_lost() {
    let world = one(json!({"CatchUp": false})).await;
    work_at(&world, "2025-11-30T09:00").await;
    assert_eq!(rotated(&world, "a").await.unwrap(), "2025-11-30T09:00");
    let rows = told(&world, "a").await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[0].starts_with("ScheduledRotationSkipped: slot 2025-11-24T08:00"), "{rows:?}");
    assert_eq!(rows[1], "ScheduledRotation: slot 2025-11-30T08:00:00.000Z");
}

#[tokio::test]
async fn a_slot_that_meets_a_blackout_waits_for_its_end() {
    let world = one(json!({"Blackouts": [{"From": "09:00", "Until": "10:30"}]})).await;
    assert_eq!(next_start(&world, "a").await.unwrap(), "2025-11-24T08:00");
    work_at(&world, "2025-11-24T09:15").await;
    assert_eq!(rotated(&world, "a").await, None);
    assert_eq!(next_start(&world, "a").await.unwrap(), "2025-11-24T10:30");
    assert_eq!(
        told(&world, "a").await,
        ["ScheduledRotationPutOff: slot 2025-11-24T08:00:00.000Z: a blackout goes on; the next start is \
          2025-11-24T10:30:00.000Z"]
    );
    work_at(&world, "2025-11-24T10:30").await;
    assert_eq!(rotated(&world, "a").await.unwrap(), "2025-11-24T10:30");
}

/// A test of the settings that was still going on took the slot's place, and nothing rotated.
#[tokio::test]
async fn a_slot_waits_for_a_job_that_changes_nothing() {
    let world = one(json!({})).await;
    world.clock.set(at("2025-11-24T08:00"));
    let test = json!({
        "SecretId": "a",
        "ClientRequestToken": "33333333-3333-4333-8333-333333333333",
        "RotateImmediately": false,
    });
    world.call("RotateSecret", &test).await.unwrap();
    let arn = secret(&world, "a").await.arn;
    world.ops.start_scheduled(&arn, world.clock.now()).await.unwrap();
    assert_eq!(next_start(&world, "a").await.unwrap(), "2025-11-24T08:05");
    work_at(&world, "2025-11-24T08:05").await;
    assert_eq!(rotated(&world, "a").await.unwrap(), "2025-11-24T08:05");
}

#[tokio::test]
async fn the_next_slot_is_skipped_and_only_that() {
    let world = one(json!({})).await;
    let skip = json!({"SecretId": "a", "Opens": at("2025-11-24T08:00").millis() / 1_000});
    let answer = keywheel(&world, "SkipRotation", &skip).await.unwrap();
    assert_eq!(answer["Skipped"]["OpensLocal"], "Mon 2025-11-24 08:00:00 +00:00");
    assert_eq!(answer["Next"]["StartsLocal"], "Tue 2025-11-25 08:00:00 +00:00");
    let again = keywheel(&world, "SkipRotation", &skip).await.unwrap_err();
    assert_eq!(
        again.to_string(),
        "InvalidRequestException: The next slot opens at 2025-11-25T08:00:00.000Z, not at \
         2025-11-24T08:00:00.000Z: that one was skipped or has run."
    );
    work_at(&world, "2025-11-24T12:00").await;
    assert_eq!(rotated(&world, "a").await, None);
    work_at(&world, "2025-11-25T08:00").await;
    assert_eq!(rotated(&world, "a").await.unwrap(), "2025-11-25T08:00");
    world.call("CancelRotateSecret", &json!({"SecretId": "a"})).await.unwrap();
    let none = keywheel(&world, "SkipRotation", &json!({"SecretId": "a"})).await.unwrap_err();
    assert_eq!(
        none.to_string(),
        "InvalidRequestException: No rotation of this secret is scheduled, so there is none to skip: rotation is \
         off or has no schedule."
    );
}

#[tokio::test]
async fn a_verification_is_taken_once() {
    let world = one(json!({"VerifyScheduleExpression": "rate(1 hour)"})).await;
    let arn = secret(&world, "a").await.arn;
    let due = secret(&world, "a").await.verification.unwrap().next;
    assert!(!world.ops.start_verification(&arn, due.plus_millis(-1)).await.unwrap());
    assert!(world.ops.start_verification(&arn, due).await.unwrap());
    assert!(!world.ops.start_verification(&arn, due).await.unwrap());
    assert_eq!(secret(&world, "a").await.verification.unwrap().next, due.plus_millis(HOUR_MS));
    let key = keywheel::ops::keys::due(&keywheel::ops::keys::DueEntry {
        at: due.plus_millis(HOUR_MS),
        due: keywheel::ops::keys::Due::Verify,
        secret_arn: arn,
    });
    assert!(world.image().entries().contains_key(&key), "the index knows the next one");
}

/// Where the clock goes next, in minutes from where it stands.
fn jumps() -> impl Strategy<Value = Vec<i64>> {
    let day = 24 * 60_i64;
    let jump = prop_oneof![
        6 => 0..3 * day,
        2 => -2 * day..0,
        1 => 0..60 * day,
    ];
    prop::collection::vec(jump, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_clock_that_jumps_runs_no_slot_twice_and_loses_none(
        jumps in jumps(), catch_up: bool, black: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(jump(&jumps, catch_up, black));
    }
}

async fn jump(jumps: &[i64], catch_up: bool, black: bool) {
    let blackouts =
        if black { json!([{"Days": ["TUE"], "From": "07:00", "Until": "13:00"}]) } else { json!([]) };
    let world = one(json!({"CatchUp": catch_up, "Blackouts": blackouts})).await;
    for minutes in jumps {
        let slot = secret(&world, "a").await.rotation.unwrap().next.unwrap();
        let rows = told(&world, "a").await.len();
        world.clock.advance(minutes * 60_000);
        world.work().await;
        let now = world.clock.now();
        let next = secret(&world, "a").await.rotation.unwrap().next.unwrap();
        let rows = &told(&world, "a").await[rows..];
        assert!(next.starts > now, "a slot stays due at {now}");
        if slot.starts > now {
            assert_eq!((next, rows.len()), (slot, 0), "at {now}: {rows:?}");
            continue;
        }
        let ran = rows.iter().filter(|row| row.starts_with("ScheduledRotation: ")).count();
        assert!(ran <= 1, "{rows:?}");
        assert!(!rows.is_empty(), "a slot was lost at {now}");
        let is_open = slot.opens <= now && now < slot.closes;
        if !black && (catch_up || is_open) {
            assert_eq!(ran, 1, "at {now}: {rows:?}");
        }
        // No window that opens between them is left out.
        if !black {
            assert!(next.opens.millis_since(now) <= 24 * HOUR_MS, "{} at {now}", next.opens);
        }
    }
    let rows = told(&world, "a").await;
    let mut ran: Vec<&String> = rows.iter().filter(|row| row.starts_with("ScheduledRotation: ")).collect();
    let count = ran.len();
    ran.sort_unstable();
    ran.dedup();
    assert_eq!(ran.len(), count, "a slot ran twice: {rows:?}");
}

/// What cannot begin is left out and says why; it is not tried again and again.
#[tokio::test]
async fn a_slot_without_room_for_its_labels_is_left_out() {
    let world = one(json!({})).await;
    for number in 0..18 {
        let stage = json!({
            "SecretId": "a", "VersionStage": format!("L{number}"), "MoveToVersionId": super::TOKENS[0],
        });
        world.call("UpdateSecretVersionStage", &stage).await.unwrap();
    }
    work_at(&world, "2025-11-24T08:00").await;
    assert_eq!(rotated(&world, "a").await, None);
    assert_eq!(
        told(&world, "a").await,
        [
            "ScheduledRotationSkipped: slot 2025-11-24T08:00:00.000Z: a secret has at most 20 staging labels; the \
          next start is 2025-11-25T08:00:00.000Z"
        ]
    );
    let stage = json!({"SecretId": "a", "VersionStage": "L0", "RemoveFromVersionId": super::TOKENS[0]});
    world.call("UpdateSecretVersionStage", &stage).await.unwrap();
    work_at(&world, "2025-11-25T08:00").await;
    assert_eq!(rotated(&world, "a").await.unwrap(), "2025-11-25T08:00");
}
