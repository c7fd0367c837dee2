use serde_json::{Value, json};

use super::*;

fn parse(change: Value, kind: Kind) -> Result<Document, MalformedDocument> {
    let mut statement =
        json!({"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"});
    for (key, value) in change.as_object().unwrap() {
        statement[key] = value.clone();
        if value.is_null() {
            statement.as_object_mut().unwrap().remove(key);
        }
    }
    Document::parse(&json!({"Version": "2012-10-17", "Statement": [statement]}).to_string(), kind)
}

fn check(kind: Kind, change: Value, expected: Option<&str>) {
    let found = parse(change.clone(), kind).err().map(|error| error.to_string());
    assert_eq!(found.as_deref(), expected, "{change}");
}

#[test]
fn a_statement_has_the_grammar_of_its_kind() {
    let identity = |change, expected| check(Kind::Identity, change, expected);
    identity(json!({}), None);
    identity(json!({"Sid": "Read1"}), None);
    identity(json!({"Sid": "Read it"}), Some("statement 1 (`Read it`) has an invalid Sid element"));
    identity(json!({"Effect": "allow"}), Some("statement 1 has an invalid Effect element"));
    identity(json!({"Action": null}), Some("statement 1 must have exactly one of Action and NotAction"));
    identity(json!({"NotAction": "*"}), Some("statement 1 must have exactly one of Action and NotAction"));
    identity(
        json!({"Action": "GetSecretValue"}),
        Some("statement 1 has the invalid action `GetSecretValue`"),
    );
    identity(json!({"Action": ["*", "kms:Decrypt", "secretsmanager:Get*"]}), None);
    identity(json!({"Action": []}), Some("statement 1 has an invalid Action element"));
    identity(
        json!({"Resource": null}),
        Some("statement 1 must have exactly one of Resource and NotResource"),
    );
    identity(json!({"Resource": "db"}), Some("statement 1 has the invalid resource `db`"));
    identity(json!({"Principal": "*"}), Some("statement 1 must not have the element Principal"));
    identity(json!({"Colour": "blue"}), Some("statement 1 has the unknown element `Colour`"));
    let condition = |operator: &str, value: Value| json!({"Condition": {operator: {"aws:x": value}}});
    identity(condition("StringEquals", json!("x")), None);
    identity(condition("ForAllValues:StringLikeIfExists", json!(["x"])), None);
    identity(condition("Same", json!("x")), Some("statement 1 has the unknown condition operator `Same`"));
    identity(
        condition("NumericEquals", json!("x")),
        Some("statement 1 has a value for `aws:x` that NumericEquals cannot compare"),
    );
    identity(condition("Null", json!({})), Some("statement 1 has an invalid Condition element"));
    identity(
        condition("StringEquals", json!("${aws:username")),
        Some("statement 1 has a value for `aws:x` that StringEquals cannot compare"),
    );
}

#[test]
fn only_policies_of_resources_and_roles_name_principals() {
    let resource = |change, expected| check(Kind::Resource, change, expected);
    resource(json!({}), Some("statement 1 must have exactly one of Principal and NotPrincipal"));
    resource(json!({"Principal": "*"}), None);
    resource(json!({"Principal": "me"}), Some("statement 1 has an invalid Principal element"));
    for name in [
        "123456789012",
        "arn:aws:iam::123456789012:root",
        "arn:aws:iam::123456789012:user/path/ann",
        "arn:aws:iam::123456789012:role/reader",
        "arn:aws:sts::123456789012:assumed-role/reader/one",
    ] {
        resource(json!({"Principal": {"AWS": [name]}}), None);
    }
    for name in ["1234", "arn:aws:iam::123456789012:user/*", "arn:aws:sts::123456789012:assumed-role/reader"]
    {
        let expected = format!("statement 1 has the invalid principal `{name}`");
        check(Kind::Resource, json!({"Principal": {"AWS": name}}), Some(&expected));
    }
    resource(json!({"Principal": {"Service": "lambda.amazonaws.com"}}), None);
    resource(
        json!({"NotPrincipal": {"AWS": "123456789012"}}),
        Some("statement 1 must not allow with NotPrincipal"),
    );
    resource(json!({"NotPrincipal": {"AWS": "123456789012"}, "Effect": "Deny"}), None);
    let trust = |change, expected| check(Kind::Trust, change, expected);
    trust(json!({"Principal": "*", "Resource": null, "Action": "sts:AssumeRole"}), None);
    trust(json!({"Principal": "*"}), Some("statement 1 must not have the element Resource"));
}

#[test]
fn what_is_no_document_is_told() {
    let check = |text: &str, expected: &str| {
        let found = Document::parse(text, Kind::Identity).unwrap_err().to_string();
        assert_eq!(found, expected, "{text}");
    };
    let statement = r#"{"Sid":"A","Effect":"Deny","Action":"*","Resource":"*"}"#;
    check("", "the policy is not valid JSON, or has the same key twice");
    check(
        r#"{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}"#,
        "the policy is not valid JSON, or has the same key twice",
    );
    check(r#"{"Statement":[]}"#, "the policy has an invalid Statement element");
    check(r#"{"Version":"2020-01-01","Statement":[]}"#, "the policy has an invalid Version element");
    check(r#"{"Statements":[]}"#, "the policy has the unknown element `Statements`");
    check(
        &format!(r#"{{"Statement":[{statement},{statement}]}}"#),
        "statement 2 (`A`) has a Sid that another statement has",
    );
    check(&" ".repeat(DOCUMENT_BYTES_MAX + 1), "the policy is longer than 32768 bytes");
    let many = vec![r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#; 101].join(",");
    check(&format!(r#"{{"Statement":[{many}]}}"#), "the policy has too many values in Statement");
}
