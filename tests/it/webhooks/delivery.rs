//! What is told, in which order, and what an endpoint that fails holds up.

use keywheel_domain::time::{MINUTE_MS, SECOND_MS};

use super::*;

#[tokio::test]
async fn each_webhook_is_told_its_own_events_in_order() {
    let world = World::new().await;
    world.add(REGION, 1).await;
    let secret = world.put("all").await;
    let some =
        json!({"Name": "some", "Url": "https://some.example/x?y", "Events": ["Event1", "DeleteWebhook"]});
    world.call("PutWebhook", some).await.unwrap();
    world.add("eu-west-1", 2).await;
    world.add(REGION, 2).await;
    let mut process = world.start();

    // Both are told at once; each gets its next event when it has taken the one before.
    let mut told = [Vec::new(), Vec::new()];
    for _ in 0..5 {
        let arrival = process.arrival().await;
        let is_all = arrival.delivery.endpoint.host.to_string() == "all.example";
        assert_eq!(arrival.is_signed_by(&secret), is_all);
        told[usize::from(!is_all)].push(arrival.answer(200));
    }
    // Row 1 was there before; 4 and 5 are another region's.
    let all =
        ["2 PutWebhook", "3 PutWebhook", "6 Event0", "7 Event1"].map(|event| format!("all.example {event}"));
    assert_eq!(told, [all.to_vec(), vec!["some.example 7 Event1".to_owned()]]);
    process.is_silent().await;

    world.add(REGION, 1).await;
    let arrival = process.arrival().await;
    let expected = json!({
        "EventId": 8,
        "Time": SimClock::NOON_MS / 1000,
        "Event": "Event0",
        "Caller": format!("arn:aws:iam::{ACCOUNT}:root"),
        "SecretARN": format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app-AbCdEf"),
    });
    assert_eq!(arrival.body(), expected);
    assert_eq!(arrival.header("content-type"), "application/json");
    assert!(arrival.header("user-agent").starts_with("keywheel/0."));
    assert_eq!(arrival.header(TIMESTAMP), (SimClock::NOON_MS / 1000).to_string());
    arrival.answer(204);
    process.is_silent().await;
    assert_eq!(world.listed("all").await["LastStatus"], 204);
    process.stop().await;
}

#[tokio::test]
async fn one_request_is_on_its_way_at_a_time() {
    let world = World::new().await;
    world.put("ops").await;
    world.add(REGION, 3).await;
    let mut process = world.start();
    let first = process.arrival().await;
    process.is_silent().await;
    assert_eq!(first.answer(200), "ops.example 1 PutWebhook");
    let second = process.arrival().await;
    process.is_silent().await;
    assert_eq!(second.answer(200), "ops.example 2 Event0");
    process.kill().await;
}

#[tokio::test]
async fn a_failure_is_tried_again_for_ever_after_growing_pauses() {
    let world = World::new().await;
    let secret = world.put("ops").await;
    world.add(REGION, 1).await;
    let mut process = world.start();
    let longest = [10, 20, 40, 80, 160].map(|seconds| seconds * SECOND_MS).into_iter();
    let mut signatures = std::collections::BTreeSet::new();
    for (failures, longest) in longest.chain(std::iter::repeat_n(5 * MINUTE_MS, 60)).enumerate() {
        let arrival = process.arrival().await;
        assert_eq!(arrival.told(), "ops.example 1 PutWebhook");
        assert!(arrival.is_signed_by(&secret), "each time anew");
        signatures.insert(arrival.header(SIGNATURE).to_owned());
        let status = [500, 404, 301, 429, 100][failures % 5];
        arrival.answer(status);
        turns().await;
        let listed = world.listed("ops").await;
        assert_eq!(
            (&listed["LastStatus"], &listed["FailuresInARow"]),
            (&json!(status), &json!(failures + 1))
        );
        assert!(listed["LastError"].as_str().unwrap().contains(&status.to_string()), "{listed}");
        assert!(listed["NextTryDate"].is_number() && listed["LastEventId"] == 0, "{listed}");
        assert!(world.wait_for_next().await <= longest);
    }
    assert!(signatures.len() > 50);
    assert_eq!(process.answer(200).await, "ops.example 1 PutWebhook");
    assert_eq!(process.answer(200).await, "ops.example 2 Event0");
    process.is_silent().await;
    let listed = world.listed("ops").await;
    assert_eq!((&listed["LastEventId"], &listed["FailuresInARow"]), (&json!(2), &json!(0)));
    assert!(listed["LastError"].is_null() && listed["NextTryDate"].is_null(), "{listed}");
    // The failures are in no row.
    assert_eq!(world.node.ops.last_event_id().await.unwrap(), 2);
    process.stop().await;
}

#[tokio::test]
async fn a_dead_endpoint_holds_up_no_other() {
    let world = World::new().await;
    world.put("dead").await;
    world.put("live").await;
    world.add(REGION, 500).await;
    let mut process = world.start();
    let (mut hanging, mut told) = (0, 0);
    while told < 501 {
        let arrival = process.arrival().await;
        // What is dropped is never answered.
        match arrival.delivery.endpoint.host.to_string().as_str() {
            "dead.example" => hanging += 1,
            _ => {
                arrival.answer(200);
                told += 1;
            }
        }
    }
    process.is_silent().await;
    assert_eq!(hanging, 1);
    assert_eq!(world.listed("live").await["LastEventId"], 502);
    let metrics = world.node.metrics.render();
    let check = |line: &str| assert!(metrics.lines().any(|found| found == line), "{line} in\n{metrics}");
    check(r#"keywheel_webhook_deliveries_total{region="us-east-1",webhook="live",outcome="delivered"} 501"#);
    check(r#"keywheel_webhook_backlog{region="us-east-1",webhook="live"} 0"#);
    check(r#"keywheel_webhook_backlog{region="us-east-1",webhook="dead"} 502"#);
    process.kill().await;
}

/// What is delivered at a stop may end; what hangs is cut off.
#[tokio::test]
async fn a_stop_waits_for_answers_and_not_for_ever() {
    for answers in [true, false] {
        let world = World::new().await;
        world.put("ops").await;
        world.add(REGION, 1).await;
        let mut process = world.start();
        let arrival = process.arrival().await;
        process.stop.send(true).unwrap();
        turns().await;
        assert!(!process.task.is_finished());
        if answers {
            arrival.answer(200);
        } else {
            assert!(world.wait_for_next().await <= 2 * SECOND_MS);
        }
        process.task.await.unwrap();
        assert_eq!(world.listed("ops").await["LastEventId"], u64::from(answers));
        assert!(process.arrivals.try_recv().is_err(), "nothing else is begun");
    }
}

/// A long way through rows of others is noted on disk now and then, and not walked again.
#[tokio::test]
async fn what_is_passed_over_is_not_read_for_ever() {
    let world = World::new().await;
    world.put("ops").await;
    let mut process = world.start();
    process.answer(200).await;
    world.add("eu-west-1", 2_500).await;
    turns().await;
    let noted = world.listed("ops").await["LastEventId"].as_u64().unwrap();
    assert!((1_501..=2_501).contains(&noted), "{noted}");
    let metrics = world.node.metrics.render();
    assert!(
        metrics.contains("keywheel_webhook_backlog{region=\"us-east-1\",webhook=\"ops\"} 0\n"),
        "{metrics}"
    );
    world.add(REGION, 1).await;
    assert_eq!(process.answer(200).await, "ops.example 2502 Event0");
    process.is_silent().await;
    process.stop().await;
}
