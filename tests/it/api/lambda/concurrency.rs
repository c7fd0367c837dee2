//! How many steps of a function run at once, and what a function of nobody's patience does.

use serde_json::json;

use super::component::Does;
use super::world::{TOKENS, World};

#[tokio::test]
async fn nothing_runs_of_a_function_that_reserves_nothing() {
    let world = World::new().await;
    world.create_secret("app").await;
    world.deploy("f", Does::Nothing("one")).await;
    world.permit("f", "").await;
    let event = json!({"Step": "createSecret", "SecretId": "app", "ClientRequestToken": TOKENS[1]});
    let reserve = json!({"ReservedConcurrentExecutions": 0});
    world.good("PUT", "/2017-10-31/functions/f/concurrency", &reserve).await;
    let told = world.lambda("POST", "/2015-03-31/functions/f/invocations", &event).await;
    assert_eq!(
        told.error(),
        "429 TooManyRequestsException: Rate exceeded: as many steps of this function run as may run at once."
    );
    world.lambda("DELETE", "/2017-10-31/functions/f/concurrency", &json!(null)).await;
    let told = world.lambda("POST", "/2015-03-31/functions/f/invocations", &event).await;
    assert_eq!((told.status, told.text.as_str()), (200, "null"));
}

#[tokio::test]
async fn a_function_ends_with_its_own_timeout() {
    let world = World::new().await;
    world.create_secret("app").await;
    world.deploy("f", Does::Spins).await;
    let settings = json!({"Timeout": 1});
    world.good("PUT", "/2015-03-31/functions/f/configuration", &settings).await;
    let event = json!({"Step": "testSecret", "SecretId": "app", "ClientRequestToken": TOKENS[1]});
    let told = world.lambda("POST", "/2015-03-31/functions/f/invocations", &event).await;
    assert_eq!((told.status, told.header("x-amz-function-error")), (200, "Unhandled"));
    let failure = told.json();
    assert_eq!(failure["errorType"], "Sandbox.LimitExceeded");
    let message = failure["errorMessage"].as_str().unwrap();
    assert!(message.contains("longer than 1000 ms"), "{message}");
}
