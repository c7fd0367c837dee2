//! A step that somebody runs by hand, and a rotation of the same secret that begins meanwhile.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::world::{ROLE, TOKENS, World};

const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:fetches";
const PONG: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\npong";

/// Waits for the request of a step, and leaves it without an answer.
async fn asked(target: &TcpListener) -> TcpStream {
    let (mut stream, _) = target.accept().await.unwrap();
    assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
    stream
}

async fn answer(mut stream: TcpStream) {
    stream.write_all(PONG).await.unwrap();
    stream.shutdown().await.unwrap();
}

#[tokio::test]
async fn one_step_of_a_secret_runs_at_a_time_whoever_runs_it() {
    let world = Arc::new(World::new().await);
    let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", target.local_addr().unwrap());
    let environment = json!({"URL": format!("{origin}/"), "KEYWHEEL_ALLOW": origin});
    let code = STANDARD.encode(keywheel_guests::component("fetches"));
    let members = json!({
        "FunctionName": "fetches", "Role": ROLE, "Timeout": 60, "Code": {"ZipFile": code},
        "Environment": {"Variables": environment},
    });
    world.good("POST", "/2015-03-31/functions", &members).await;
    world.permit("fetches", "").await;
    world.create_secret("a").await;
    world.create_secret("b").await;
    let rotate = async |name: &str| {
        let members = json!({"SecretId": name, "ClientRequestToken": TOKENS[1], "RotationLambdaARN": ARN});
        world.node.call("RotateSecret", &members).await.unwrap();
    };
    let invoke = |world: Arc<World>| async move {
        let event = json!({"Step": "setSecret", "SecretId": "a", "ClientRequestToken": TOKENS[1]});
        world.lambda("POST", "/2015-03-31/functions/fetches/invocations", &event).await
    };
    let by_hand = tokio::spawn(invoke(Arc::clone(&world)));
    let held = asked(&target).await;
    let second = invoke(Arc::clone(&world)).await;
    assert_eq!(
        second.error(),
        "409 ResourceConflictException: A step of a runs already: only one does at a time."
    );

    // Both rotations are due; the worker looks at them in this order, and only the second may begin.
    rotate("a").await;
    rotate("b").await;
    let (stop, stopped) = watch::channel(false);
    let working = tokio::spawn(Arc::clone(&world.worker).run(stopped));
    let of_b = asked(&target).await;
    let describe = async |name: &str| {
        world.node.call("Keywheel.DescribeRotation", &json!({"SecretId": name})).await.unwrap()
    };
    let (a, b) = (describe("a").await, describe("b").await);
    assert_eq!((&a["State"], &b["State"]), (&json!("Ready"), &json!("Running")), "{a} {b}");

    answer(held).await;
    assert_eq!(
        by_hand.await.unwrap().header("x-amz-function-error"),
        "Unhandled",
        "the guest tells what it got"
    );
    let of_a = asked(&target).await;
    assert_eq!(describe("a").await["State"], "Running");
    let refused = invoke(Arc::clone(&world)).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    answer(of_a).await;
    answer(of_b).await;
    stop.send_replace(true);
    working.await.unwrap();
}
