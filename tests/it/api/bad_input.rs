//! What nobody should send: each is refused in a sentence that repeats nothing of it, and changes nothing.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expect_test::expect_file;
use serde_json::json;

use super::world::{FUNCTION_ARN, World};

/// Stands wherever a client might put something confidential.
const CANARY: &str = "correct-horse-battery-staple";
const TOKEN: &str = "99999999-9999-4999-8999-999999999999";
const VALUE_BYTES_MAX: usize = 65_536;
const NAME_CHARS_MAX: usize = 512;

#[tokio::test]
async fn a_refusal_tells_what_is_wrong_and_changes_nothing() {
    let world = World::new().await;
    world
        .call("CreateSecret", &json!({"Name": "app", "ClientRequestToken": TOKEN, "SecretString": "x"}))
        .await
        .unwrap();
    let before = world.image();
    let mut told = String::new();
    for (what, action, body) in cases() {
        let target = format!("secretsmanager.{action}");
        let error = world.send(&target, &body).await.expect_err(what);
        assert!(!error.to_string().contains(CANARY), "{what}: {error}");
        assert_eq!(world.image(), before, "{what}");
        writeln!(told, "{what} ({action})\n{} {}\n", error.code.http_status(), error.body()).unwrap();
    }
    expect_file!["../../golden/bad_input.txt"].assert_eq(&told);
}

type Case = (&'static str, &'static str, Vec<u8>);

fn cases() -> Vec<Case> {
    let mut cases = not_json();
    cases.extend(wrong_types());
    cases.extend(wrong_sizes());
    cases.extend(wrong_names());
    cases
}

fn not_json() -> Vec<Case> {
    let nested = |open: &str, close: &str| [open.repeat(10_000), close.repeat(10_000)].concat().into_bytes();
    let in_member = [b"{\"SecretId\":\"app\",\"Tags\":".to_vec(), nested("[", "]"), b"}".to_vec()].concat();
    vec![
        ("plain text", "PutSecretValue", CANARY.as_bytes().to_vec()),
        ("a cut body", "PutSecretValue", format!("{{\"SecretString\":\"{CANARY}").into_bytes()),
        ("text after the end", "PutSecretValue", format!("{{}} {CANARY}").into_bytes()),
        ("no UTF-8", "PutSecretValue", b"{\"SecretString\":\"\xff\xfe\"}".to_vec()),
        ("half a surrogate", "PutSecretValue", b"{\"SecretString\":\"\\ud800\"}".to_vec()),
        ("10,000 nested lists", "PutSecretValue", nested("[", "]")),
        ("10,000 nested objects", "PutSecretValue", nested("{\"a\":", "}")),
        ("10,000 nested lists in a member", "TagResource", in_member),
        (
            "a member twice",
            "PutSecretValue",
            format!("{{\"SecretId\":\"app\",\"SecretString\":\"a\",\"SecretString\":\"{CANARY}\"}}")
                .into_bytes(),
        ),
        (
            "a nested member twice",
            "TagResource",
            format!("{{\"SecretId\":\"app\",\"Tags\":[{{\"Key\":\"a\",\"Key\":\"{CANARY}\"}}]}}")
                .into_bytes(),
        ),
        ("a string", "PutSecretValue", json!(CANARY).to_string().into_bytes()),
        ("nothing at all", "PutSecretValue", Vec::new()),
        ("an unknown operation", "Correct-horse-battery-staple", b"{}".to_vec()),
    ]
}

fn wrong_types() -> Vec<Case> {
    let put = |member: &str, value: serde_json::Value| {
        let mut body = json!({"SecretId": "app", "ClientRequestToken": TOKEN});
        body[member] = value;
        body.to_string().into_bytes()
    };
    vec![
        ("an object as a string", "PutSecretValue", put("SecretString", json!({"password": CANARY}))),
        ("a list as bytes", "PutSecretValue", put("SecretBinary", json!([CANARY]))),
        ("bytes that are not base64", "PutSecretValue", put("SecretBinary", json!(CANARY))),
        ("a string as a list", "PutSecretValue", put("VersionStages", json!(CANARY))),
        ("an object in a list", "PutSecretValue", put("VersionStages", json!([{CANARY: 1}]))),
        ("a string as a flag", "RotateSecret", put("RotateImmediately", json!(CANARY))),
        ("a string as a structure", "RotateSecret", put("RotationRules", json!(CANARY))),
        ("a string as a number", "DeleteSecret", put("RecoveryWindowInDays", json!(CANARY))),
        ("a number without end", "DeleteSecret", put("RecoveryWindowInDays", json!(u64::MAX))),
        ("a string in a list of structures", "TagResource", put("Tags", json!([CANARY]))),
    ]
}

