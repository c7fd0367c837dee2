//! What a policy is answered, and what is refused: nothing is stored then.

use serde_json::{Value, json};

use super::{World, add_secret, keywheel, next_start, put, secret};

#[tokio::test]
async fn a_policy_is_given_back_with_its_defaults() {
    let world = World::new().await;
    add_secret(&world, "a").await;
    world
        .call("CreateSecret", &json!({"Name": "admin", "ClientRequestToken": super::TOKENS[0]}))
        .await
        .unwrap();
    let get = json!({"SecretId": "a"});
    let none = keywheel(&world, "GetRotationPolicy", &get).await.unwrap();
    let arn = secret(&world, "a").await.arn;
    assert_eq!(none, json!({"ARN": arn, "Name": "a"}));
    let policy = json!({
        "SecretId": "a",
        "TimeZone": "europe/berlin",
        "Blackouts": [{"From": "2025-12-20", "Until": "2026-01-03"}, {"Days": ["fri"], "From": "16:00", "Until": "24:00"}],
        "SpreadMinutes": 0,
        "Group": {"Name": "payments", "MaxConcurrent": 2},
        "Approvals": {"Before": ["setSecret"], "Approvers": ["arn:aws:iam::123456789012:user/*"]},
        "VerifyScheduleExpression": "rate(6 hours)",
        "ReadableSecretIds": ["admin"],
    });
    let answer = keywheel(&world, "PutRotationPolicy", &policy).await.unwrap();
    assert_eq!(answer["Next"]["StartsLocal"], "Mon 2025-11-24 08:00:00 +01:00");
    assert_eq!(next_start(&world, "a").await.unwrap(), "2025-11-24T07:00");
    let admin = secret(&world, "admin").await.arn;
    let stored = json!({
        "TimeZone": "Europe/Berlin",
        "Blackouts": [{"From": "2025-12-20", "Until": "2026-01-03"}, {"Days": ["FRI"], "From": "16:00", "Until": "24:00"}],
        "SpreadMinutes": 0,
        "Group": {"Name": "payments", "MaxConcurrent": 2},
        "CatchUp": true,
        "MaxAttempts": 8,
        "Approvals": {
            "Before": ["setSecret"],
            "Count": 1,
            "Approvers": ["arn:aws:iam::123456789012:user/*"],
            "ExpiresAfterHours": 24,
        },
        "VerifyScheduleExpression": "rate(6 hours)",
        "ReadableSecretIds": [admin],
    });
    let found = keywheel(&world, "GetRotationPolicy", &get).await.unwrap();
    assert_eq!(found, json!({"ARN": arn, "Name": "a", "Policy": stored}));
    let image = world.image();
    keywheel(&world, "PutRotationPolicy", &policy).await.unwrap();
    assert_eq!(world.image(), image, "the same policy again changes nothing");
    let deleted = keywheel(&world, "DeleteRotationPolicy", &get).await.unwrap();
    assert!(deleted["Next"]["OpensLocal"].as_str().unwrap().ends_with("08:00:00 +00:00"), "{deleted}");
    let image = world.image();
    keywheel(&world, "DeleteRotationPolicy", &get).await.unwrap();
    assert_eq!(world.image(), image);
}

#[tokio::test]
async fn a_refused_policy_changes_nothing() {
    let world = World::new().await;
    add_secret(&world, "a").await;
    let image = world.image();
    for (policy, expected) in [
        (
            json!({"MaxAttempts": 65, "Blackouts": [{"Until": "12:00"}], "Group": {"Name": "g"}}),
            "ValidationException: 3 validation errors detected: Value at 'blackouts.1.member.from' failed to satisfy \
             constraint: Member must not be null; Value at 'group.maxConcurrent' failed to satisfy constraint: Member \
             must not be null; Value at 'maxAttempts' failed to satisfy constraint: Member must have value less than \
             or equal to 64",
        ),
        (
            json!({"TimeZone": "Berlin"}),
            "InvalidParameterException: TimeZone: `Berlin` is not a time zone of the IANA database: did you mean \
             `Europe/Berlin`?",
        ),
        (
            json!({"Blackouts": [{"From": "08:00", "Until": "12:00"}], "TimeZone": "America/New_York"}),
            "InvalidParameterException: Blackouts: no window of the rotation schedule has an allowed moment within \
             two years; the nearest to its next window is Sun 2025-11-23 12:00:00 -05:00: let a window hold it, or \
             take it out of a blackout",
        ),
        (
            json!({"Apart": {"SecretIds": ["nobody"], "Hours": 1}}),
            "InvalidParameterException: Apart.SecretIds: there is no secret `nobody` in this account and region, or \
             it is being deleted",
        ),
        (
            json!({"Apart": {"SecretIds": ["a"], "Hours": 1}}),
            "InvalidParameterException: Apart.SecretIds: `a` is the secret itself or is named twice: leave it out",
        ),
        (
            json!({"ReadableSecretIds": ["arn:aws:secretsmanager:us-east-1:210987654321:secret:a-abcdef"]}),
            "InvalidParameterException: ReadableSecretIds: there is no secret \
             `arn:aws:secretsmanager:us-east-1:210987654321:secret:a-abcdef` in this account and region, or it is \
             being deleted",
        ),
    ] {
        let mut body = policy;
        body["SecretId"] = "a".into();
        let error = keywheel(&world, "PutRotationPolicy", &body).await.unwrap_err();
        assert_eq!(error.to_string(), expected, "{body}");
        assert_eq!(world.image(), image, "{body}");
    }
}

