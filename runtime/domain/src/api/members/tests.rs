//! Refusals name the member, never its content.

use super::*;

fn check(body: &str, read: impl Fn(&mut Members) -> Result<(), ApiError>, expected: &str) {
    let outcome = Members::parse(body.as_bytes()).and_then(|mut members| {
        read(&mut members)?;
        members.finish()
    });
    let told = outcome.map_or_else(|error| error.to_string(), |()| "ok".to_owned());
    assert_eq!(told, expected);
}

fn secret_id(members: &mut Members) -> Result<(), ApiError> {
    members.required_text("SecretId", 1..=4).map(drop)
}

#[test]
fn a_refusal_names_the_member_and_not_its_content() {
    check(r#"{"SecretId":"abcd"}"#, secret_id, "ok");
    check(
        r#"{"SecretId":"hunter2"}"#,
        secret_id,
        "ValidationException: 1 validation error detected: Value at 'secretId' failed to satisfy \
         constraint: Member must have length less than or equal to 4",
    );
    check(
        "{}",
        secret_id,
        "ValidationException: 1 validation error detected: Value at 'secretId' failed to satisfy \
         constraint: Member must not be null",
    );
    check(
        r#"{"SecretId":7}"#,
        secret_id,
        "SerializationException: `SecretId` must be a string, not a number",
    );
    check("[]", secret_id, "SerializationException: the body must be a JSON object, not a list");
    check(
        r#"{"SecretId":"hunter2"#,
        secret_id,
        "SerializationException: the body is not JSON: it ends too early: line 1, column 20",
    );
    check(
        r#"{"a":"hunter2","a":1}"#,
        secret_id,
        "SerializationException: the body names a member twice: line 1, column 21",
    );
}

#[test]
fn both_kinds_of_value_are_refused() {
    check(
        r#"{"SecretString":"a","SecretBinary":"YQ=="}"#,
        |members| members.secret_value().map(drop),
        "InvalidParameterException: You can't specify both a binary secret value and a string secret \
         value in the same secret.",
    );
    check(
        r#"{"SecretBinary":"?"}"#,
        |members| members.secret_value().map(drop),
        "SerializationException: `SecretBinary` must be base64",
    );
}

#[test]
fn a_nested_member_is_named_with_its_path() {
    check(
        r#"{"Tags":[{"Key":""}]}"#,
        |members| members.structures("Tags", 0..=50, |tag| tag.required_text("Key", 1..=128)).map(drop),
        "ValidationException: 1 validation error detected: Value at 'tags.1.member.key' failed to \
         satisfy constraint: Member must have length greater than or equal to 1",
    );
}