fn wrong_sizes() -> Vec<Case> {
    let text = CANARY.repeat(VALUE_BYTES_MAX / CANARY.len() + 1);
    let text = &text[..=VALUE_BYTES_MAX];
    let put = |member: &str, value: &str| {
        json!({"SecretId": "app", "ClientRequestToken": TOKEN, member: value}).to_string().into_bytes()
    };
    let long = |chars: usize| text[..chars].to_owned();
    vec![
        ("65,537 bytes of text", "PutSecretValue", put("SecretString", text)),
        ("65,537 bytes in 32,769 characters", "PutSecretValue", put("SecretString", &format!("a{}", "ä".repeat(32_768)))),
        ("65,537 bytes", "PutSecretValue", put("SecretBinary", &STANDARD.encode(text))),
        ("a token of 31 characters", "PutSecretValue", json!({"SecretId": "app", "ClientRequestToken": long(31)}).to_string().into_bytes()),
        ("a token of 65 characters", "PutSecretValue", json!({"SecretId": "app", "ClientRequestToken": long(65)}).to_string().into_bytes()),
        ("a label of 257 characters", "PutSecretValue", json!({"SecretId": "app", "VersionStages": [long(257)]}).to_string().into_bytes()),
        ("21 labels", "PutSecretValue", json!({"SecretId": "app", "VersionStages": vec![CANARY; 21]}).to_string().into_bytes()),
        ("a description of 2,049 characters", "UpdateSecret", put("Description", &long(2_049))),
        ("a SecretId of 2,049 characters", "GetSecretValue", json!({"SecretId": long(2_049)}).to_string().into_bytes()),
        ("a tag of 129 and 257 characters", "TagResource", json!({"SecretId": "app", "Tags": [{"Key": long(129), "Value": long(257)}]}).to_string().into_bytes()),
        ("51 tags", "TagResource", json!({"SecretId": "app", "Tags": (0..51).map(|n| json!({"Key": format!("{CANARY}{n}")})).collect::<Vec<_>>()}).to_string().into_bytes()),
        ("a pagination token of 4,097 characters", "ListSecrets", json!({"NextToken": long(4_097)}).to_string().into_bytes()),
        ("a filter of 513 characters", "ListSecrets", json!({"Filters": [{"Key": "name", "Values": [long(513)]}]}).to_string().into_bytes()),
        ("11 filters", "ListSecrets", json!({"Filters": vec![json!({"Key": "name", "Values": [CANARY]}); 11]}).to_string().into_bytes()),
    ]
}

fn wrong_names() -> Vec<Case> {
    let create = |name: String| {
        json!({"Name": name, "ClientRequestToken": TOKEN, "SecretString": CANARY}).to_string().into_bytes()
    };
    let rotate = |arn: &str| {
        json!({"SecretId": "app", "ClientRequestToken": TOKEN, "RotationLambdaARN": arn})
            .to_string()
            .into_bytes()
    };
    vec![
        ("an empty name", "CreateSecret", create(String::new())),
        ("a name of 513 characters", "CreateSecret", create("n".repeat(NAME_CHARS_MAX + 1))),
        ("a name with a zero byte", "CreateSecret", create("a\0b".to_owned())),
        ("a name with a line feed", "CreateSecret", create("a\nb".to_owned())),
        (
            "a SecretId of 513 characters",
            "GetSecretValue",
            json!({"SecretId": "n".repeat(NAME_CHARS_MAX + 1)}).to_string().into_bytes(),
        ),
        (
            "a function that nobody has",
            "RotateSecret",
            rotate(&format!("arn:aws:lambda:us-east-1:123456789012:function:{CANARY}")),
        ),
        ("a function's name alone", "RotateSecret", rotate(CANARY)),
        (
            "another region's function",
            "RotateSecret",
            rotate(&FUNCTION_ARN.replace("us-east-1", "eu-west-1")),
        ),
    ]
}

#[tokio::test]
async fn the_longest_of_everything_is_taken() {
    let world = World::new().await;
    let name = "n".repeat(NAME_CHARS_MAX);
    let text = "ä".repeat(VALUE_BYTES_MAX / 2);
    let body = json!({"Name": name, "ClientRequestToken": "t".repeat(64), "SecretString": text});
    let created = world.call("CreateSecret", &body).await.unwrap();
    let binary = STANDARD.encode(vec![0xff; VALUE_BYTES_MAX]);
    let body = json!({"SecretId": created["ARN"], "ClientRequestToken": TOKEN, "SecretBinary": binary});
    world.call("PutSecretValue", &body).await.unwrap();
    for (stage, member, value) in
        [("AWSPREVIOUS", "SecretString", &text), ("AWSCURRENT", "SecretBinary", &binary)]
    {
        let body = json!({"SecretId": created["ARN"], "VersionStage": stage});
        assert_eq!(world.call("GetSecretValue", &body).await.unwrap()[member], **value);
    }
    // A long name must not keep the worker from finding the secret by its ARN.
    let body =
        json!({"SecretId": name, "ClientRequestToken": "r".repeat(64), "RotationLambdaARN": FUNCTION_ARN});
    world.call("RotateSecret", &body).await.unwrap();
    world.work().await;
    let value = world.call("GetSecretValue", &json!({"SecretId": name})).await.unwrap();
    assert_eq!(value["VersionId"], "r".repeat(64));
}