#[tokio::test]
async fn too_many_policies_keep_a_secret_apart() {
    let world = World::new().await;
    add_secret(&world, "a").await;
    let apart = json!({"Apart": {"SecretIds": ["a"], "Hours": 1}});
    let create = async |name: &str| {
        let body = json!({"Name": name, "ClientRequestToken": super::TOKENS[0]});
        world.call("CreateSecret", &body).await.unwrap();
    };
    for number in 0..32 {
        create(&format!("other-{number}")).await;
        put(&world, &format!("other-{number}"), apart.clone()).await;
    }
    create("last").await;
    let body = json!({"SecretId": "last", "Apart": {"SecretIds": ["a"], "Hours": 1}});
    let error = keywheel(&world, "PutRotationPolicy", &body).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "InvalidParameterException: Apart.SecretIds: too many policies keep `a` apart from others: name another \
         secret"
    );
    let delete = json!({"SecretId": "other-3", "ForceDeleteWithoutRecovery": true});
    world.call("DeleteSecret", &delete).await.unwrap();
    put(&world, "last", apart).await;
}

#[tokio::test]
async fn a_preview_shows_the_schedule_or_another() {
    let world = World::new().await;
    add_secret(&world, "a").await;
    put(&world, "a", json!({"Blackouts": [{"Days": ["TUE"], "From": "00:00", "Until": "24:00"}]})).await;
    let image = world.image();
    let preview = async |mut body: Value| {
        body["SecretId"] = "a".into();
        let answer = keywheel(&world, "PreviewSchedule", &body).await.map_err(|error| error.to_string())?;
        let slots = answer["Slots"].as_array().unwrap();
        Ok::<Vec<String>, String>(
            slots.iter().map(|slot| slot["OpensLocal"].as_str().unwrap().to_owned()).collect(),
        )
    };
    let days = |days: [&str; 5], rest: &str| Ok(days.map(|day| format!("{day} {rest}")).to_vec());
    assert_eq!(
        preview(json!({})).await,
        days(
            ["Mon 2025-11-24", "Wed 2025-11-26", "Thu 2025-11-27", "Fri 2025-11-28", "Sat 2025-11-29"],
            "08:00:00 +00:00"
        )
    );
    let weekly = json!({"ScheduleExpression": "cron(0 2 ? * SUN *)"});
    assert_eq!(
        preview(json!({"TimeZone": "America/New_York", "RotationRules": weekly, "Blackouts": []})).await,
        days(
            ["Sun 2025-11-30", "Sun 2025-12-07", "Sun 2025-12-14", "Sun 2025-12-21", "Sun 2025-12-28"],
            "02:00:00 -05:00"
        )
    );
    assert_eq!(
        preview(json!({"RotationRules": {"ScheduleExpression": "rate(3 hours)"}})).await,
        Err("InvalidParameterException: ScheduleExpression: `rate(3 hours)` is out of range: give at least 4 hours \
             and at most 999 days"
            .to_owned())
    );
    let covered = json!({"Blackouts": [{"From": "00:00", "Until": "24:00"}]});
    assert_eq!(
        preview(covered).await,
        Err("InvalidParameterException: Blackouts: the hours of all entries together cover the whole week: leave \
             some out"
            .to_owned())
    );
    assert_eq!(world.image(), image, "a look changes nothing");
    world
        .call("CreateSecret", &json!({"Name": "bare", "ClientRequestToken": super::TOKENS[0]}))
        .await
        .unwrap();
    let error = keywheel(&world, "PreviewSchedule", &json!({"SecretId": "bare"})).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "InvalidRequestException: No rotation schedule is set for this secret: give RotationRules to see what one \
         would do."
    );
}
