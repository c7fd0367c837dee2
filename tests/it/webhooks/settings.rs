//! What an operator changes while events are delivered.

use super::*;

#[tokio::test]
async fn a_disabled_webhook_keeps_its_place() {
    let world = World::new().await;
    world.put("ops").await;
    let mut process = world.start();
    assert_eq!(process.answer(200).await, "ops.example 1 PutWebhook");
    let set = |enabled: bool| json!({"Name": "ops", "Url": "https://ops.example/", "Enabled": enabled});
    turns().await;
    let answer = world.call("PutWebhook", set(false)).await.unwrap();
    assert_eq!(answer["FromEventId"], 2);
    world.add(REGION, 2).await;
    process.is_silent().await;
    assert_eq!(world.listed("ops").await["Enabled"], false);
    world.call("PutWebhook", set(true)).await.unwrap();
    for event in ["2 PutWebhook", "3 Event0", "4 Event1", "5 PutWebhook"] {
        assert_eq!(process.answer(200).await, format!("ops.example {event}"));
    }
    process.is_silent().await;
    process.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_told_no_more() {
    let world = World::new().await;
    world.put("gone").await;
    let mut process = world.start();
    assert_eq!(process.answer(410).await, "gone.example 1 PutWebhook");
    process.is_silent().await;
    world.clock.advance(3_600_000);
    world.put("other").await;
    // The other one was made after the row that tells of it.
    assert_eq!(process.answer(200).await, "other.example 3 PutWebhook");
    process.is_silent().await;
    let listed = world.listed("gone").await;
    assert_eq!((&listed["Enabled"], &listed["LastStatus"]), (&json!(false), &json!(410)));
    assert!(listed["NextTryDate"].is_null() && listed["LastEventId"] == 0, "{listed}");

    let rows = world.call("ListEvents", json!({"From": 2, "MaxResults": 1})).await.unwrap();
    let row = &rows["Events"][0];
    assert_eq!((&row["Event"], &row["Caller"]), (&json!("WebhookDisabled"), &json!("keywheel:webhooks")));
    assert_eq!(row["SecretARN"], format!("arn:aws:keywheel:{REGION}:{ACCOUNT}:webhook/gone"));
    assert_eq!(row["Detail"], "the endpoint answered 410: it wants no more events");

    world.call("PutWebhook", json!({"Name": "gone", "Url": "https://back.example/"})).await.unwrap();
    let mut told = Vec::new();
    for _ in 0..5 {
        told.push(process.answer(200).await);
    }
    told.retain(|told| told.starts_with("back."));
    assert_eq!(told[0], "back.example 1 PutWebhook", "its place was kept");
    assert_eq!(told[1], "back.example 2 WebhookDisabled");
    process.kill().await;
}

/// A new URL is tried at once, and what the old one answers then changes nothing.
#[tokio::test]
async fn what_is_set_counts_at_once() {
    let world = World::new().await;
    let secret = world.put("old").await;
    let mut process = world.start();
    process.answer(500).await;
    process.is_silent().await;
    let new = json!({"Name": "old", "Url": "https://new.example/", "RotateSigningSecret": true});
    let answer = world.call("PutWebhook", new.clone()).await.unwrap();
    let new_secret = answer["SigningSecret"].as_str().unwrap();
    assert_ne!(new_secret, secret);
    let arrival = process.arrival().await;
    assert_eq!(arrival.told(), "new.example 1 PutWebhook", "the pause has ended");
    assert!(arrival.is_signed_by(new_secret) && !arrival.is_signed_by(&secret));

    // While a request to it is on its way, the webhook moves on.
    let newer = json!({"Name": "old", "Url": "https://newer.example/"});
    world.call("PutWebhook", newer).await.unwrap();
    arrival.answer(410);
    let arrival = process.arrival().await;
    assert_eq!(arrival.told(), "newer.example 1 PutWebhook");
    assert_eq!(world.listed("old").await["Enabled"], true, "who said so is not its endpoint any more");
    world.call("PutWebhook", new).await.unwrap();
    arrival.answer(200);
    assert_eq!(process.answer(200).await, "new.example 2 PutWebhook", "what arrived has arrived");
    process.kill().await;
}

#[tokio::test]
async fn a_webhook_that_is_taken_away_is_told_nothing() {
    let world = World::new().await;
    let secret = world.put("ops").await;
    let mut process = world.start();
    let arrival = process.arrival().await;
    world.call("DeleteWebhook", json!({"Name": "ops"})).await.unwrap();
    world.add(REGION, 1).await;
    let again = world.put("ops").await;
    assert_ne!(again, secret);
    // The answer to the old one is not taken for the new one's.
    let first = process.arrival().await;
    assert!(first.is_signed_by(&again));
    assert_eq!(first.told(), "ops.example 4 PutWebhook");
    arrival.answer(410);
    turns().await;
    assert_eq!(world.listed("ops").await["Enabled"], true);
    first.answer(200);
    process.is_silent().await;
    world.call("DeleteWebhook", json!({"Name": "ops"})).await.unwrap();
    process.is_silent().await;
    let metrics = world.node.metrics.render();
    assert!(!metrics.contains("webhook=\"ops\""), "{metrics}");
    process.stop().await;
}
