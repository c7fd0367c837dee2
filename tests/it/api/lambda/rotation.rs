//! Secrets and deployed functions: who may rotate what, what runs, and what cannot be deleted.

use serde_json::{Value, json};

use super::component::Does;
use super::world::{TOKENS, World};

const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";
const REFUSED: &str = "AccessDeniedException: Secrets Manager cannot invoke the specified Lambda function. Ensure \
                       that the function policy grants access to the principal secretsmanager.amazonaws.com.";

async fn rotate(world: &World, secret: &str, arn: &str) -> Result<Value, String> {
    let members = json!({"SecretId": secret, "ClientRequestToken": TOKENS[1], "RotationLambdaARN": arn});
    world.node.call("RotateSecret", &members).await.map_err(|error| error.to_string())
}

/// A function with a version and an alias.
async fn deployed() -> World {
    let world = World::new().await;
    world.deploy("f", Does::Nothing("one")).await;
    world.good("POST", "/2015-03-31/functions/f/versions", &json!({})).await;
    let alias = json!({"Name": "live", "FunctionVersion": "1"});
    world.good("POST", "/2015-03-31/functions/f/aliases", &alias).await;
    world.create_secret("app").await;
    world
}

#[tokio::test]
async fn a_secret_may_name_what_its_policy_allows_and_nothing_is_stored_otherwise() {
    let world = deployed().await;
    for (arn, query) in [
        (ARN.to_owned(), ""),
        (format!("{ARN}:1"), "?Qualifier=1"),
        (format!("{ARN}:live"), "?Qualifier=live"),
    ] {
        let before = world.store.durable_image();
        assert_eq!(rotate(&world, "app", &arn).await, Err(REFUSED.to_owned()), "{arn}");
        assert_eq!(world.store.durable_image(), before, "{arn}");
        world.permit("f", query).await;
        rotate(&world, "app", &arn).await.unwrap();
        let told = world.node.call("DescribeSecret", &json!({"SecretId": "app"})).await.unwrap();
        assert_eq!(told["RotationLambdaARN"], arn);
        world.node.call("CancelRotateSecret", &json!({"SecretId": "app"})).await.unwrap();
    }
    for missing in [format!("{ARN}:2"), format!("{ARN}:other"), format!("{ARN}x"), "f".to_owned()] {
        assert_eq!(rotate(&world, "app", &missing).await, Err(REFUSED.to_owned()), "{missing}");
    }
}

#[tokio::test]
async fn conditions_of_a_permission_count() {
    let world = deployed().await;
    for (conditions, expected) in [
        (json!({"SourceAccount": "210987654321"}), false),
        (json!({"SourceArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:other-*"}), false),
        (json!({"SourceArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-*"}), true),
    ] {
        let mut members = json!({
            "StatementId": "rotate", "Action": "lambda:*", "Principal": "secretsmanager.amazonaws.com",
        });
        members.as_object_mut().unwrap().extend(conditions.as_object().unwrap().clone());
        world.good("POST", "/2015-03-31/functions/f/policy", &members).await;
        assert_eq!(rotate(&world, "app", ARN).await.is_ok(), expected, "{conditions}");
        world.lambda("DELETE", "/2015-03-31/functions/f/policy/rotate", &json!(null)).await;
    }
}

#[tokio::test]
async fn what_a_secret_uses_is_deleted_only_by_force() {
    let world = deployed().await;
    world.permit("f", "?Qualifier=live").await;
    for number in 0..12 {
        let name = format!("app/{number:02}");
        world.create_secret(&name).await;
        rotate(&world, &name, &format!("{ARN}:live")).await.unwrap();
    }
    let refused = |what: &str| {
        let named: Vec<String> = (0..10).map(|number| format!("app/{number:02}")).collect();
        format!(
            "409 ResourceConflictException: The function {what} rotates {} and 2 more. Give them another function \
             first, or insist by X-Keywheel-Force: true; their rotations fail then.",
            named.join(", ")
        )
    };
    let delete = async |path: &str| world.lambda("DELETE", path, &json!(null)).await;
    assert_eq!(delete("/2015-03-31/functions/f").await.error(), refused("f"));
    assert_eq!(delete("/2015-03-31/functions/f/aliases/live").await.error(), refused("f:live"));
    let before = world.store.durable_image();
    assert_eq!(delete("/2015-03-31/functions/f?Qualifier=1").await.status, 409, "an alias names the version");
    assert_eq!(world.store.durable_image(), before);
    assert_eq!(delete("/2015-03-31/functions/f?X-Keywheel-Force=true").await.status, 204);
    let left: Vec<String> =
        world.store.durable_image().entries().keys().map(|key| format!("{key:?}")).collect();
    let of_function = |key: &&String| key.starts_with("function") || key.starts_with("code");
    assert_eq!(left.iter().filter(of_function).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[tokio::test]
async fn the_digest_of_what_ran_is_in_the_rotation() {
    let world = deployed().await;
    world.permit("f", "").await;
    rotate(&world, "app", ARN).await.unwrap();
    world.work().await;
    let told = world.good("GET", "/2015-03-31/functions/f", &json!(null)).await;
    let digest = told["Code"]["Location"].as_str().unwrap().strip_prefix("sha256:").unwrap().to_owned();
    let rotation = world.node.call("Keywheel.DescribeRotation", &json!({"SecretId": "app"})).await.unwrap();
    let ran: Vec<&Value> =
        rotation["Attempts"].as_array().unwrap().iter().map(|one| &one["Digest"]).collect();
    assert!(!ran.is_empty() && ran.iter().all(|ran| **ran == digest.as_str()), "{rotation}");
}

#[tokio::test]
async fn a_permission_that_is_taken_away_while_a_rotation_runs_ends_it_and_is_named() {
    let world = deployed().await;
    world.permit("f", "?Qualifier=live").await;
    rotate(&world, "app", &format!("{ARN}:live")).await.unwrap();
    // The permission of the function itself is none of the alias.
    world.permit("f", "").await;
    let asks =
        json!({"SecretId": "app", "Tags": [{"Key": "keywheel:approve-before", "Value": "createSecret"}]});
    world.node.call("TagResource", &asks).await.unwrap();
    let removed =
        world.lambda("DELETE", "/2015-03-31/functions/f/policy/rotate?Qualifier=live", &json!(null)).await;
    assert_eq!(removed.status, 204);
    world.work().await;
    let rotation =
        world.node.call("Keywheel.DescribeRotation", &json!({"SecretId": "app"})).await.unwrap().to_string();
    assert!(!rotation.contains("WaitingApproval"), "nobody is asked for what would not run: {rotation}");
    let cause = format!("Secrets Manager may not invoke `{ARN}:live` any more");
    assert!(rotation.contains(&cause) && rotation.contains("aws lambda add-permission"), "{rotation}");
}
