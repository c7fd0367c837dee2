//! Schedules beyond AWS's forms: policies by the API, and what the worker makes of them.

mod apart;
mod members;
mod slots;

use keywheel::clock::Clock as _;
use keywheel_domain::api::ApiError;
use keywheel_domain::secret::Secret;
use keywheel_domain::time::Timestamp;
use serde_json::{Value, json};

use super::world::{FUNCTION_ARN, World};

const TOKENS: [&str; 2] = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];

/// Milliseconds, as `2025-11-24T08:00`, in UTC.
fn at(text: &str) -> Timestamp {
    let (date, time) = text.split_once('T').unwrap();
    let number = |text: &str| text.parse::<i64>().unwrap();
    let [year, month, day] = date.split('-').map(number).collect::<Vec<_>>().try_into().unwrap();
    let (hour, minute) = time.split_once(':').unwrap();
    // Days of the civil calendar, with years that begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
    Timestamp::from_millis(((days * 24 + number(hour)) * 60 + number(minute)) * 60_000)
}

/// Calls an action that AWS does not have.
async fn keywheel(world: &World, action: &str, body: &Value) -> Result<Value, ApiError> {
    let answer = world.send(&format!("Keywheel.{action}"), body.to_string().as_bytes()).await?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

/// A secret that rotates from 08:00 to 12:00 of each day; it is noon of a Sunday, 2025-11-23.
async fn add_secret(world: &World, name: &str) {
    let [first, second] = TOKENS;
    let create = json!({"Name": name, "ClientRequestToken": first, "SecretString": "x"});
    world.call("CreateSecret", &create).await.unwrap();
    let rotate = json!({
        "SecretId": name,
        "ClientRequestToken": second,
        "RotationLambdaARN": FUNCTION_ARN,
        "RotationRules": {"ScheduleExpression": "cron(0 8 * * ? *)", "Duration": "4h"},
        "RotateImmediately": false,
    });
    world.call("RotateSecret", &rotate).await.unwrap();
    world.work().await;
}

/// Puts a policy under which rotations start with their window.
async fn put(world: &World, name: &str, mut policy: Value) {
    policy["SecretId"] = name.into();
    policy["SpreadMinutes"] = 0.into();
    keywheel(world, "PutRotationPolicy", &policy).await.unwrap();
}

/// Sets the clock, and lets the worker work.
async fn work_at(world: &World, moment: &str) {
    world.clock.set(at(moment));
    world.work().await;
}

async fn secret(world: &World, name: &str) -> Secret {
    let described = world.call("DescribeSecret", &json!({"SecretId": name})).await.unwrap();
    world.ops.secret_by_arn(described["ARN"].as_str().unwrap()).await.unwrap().unwrap().record
}

/// When the next rotation starts, as `2025-11-24T08:00`.
async fn next_start(world: &World, name: &str) -> Option<String> {
    let rotation = secret(world, name).await.rotation.unwrap();
    rotation.next.map(|slot| slot.starts.to_string()[..16].to_owned())
}

/// The audit rows about scheduled rotations of a secret: event and detail.
async fn told(world: &World, name: &str) -> Vec<String> {
    let arn = secret(world, name).await.arn;
    let page = keywheel::audit::read(&*world.store, 1, 1_000).await.unwrap();
    let rows = page.rows.into_iter().map(|(_, row)| row);
    rows.filter(|row| row.secret_arn == arn && row.event.starts_with("Scheduled"))
        .map(|row| format!("{}: {}", row.event, row.detail.unwrap_or_default()))
        .collect()
}

/// When it rotated last, as `2025-11-24T08:00`.
async fn rotated(world: &World, name: &str) -> Option<String> {
    secret(world, name).await.rotated.map(|at| at.to_string()[..16].to_owned())
}

#[tokio::test]
async fn the_clock_of_these_tests_begins_at_noon() {
    let world = World::new().await;
    assert_eq!(world.clock.now(), at("2025-11-23T12:00"));
}
