//! Secrets that a customer's key seals.

use serde_json::{Value, json};

use super::super::world::World;
use super::{code, kms, new_key};

const TOKENS: [&str; 4] = [
    "11111111-1111-4111-8111-111111111111",
    "22222222-2222-4222-8222-222222222222",
    "33333333-3333-4333-8333-333333333333",
    "44444444-4444-4444-8444-444444444444",
];

async fn create(world: &World, key: &str) {
    let body =
        json!({"Name": "app", "ClientRequestToken": TOKENS[0], "SecretString": "one", "KmsKeyId": key});
    world.call("CreateSecret", &body).await.unwrap();
}

async fn put(world: &World, token: usize, value: &str, stages: &[&str]) {
    let body = json!({
        "SecretId": "app", "ClientRequestToken": TOKENS[token], "SecretString": value, "VersionStages": stages,
    });
    world.call("PutSecretValue", &body).await.unwrap();
}

async fn update(world: &World, members: Value) {
    let mut body = json!({"SecretId": "app", "ClientRequestToken": TOKENS[3]});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    world.call("UpdateSecret", &body).await.unwrap();
}

async fn read(world: &World, token: usize) -> Result<String, &'static str> {
    let body = json!({"SecretId": "app", "VersionId": TOKENS[token]});
    let answer = world.call("GetSecretValue", &body).await;
    answer
        .map(|answer| answer["SecretString"].as_str().unwrap().to_owned())
        .map_err(|error| error.code.as_str())
}

async fn disable(world: &World, key: &str) {
    kms(world, "DisableKey", &json!({"KeyId": key})).await.unwrap();
}

#[tokio::test]
async fn a_secret_is_read_only_while_its_key_can_be_used() {
    let world = World::new().await;
    let key = new_key(&world).await;
    create(&world, &key).await;
    assert_eq!(read(&world, 0).await.as_deref(), Ok("one"));
    for (ends, begins) in [("DisableKey", "EnableKey"), ("ScheduleKeyDeletion", "CancelKeyDeletion")] {
        kms(&world, ends, &json!({"KeyId": key})).await.unwrap();
        assert_eq!(read(&world, 0).await, Err("DecryptionFailure"), "{ends}");
        let body = json!({"SecretId": "app", "ClientRequestToken": TOKENS[1], "SecretString": "two"});
        assert_eq!(code(world.call("PutSecretValue", &body).await), "EncryptionFailure", "{ends}");
        let body = json!({"Name": "new", "ClientRequestToken": TOKENS[0], "KmsKeyId": key});
        assert_eq!(code(world.call("CreateSecret", &body).await), "EncryptionFailure", "{ends}");
        kms(&world, begins, &json!({"KeyId": key})).await.unwrap();
    }
    kms(&world, "EnableKey", &json!({"KeyId": key})).await.unwrap();
    assert_eq!(read(&world, 0).await.as_deref(), Ok("one"));
}

#[tokio::test]
async fn another_key_seals_the_versions_with_the_service_s_labels_again_and_no_other() {
    let world = World::new().await;
    let (first, second) = (new_key(&world).await, new_key(&world).await);
    create(&world, &first).await;
    put(&world, 1, "two", &["AWSCURRENT", "kept"]).await;
    put(&world, 2, "three", &["AWSCURRENT"]).await;
    update(&world, json!({"KmsKeyId": second})).await;
    disable(&world, &first).await;
    assert_eq!(read(&world, 2).await.as_deref(), Ok("three"), "current");
    assert_eq!(read(&world, 1).await.as_deref(), Ok("two"), "previous");
    assert_eq!(read(&world, 0).await, Err("DecryptionFailure"), "without a label");
}

#[tokio::test]
async fn a_new_value_and_a_new_key_come_in_one_request() {
    let world = World::new().await;
    let (first, second) = (new_key(&world).await, new_key(&world).await);
    create(&world, &first).await;
    let arn = format!("arn:aws:kms:us-east-1:123456789012:key/{second}");
    update(&world, json!({"KmsKeyId": arn, "SecretString": "two"})).await;
    disable(&world, &first).await;
    assert_eq!(read(&world, 3).await.as_deref(), Ok("two"));
    assert_eq!(read(&world, 0).await.as_deref(), Ok("one"), "previous now");
    let listed = world.call("ListSecretVersionIds", &json!({"SecretId": "app"})).await.unwrap();
    let keys: Vec<&Value> =
        listed["Versions"].as_array().unwrap().iter().map(|one| &one["KmsKeyIds"]).collect();
    assert_eq!(keys, [&json!([arn]), &json!([arn])]);
}

#[tokio::test]
async fn an_alias_leads_new_values_to_the_key_that_it_stands_for_now() {
    let world = World::new().await;
    let (first, second) = (new_key(&world).await, new_key(&world).await);
    kms(&world, "CreateAlias", &json!({"AliasName": "alias/app", "TargetKeyId": first})).await.unwrap();
    create(&world, "alias/app").await;
    kms(&world, "UpdateAlias", &json!({"AliasName": "alias/app", "TargetKeyId": second})).await.unwrap();
    put(&world, 1, "two", &["AWSCURRENT"]).await;
    disable(&world, &first).await;
    assert_eq!(read(&world, 0).await, Err("DecryptionFailure"));
    assert_eq!(read(&world, 1).await.as_deref(), Ok("two"));
}

#[tokio::test]
async fn a_value_opens_after_its_key_was_rotated_and_keys_are_never_told() {
    let world = World::new().await;
    let key = new_key(&world).await;
    create(&world, &key).await;
    for _ in 0..25 {
        kms(&world, "RotateKeyOnDemand", &json!({"KeyId": key})).await.unwrap();
    }
    let once_more = kms(&world, "RotateKeyOnDemand", &json!({"KeyId": key})).await;
    assert_eq!(code(once_more), "LimitExceededException");
    put(&world, 1, "two", &["AWSCURRENT"]).await;
    assert_eq!(read(&world, 0).await.as_deref(), Ok("one"));
    assert_eq!(read(&world, 1).await.as_deref(), Ok("two"));
}

#[tokio::test]
async fn plain_text_is_neither_in_the_store_nor_in_a_refusal() {
    const CANARY: &str = "canary-of-a-plain-text";
    // The same in base64.
    const ENCODED: &str = "Y2FuYXJ5LW9mLWEtcGxhaW4tdGV4dA==";
    let world = World::new().await;
    let key = new_key(&world).await;
    let body = json!({"KeyId": key, "Plaintext": ENCODED, "EncryptionContext": {"a": "b"}});
    let made = kms(&world, "Encrypt", &body).await.unwrap();
    let body = json!({"CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": {"a": "b"}});
    assert_eq!(kms(&world, "Decrypt", &body).await.unwrap()["Plaintext"], ENCODED);
    disable(&world, &key).await;
    for body in [json!({"KeyId": key, "Plaintext": ENCODED}), json!({"KeyId": 1, "Plaintext": ENCODED})] {
        let told = kms(&world, "Encrypt", &body).await.unwrap_err().to_string();
        assert!(!told.contains(ENCODED) && !told.contains(CANARY), "{told}");
    }
    for (place, entry) in world.image().entries() {
        let text = String::from_utf8_lossy(&entry.value);
        assert!(!text.contains(CANARY) && !text.contains(ENCODED), "{place:?}");
    }
}
