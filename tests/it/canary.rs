//! The search for secret values in what servers leave behind finds what was planted.
#![cfg(test)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures_util::FutureExt as _;
use keywheel_tests::canary::{self, Search};
use keywheel_tests::process::{self, Keywheel};
use serde_json::json;

#[test]
fn a_value_is_found_in_each_form() {
    let value = canary::value();
    let json = json!({ "username": "app", "password": value }).to_string();
    assert!(canary::is_in(value.as_bytes()) && canary::is_in(json.as_bytes()));
    assert!(canary::is_in(hex::encode(&value).as_bytes()));
    assert!(canary::is_in(hex::encode_upper(&json).as_bytes()));
    for before in 0..6 {
        let text = format!("{}{json}", "x".repeat(before));
        assert!(canary::is_in(STANDARD.encode(&text).as_bytes()), "{before} bytes in front");
        assert!(canary::is_in(URL_SAFE_NO_PAD.encode(&text).as_bytes()), "{before} bytes in front");
    }
    let among_others = [&[0xff, 0xfe, 0x00, 0xc3], value.as_bytes(), &[0x80; 10]].concat();
    assert!(canary::is_in(&among_others));
    assert!(!canary::is_in(b"Keywheel, and a canary"));
    assert!(!canary::is_in(STANDARD.encode("Keywheel, and a canary").as_bytes()));
    assert_ne!(canary::value(), canary::value());
}

#[test]
fn files_are_searched_in_every_folder() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join("harmless"), "nothing").unwrap();
    assert_eq!(Search::new(&[]).unwrap().files(folder.path()).unwrap(), Vec::<String>::new());
    fs::write(inner.join("store"), canary::value()).unwrap();
    let found = Search::new(&[]).unwrap().files(folder.path()).unwrap();
    assert!(found.len() == 1 && found[0].ends_with("inner/store"), "{found:?}");
}

#[tokio::test]
async fn a_command_that_shows_a_value_fails_its_test() {
    let told = process::output(Command::new("echo").arg(canary::value())).await.unwrap_err().to_string();
    assert!(told.contains("echo") && !told.contains(canary::BEGINNING), "{told}");
    let output = process::output(Command::new("echo").arg("nothing")).await.unwrap();
    assert_eq!(output.stdout, b"nothing\n");
}

/// A server whose folder holds a value does not end well; without it, it does.
#[tokio::test]
async fn a_planted_value_fails_the_test_that_left_it() {
    let data = process::used_data_folder().await.unwrap();
    let planted = data.path().join("notes.txt");
    fs::write(&planted, canary::value()).unwrap();
    let keywheel = Keywheel::start(data.path()).await.unwrap();
    let ended = catch_unwind(AssertUnwindSafe(|| keywheel.kill()));
    let told = *ended.unwrap_err().downcast::<String>().unwrap();
    assert!(told.contains("notes.txt") && !told.contains(canary::BEGINNING), "{told}");

    fs::remove_file(planted).unwrap();
    let keywheel = Keywheel::start(data.path()).await.unwrap();
    let secret = json!({ "Name": "app", "SecretString": canary::value() });
    keywheel.client().call("CreateSecret", secret).await.unwrap();
    keywheel.kill();
}

/// What a rotation makes up is no canary. The value was replaced, and its version has no label left.
#[tokio::test]
async fn a_value_that_only_the_store_knows_is_searched_for() {
    let data = process::used_data_folder().await.unwrap();
    let keywheel = Keywheel::start(data.path()).await.unwrap();
    let client = keywheel.client();
    let made = client.call("GetRandomPassword", json!({})).await.unwrap();
    let password = made["RandomPassword"].as_str().unwrap();
    let value = |password: &str| json!({ "username": "app", "password": password }).to_string();
    client.call("CreateSecret", json!({ "Name": "app", "SecretString": value(password) })).await.unwrap();
    for number in 0..2 {
        let later = value(&format!("{password}{number}"));
        client.call("PutSecretValue", json!({ "SecretId": "app", "SecretString": later })).await.unwrap();
    }
    let planted = data.path().join("notes.txt");
    fs::write(&planted, STANDARD.encode(value(password))).unwrap();
    let ended = catch_unwind(AssertUnwindSafe(|| keywheel.kill()));
    let told = *ended.unwrap_err().downcast::<String>().unwrap();
    assert!(told.ends_with("notes.txt"), "{told}");

    fs::remove_file(planted).unwrap();
    Keywheel::start(data.path()).await.unwrap().kill();
}

/// The trail is packed in the store's file. A caller who names a secret by its value finds that in it.
#[tokio::test]
async fn the_trail_is_searched_unpacked() {
    let data = process::used_data_folder().await.unwrap();
    let keywheel = Keywheel::start(data.path()).await.unwrap();
    let named = json!({ "SecretId": canary::value() });
    keywheel.client().refusal("DescribeSecret", named).await.unwrap();
    let ended = AssertUnwindSafe(keywheel.stop()).catch_unwind().await;
    let told = *ended.unwrap_err().downcast::<String>().unwrap();
    assert!(told.contains("the trail"), "{told}");
}
