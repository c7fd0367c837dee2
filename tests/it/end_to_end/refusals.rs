//! Starts that must not succeed: one line that says what to do, exit code 1, and nothing changed.

use std::fs;
use std::path::Path;
use std::process::Command;

use keywheel_tests::process::{self, Keywheel};
use serde_json::json;

#[tokio::test]
async fn a_data_folder_has_one_process() {
    let data = tempfile::tempdir().unwrap();
    let first = Keywheel::start(data.path()).await.unwrap();
    let client = first.client();
    let secret = json!({ "Name": "app", "SecretString": "kept" });
    client.call("CreateSecret", secret).await.unwrap();
    for number in 0..2 {
        refused(&mut process::serve(data.path()).unwrap(), "in use by another keywheel").await;
        let put = json!({ "SecretId": "app", "SecretString": format!("after {number}") });
        client.call("PutSecretValue", put).await.unwrap();
    }
    first.kill();
    let next = Keywheel::start(data.path()).await.unwrap();
    let read = next.client().call("GetSecretValue", json!({ "SecretId": "app" })).await.unwrap();
    assert_eq!(read["SecretString"], "after 1");
}

#[tokio::test]
async fn a_port_has_one_process() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = Keywheel::start(data.path()).await.unwrap();
    let folder = other.path().join("data");
    let mut second = process::keywheel().unwrap();
    second.args(["serve", "--listen", &first.address().to_string(), "--data"]).arg(&folder);
    refused(&mut second, "--listen").await;
    assert!(!folder.exists(), "a refused start makes no folder");
}

#[tokio::test]
async fn a_folder_opens_with_its_own_passphrase_only() {
    let data = tempfile::tempdir().unwrap();
    let serve = |passphrase: &str| {
        let mut command = process::serve(data.path()).unwrap();
        command.env("KEYWHEEL_PASSPHRASE", passphrase);
        command
    };
    let secret = json!({ "Name": "app", "SecretString": "kept" });
    let first = Keywheel::start_with(&mut serve("correct horse battery staple")).await.unwrap();
    first.client().call("CreateSecret", secret).await.unwrap();
    drop(first);
    refused(&mut serve("wrong horse"), "passphrase does not fit").await;
    refused(&mut process::serve(data.path()).unwrap(), "made with a passphrase").await;
    let again = Keywheel::start_with(&mut serve("correct horse battery staple")).await.unwrap();
    let read = again.client().call("GetSecretValue", json!({ "SecretId": "app" })).await.unwrap();
    assert_eq!(read["SecretString"], "kept");
}

#[tokio::test]
async fn limits_are_those_that_were_set() {
    let data = tempfile::tempdir().unwrap();
    let mut command = process::serve(data.path()).unwrap();
    let server = Keywheel::start_with(command.args(["--limit", "secrets=2"])).await.unwrap();
    let client = server.client();
    let regions = json!([{ "Region": "eu-west-1" }]);
    for members in [
        json!({ "Name": "first", "SecretString": "x", "AddReplicaRegions": regions }),
        json!({ "Name": "second", "SecretString": "x" }),
    ] {
        client.call("CreateSecret", members).await.unwrap();
    }
    let refused = client.call("CreateSecret", json!({ "Name": "third", "SecretString": "x" })).await;
    let told = refused.unwrap_err().to_string();
    assert!(told.contains("LimitExceededException") && told.contains("more than 2 secrets"), "{told}");
    for (limit, sentence) in [
        (
            "secret=2",
            "the names are secrets, versions, labels, tags, value-bytes, policy-characters, connections",
        ),
        ("requests=0", "--limit requests takes a number from 1 to 65536"),
    ] {
        let output = process::output(process::serve(data.path()).unwrap().args(["--limit", limit])).await;
        let output = output.unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && told.contains(sentence), "{told}");
    }
}

#[tokio::test]
async fn a_damaged_or_missing_root_key_is_named() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("root.key");
    drop(Keywheel::start(data.path()).await.unwrap());
    let key = fs::read(&file).unwrap();
    assert_eq!(mode(&file), 0o600);
    let start = || process::serve(data.path()).unwrap();

    fs::write(&file, "garbage").unwrap();
    refused(&mut start(), "hexadecimal digits").await;
    let other: Vec<u8> = key.iter().map(|digit| if *digit == b'0' { b'1' } else { *digit }).collect();
    fs::write(&file, other).unwrap();
    refused(&mut start(), "does not fit this data folder").await;
    fs::remove_file(&file).unwrap();
    refused(&mut start(), "is gone").await;

    fs::write(&file, &key).unwrap();
    refused(&mut start(), "chmod 600").await;
    Command::new("chmod").arg("600").arg(&file).status().unwrap();
    Keywheel::start(data.path()).await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_none_is_named() {
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("store.redb"), "garbage".repeat(10_000)).unwrap();
    refused(&mut process::serve(data.path()).unwrap(), "not a keywheel store").await;
}

#[tokio::test]
async fn wrong_usage_has_its_own_exit_code() {
    let check = async |arguments: &[&str], sentence: &str| {
        let output = process::output(process::keywheel().unwrap().args(arguments)).await.unwrap();
        assert_eq!(output.status.code(), Some(2));
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.contains(sentence) && complaint.lines().count() == 1, "{complaint}");
    };
    check(&["serve"], "--data").await;
    check(&["serve", "--data", "x", "--listen", "0.0.0.0:1"], "--insecure-http").await;
    check(&["rotate"], "rotate").await;
}

/// A start that fails with exit code 1 and one line that holds `sentence`.
async fn refused(command: &mut Command, sentence: &str) {
    let output = process::output(command).await.unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains(sentence), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
}

fn mode(file: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(file).unwrap().mode() & 0o777
}
