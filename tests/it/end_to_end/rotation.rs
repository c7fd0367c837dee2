//! A rotation: what it changes, what it never shows, and what it does when the server does not play along.

use keywheel_tests::wait;
use serde_json::json;

use super::{ROLE, SECRET, Site, labels, last_failure, rotate_now};

#[tokio::test]
async fn a_rotation_changes_the_password_and_shows_it_nowhere() {
    let (site, old) = Site::with_secret().await;
    assert!(site.accepts(&old).await);
    let before = site.client.call("DescribeSecret", json!({ "SecretId": SECRET })).await.unwrap();
    let (first, _) = before["VersionIdsToStages"].as_object().unwrap().iter().next().unwrap();

    let rotation = site.rotate().await;

    let new = site.password("AWSCURRENT").await;
    assert_ne!(new, old);
    assert!(site.accepts(&new).await, "the new password logs in");
    assert!(!site.accepts(&old).await, "the old password is refused");
    assert_eq!(site.password("AWSPREVIOUS").await, old);
    let missing =
        site.client.refusal("GetSecretValue", json!({ "SecretId": SECRET, "VersionStage": "AWSPENDING" }));
    assert!(missing.await.unwrap().starts_with("ResourceNotFoundException: "));

    let after = site.client.call("DescribeSecret", json!({ "SecretId": SECRET })).await.unwrap();
    let second = rotation["ClientRequestToken"].as_str().unwrap();
    assert_eq!(labels(&after, second), ["AWSCURRENT"]);
    assert_eq!(labels(&after, first), ["AWSPREVIOUS"]);
    assert_eq!(after["RotationEnabled"], true);
    assert!(after["LastRotatedDate"].is_number());

    let steps: Vec<_> =
        rotation["Attempts"].as_array().unwrap().iter().map(|attempt| &attempt["Step"]).collect();
    assert_eq!(steps, ["createSecret", "setSecret", "testSecret", "finishSecret"]);

    // The statement is in the server's log, so the search below would find a password beside it.
    let statement = format!("ALTER ROLE \"{ROLE}\" WITH PASSWORD 'SCRAM-SHA-256$");
    assert!(site.postgres.log().unwrap().contains(&statement));
    for password in [&old, &new] {
        assert_eq!(site.places_with(password).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_rotation_keeps_what_else_the_secret_holds() {
    let (site, password) = Site::with_secret().await;
    let mut value = site.postgres.secret_value(ROLE, &password);
    value["team"] = json!({ "name": "blue", "pager": [1, 2.50, null] });
    let put = json!({ "SecretId": SECRET, "SecretString": value.to_string() });
    site.client.call("PutSecretValue", put).await.unwrap();
    for _ in 0..2 {
        site.rotate().await;
        let mut rotated = site.client.value(SECRET, "AWSCURRENT").await.unwrap();
        assert!(site.accepts(rotated["password"].as_str().unwrap()).await);
        rotated["password"] = value["password"].clone();
        assert_eq!(rotated, value);
    }
}

#[tokio::test]
async fn a_wrong_current_password_is_told_and_the_advice_helps() {
    let (site, stored) = Site::with_secret().await;
    let in_use = site.postgres.change_password(ROLE).await.unwrap();
    site.client.call("RotateSecret", rotate_now()).await.unwrap();

    let told = wait::until("the function to say what is wrong", async || {
        let rotation = site.client.rotation(SECRET).await?;
        let attempts = rotation["Attempts"].as_array().into_iter().flatten();
        let mut failures = attempts.filter_map(|attempt| attempt["Failure"].as_str());
        Ok(failures.any(|told| told.contains(ROLE) && told.contains("store the one in use")).then_some(()))
    });
    told.await.unwrap();
    assert!(site.accepts(&in_use).await, "a failed rotation changes nothing on the server");
    assert_eq!(site.password("AWSCURRENT").await, stored);

    let value = site.postgres.secret_value(ROLE, &in_use).to_string();
    site.client.call("PutSecretValue", json!({ "SecretId": SECRET, "SecretString": value })).await.unwrap();
    site.rotate().await;
    let new = site.password("AWSCURRENT").await;
    assert!(new != in_use && site.accepts(&new).await);
}

#[tokio::test]
async fn a_server_that_comes_back_gets_its_rotation() {
    let (mut site, old) = Site::with_secret().await;
    site.postgres.stop();
    site.client.call("RotateSecret", rotate_now()).await.unwrap();
    let failed = wait::until("a step to fail", async || {
        let rotation = site.client.rotation(SECRET).await?;
        Ok(rotation["Attempts"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|attempt| attempt["Failure"].is_string())
            .then_some(rotation))
    });
    let failed = failed.await.unwrap();
    assert_ne!(failed["State"], "NeedsAttention", "{failed}");
    assert!(last_failure(&failed).contains("connecting to the server"), "{failed}");

    site.postgres.resume().await.unwrap();
    site.client.rotation_in(SECRET, "Succeeded").await.unwrap();
    let new = site.password("AWSCURRENT").await;
    assert!(site.accepts(&new).await && !site.accepts(&old).await);
}

#[tokio::test]
async fn a_value_that_the_function_cannot_read_changes_nothing() {
    let site = Site::start().await;
    let password = site.postgres.create_role(ROLE).await.unwrap();
    let good = site.postgres.secret_value(ROLE, &password);
    let without = |key: &str| {
        let mut value = good.clone();
        value.as_object_mut().unwrap().remove(key);
        value.to_string()
    };
    let with = |key: &str, text: &str| {
        let mut value = good.clone();
        value[key] = text.into();
        value.to_string()
    };
    let cases = [
        ("text", "not JSON".to_owned(), "not a JSON object"),
        ("no-username", without("username"), "`username`"),
        ("other-engine", with("engine", "oracle"), "`engine` must be `postgres`"),
        ("no-port", with("port", "many"), "`port`"),
    ];
    for (name, value, sentence) in cases {
        site.client.call("CreateSecret", json!({ "Name": name, "SecretString": value })).await.unwrap();
        let rotate = json!({ "SecretId": name, "RotationLambdaARN": super::FUNCTION_ARN });
        site.client.call("RotateSecret", rotate).await.unwrap();
        let rotation = site.client.rotation_in(name, "NeedsAttention").await.unwrap();
        assert!(last_failure(&rotation).contains(sentence), "{name}: {rotation}");
        let read = site.client.call("GetSecretValue", json!({ "SecretId": name })).await.unwrap();
        assert_eq!(read["SecretString"], value.as_str());
    }
    assert!(site.accepts(&password).await);
}
