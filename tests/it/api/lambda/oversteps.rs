//! A function that tries what is not for it to do, and lies about what it did.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keywheel_domain::rotation::Step;
use keywheel_tests::node::SECRET_ACCESS_KEY;
use serde_json::json;

use super::world::{Asked, ROLE, TOKENS, World};

const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:oversteps";

async fn deployed() -> World {
    let world = World::new().await;
    let code = STANDARD.encode(keywheel_guests::component("oversteps"));
    let members = json!({"FunctionName": "oversteps", "Role": ROLE, "Code": {"ZipFile": code}});
    world.good("POST", "/2015-03-31/functions", &members).await;
    world.permit("oversteps", "").await;
    world.create_secret("app").await;
    world.create_secret("not/yours").await;
    world
}

/// The secrets, without what a rotation that was begun says of itself.
async fn secrets(world: &World) -> Vec<String> {
    let mut told = Vec::new();
    for name in ["app", "not/yours"] {
        let value = world.node.call("GetSecretValue", &json!({"SecretId": name})).await.unwrap();
        let mut described = world.node.call("DescribeSecret", &json!({"SecretId": name})).await.unwrap();
        let labels = described["VersionIdsToStages"].take();
        told.push(format!("{} {labels}", value["SecretString"]));
    }
    told
}

#[tokio::test]
async fn a_function_does_in_no_step_what_is_not_for_it_to_do() {
    let world = deployed().await;
    let before = secrets(&world).await;
    for step in Step::ALL {
        let event = json!({"Step": step.as_str(), "SecretId": "app", "ClientRequestToken": TOKENS[1]});
        let answer = world
            .send(Asked {
                method: "POST",
                path: "/2015-03-31/functions/oversteps/invocations",
                service: "lambda",
                secret: SECRET_ACCESS_KEY,
                headers: &[("x-amz-log-type", "Tail")],
                body: event.to_string().into_bytes(),
            })
            .await;
        assert_eq!((answer.status, answer.header("x-amz-function-error")), (200, ""), "{}", answer.text);
        let log = STANDARD.decode(answer.header("x-amz-log-result")).unwrap();
        let log = String::from_utf8(log).unwrap();
        for tried in log.lines() {
            // What finishSecret is for: there is no such version yet.
            let is_its_own = step == Step::FinishSecret && tried.contains("makes its version current");
            let code = if is_its_own { "ResourceNotFoundException" } else { "AccessDeniedException" };
            assert!(tried.contains(&format!(": {code}: ")), "{step}: {tried}");
        }
        assert_eq!(log.lines().count(), 10, "{step}: {log}");
    }
    assert_eq!(secrets(&world).await, before);
}

#[tokio::test]
async fn a_function_that_lies_about_its_step_is_not_believed() {
    let world = deployed().await;
    let before = secrets(&world).await;
    let members = json!({"SecretId": "app", "ClientRequestToken": TOKENS[1], "RotationLambdaARN": ARN});
    world.node.call("RotateSecret", &members).await.unwrap();
    world.work().await;
    let told = world.node.call("Keywheel.DescribeRotation", &json!({"SecretId": "app"})).await.unwrap();
    let (step, state) = (&told["Step"], &told["State"]);
    assert_eq!((step, state), (&json!("createSecret"), &json!("NeedsAttention")), "{told}");
    let lie = "the function returned from createSecret without storing a value under the token";
    assert_eq!(told["Attempts"][0]["Failure"], lie);
    let after = secrets(&world).await;
    assert_eq!(after[1], before[1]);
    assert!(after[0].starts_with("\"first\""), "{after:?}");
}
