//! The log of the real binary, as a program reads it.

use std::io;

use keywheel_tests::process::{self, Keywheel};
use keywheel_tests::{canary, wait};
use serde_json::{Value, json};

#[tokio::test]
async fn each_line_is_one_json_object_without_a_value() {
    let data = tempfile::tempdir().unwrap();
    let mut command = process::serve(data.path()).unwrap();
    let keywheel = Keywheel::start_with(command.args(["--log-format", "json"])).await.unwrap();
    let client = keywheel.client();
    let secret = json!({ "Name": "app", "SecretString": canary::value() });
    client.call("CreateSecret", secret).await.unwrap();
    client.refusal("GetSecretValue", json!({ "SecretId": "none" })).await.unwrap();

    let (_, log) = keywheel.stop().await.unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let told = |operation: &str, code: &str| {
        lines.iter().any(|line| line["operation"] == operation && line["code"] == code)
    };
    assert!(told("CreateSecret", "OK"), "{log}");
    assert!(told("GetSecretValue", "ResourceNotFoundException"), "{log}");
    assert!(!canary::is_in(log.as_bytes()), "{log}");
}

/// A pipe takes 64 KiB, some 250 lines of requests, before whoever writes to it waits.
#[tokio::test]
async fn a_log_that_nobody_reads_holds_nothing_up() {
    let data = tempfile::tempdir().unwrap();
    let (_unread, log) = io::pipe().unwrap();
    let mut command = process::serve(data.path()).unwrap();
    let keywheel = Keywheel::start_logging_to(log.into(), &mut command).await.unwrap();
    let requests = async {
        for _ in 0..500 {
            keywheel.client().call("GetRandomPassword", json!({})).await.unwrap();
        }
    };
    tokio::time::timeout(wait::PATIENCE, requests).await.expect("the log holds requests up");
    let metrics = keywheel.client().get("/metrics").await.unwrap();
    assert!(metrics.contains("\nkeywheel_log_lines_dropped_total 0\n"), "{metrics}");
    let (ended, _) = keywheel.stop().await.unwrap();
    assert!(ended.success(), "{ended}");
}
