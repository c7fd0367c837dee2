//! Rotation on a schedule, as far as it can be seen without waiting for hours.

use keywheel::clock::{Clock as _, SystemClock};
use keywheel_domain::time::DAY_MS;
use serde_json::{Value, json};

use super::{FUNCTION_ARN, SECRET, Site};

#[tokio::test]
async fn a_schedule_alone_tests_the_login_and_rotates_nothing() {
    let (site, password) = Site::with_secret().await;
    let before = site.client.call("DescribeSecret", json!({ "SecretId": SECRET })).await.unwrap();
    let rules = json!({ "ScheduleExpression": "rate(1 days)" });
    site.client.call("RotateSecret", configure(&rules)).await.unwrap();

    let rotation = site.client.rotation_in(SECRET, "Succeeded").await.unwrap();
    let steps: Vec<_> =
        rotation["Attempts"].as_array().unwrap().iter().map(|attempt| &attempt["Step"]).collect();
    assert_eq!(steps, ["testSecret"]);
    assert_eq!(site.password("AWSCURRENT").await, password);
    assert!(site.accepts(&password).await);

    let after = site.client.call("DescribeSecret", json!({ "SecretId": SECRET })).await.unwrap();
    assert_eq!(
        after["VersionIdsToStages"], before["VersionIdsToStages"],
        "the test leaves no version behind"
    );
    assert_eq!(after["RotationRules"], rules);
    assert_eq!(after["RotationEnabled"], true);
    let next_ms = (after["NextRotationDate"].as_f64().unwrap() * 1000.0) as i64;
    let now_ms = SystemClock.now().millis();
    assert!((now_ms..=now_ms + 2 * DAY_MS).contains(&next_ms), "{after}");
}

#[tokio::test]
async fn cancelling_keeps_the_function_and_forgets_the_next_date() {
    let (site, _) = Site::with_secret().await;
    let rules = json!({ "ScheduleExpression": "cron(0 4 ? * MON *)", "Duration": "2h" });
    site.client.call("RotateSecret", configure(&rules)).await.unwrap();
    site.client.rotation_in(SECRET, "Succeeded").await.unwrap();
    site.client.call("CancelRotateSecret", json!({ "SecretId": SECRET })).await.unwrap();
    let described = site.client.call("DescribeSecret", json!({ "SecretId": SECRET })).await.unwrap();
    assert_eq!(described["RotationEnabled"], false);
    assert_eq!(described["RotationLambdaARN"], FUNCTION_ARN);
    assert_eq!(described["RotationRules"], rules);
    assert_eq!(described["NextRotationDate"], Value::Null);
}

#[tokio::test]
async fn a_schedule_survives_the_process() {
    let (site, _) = Site::with_secret().await;
    site.client.call("RotateSecret", configure(&json!({ "AutomaticallyAfterDays": 30 }))).await.unwrap();
    site.client.rotation_in(SECRET, "Succeeded").await.unwrap();
    let describe = json!({ "SecretId": SECRET });
    let before = site.client.call("DescribeSecret", describe.clone()).await.unwrap();
    let (site, _) = site.kill_and_restart().await;
    let after = site.client.call("DescribeSecret", describe).await.unwrap();
    assert!(after["NextRotationDate"].is_number());
    assert_eq!(after, before);
}

fn configure(rules: &Value) -> Value {
    json!({
        "SecretId": SECRET,
        "RotationLambdaARN": FUNCTION_ARN,
        "RotationRules": rules,
        "RotateImmediately": false,
    })
}
