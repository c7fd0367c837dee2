use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::evaluate_tests::Keys;
use super::*;

fn keys() -> Keys {
    Keys(BTreeMap::from([
        ("aws:username", vec!["ann"]),
        ("aws:principaltag/team", vec!["a*"]),
        ("aws:sourceip", vec!["10.1.2.3"]),
        ("aws:currenttime", vec!["2026-05-01T12:00:00Z"]),
        ("aws:securetransport", vec!["true"]),
        ("aws:principalarn", vec!["arn:aws:iam::111111111111:role/a/reader"]),
        ("aws:tagkeys", vec!["team", "stage"]),
        ("aws:empty", vec![]),
        ("x:number", vec!["30"]),
        ("x:six", vec!["2001:db8::1"]),
        ("x:bytes", vec!["AQID"]),
        ("x:star", vec!["*"]),
    ]))
}

fn is_match(version: &str, statement: Value, resource: &str) -> bool {
    let text = json!({"Version": version, "Statement": [statement]}).to_string();
    let document = Document::parse(&text, Kind::Identity).unwrap();
    let context = keys();
    let request = Request {
        caller: Caller::User { arn: "arn:aws:iam::111111111111:user/ann" },
        caller_account: "111111111111",
        action: "secretsmanager:GetSecretValue",
        resource,
        resource_account: "111111111111",
        context: &context,
    };
    let identity = [Named { name: "p", document: &document }];
    evaluate(&request, &Policies { identity: &identity, ..Policies::default() }).is_allowed()
}

fn condition(operator: &str, key: &str, value: Value, expected: bool) {
    let statement =
        json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {key: value}}});
    assert_eq!(is_match("2012-10-17", statement, "*"), expected, "{operator} {key} {value}");
}

#[test]
fn operators_compare_as_documented() {
    condition("StringEquals", "AWS:UserName", json!(["bob", "ann"]), true);
    condition("StringEquals", "aws:username", json!("Ann"), false);
    condition("StringEquals", "aws:username", json!("a*"), false);
    condition("StringNotEquals", "aws:username", json!(["bob", "ann"]), false);
    condition("StringEqualsIgnoreCase", "aws:username", json!("ANN"), true);
    condition("StringNotEqualsIgnoreCase", "aws:username", json!("ANN"), false);
    condition("StringLike", "aws:username", json!("a?n"), true);
    condition("StringNotLike", "aws:username", json!("b*"), true);
    condition("NumericLessThan", "x:number", json!(31), true);
    condition("NumericLessThan", "x:number", json!(30), false);
    condition("NumericLessThanEquals", "x:number", json!("30.0"), true);
    condition("NumericGreaterThan", "x:number", json!(7), true);
    condition("NumericGreaterThanEquals", "x:number", json!(31), false);
    condition("NumericNotEquals", "x:number", json!(30), false);
    condition("NumericEquals", "aws:username", json!(30), false);
    condition("DateGreaterThan", "aws:CurrentTime", json!("2026-05-01T11:59Z"), true);
    condition("DateLessThan", "aws:CurrentTime", json!("2026-05-01"), false);
    condition("DateEquals", "aws:CurrentTime", json!(1_777_636_800), true);
    condition("Bool", "aws:SecureTransport", json!(true), true);
    condition("Bool", "aws:SecureTransport", json!("false"), false);
    condition("BinaryEquals", "x:bytes", json!("AQID"), true);
    condition("IpAddress", "aws:SourceIp", json!(["192.168.0.0/16", "10.0.0.0/8"]), true);
    condition("IpAddress", "aws:SourceIp", json!("10.1.2.4"), false);
    condition("IpAddress", "aws:SourceIp", json!("0.0.0.0/0"), true);
    condition("NotIpAddress", "aws:SourceIp", json!("10.0.0.0/8"), false);
    condition("IpAddress", "x:six", json!("2001:db8::/32"), true);
    condition("IpAddress", "x:six", json!("2001:db9::/32"), false);
    condition("ArnLike", "aws:PrincipalArn", json!("arn:aws:iam::*:role/*"), true);
    condition("ArnEquals", "aws:PrincipalArn", json!("arn:*:role/a/reader"), false);
    condition("ArnNotLike", "aws:PrincipalArn", json!("arn:aws:iam::*:role/*"), false);
}

#[test]
fn a_missing_key_fails_what_asks_for_it_and_passes_what_excludes() {
    condition("StringEquals", "aws:none", json!("x"), false);
    condition("StringNotEquals", "aws:none", json!("x"), true);
    condition("StringEqualsIfExists", "aws:none", json!("x"), true);
    condition("StringEqualsIfExists", "aws:username", json!("x"), false);
    condition("Null", "aws:none", json!(true), true);
    condition("Null", "aws:username", json!(true), false);
    condition("Null", "aws:empty", json!("true"), true);
    condition("Null", "aws:username", json!("false"), true);
}

#[test]
fn set_operators_ask_for_all_or_any_of_the_values() {
    condition("ForAllValues:StringEquals", "aws:TagKeys", json!(["team", "stage", "x"]), true);
    condition("ForAllValues:StringEquals", "aws:TagKeys", json!(["team"]), false);
    condition("ForAllValues:StringEquals", "aws:none", json!(["team"]), true);
    condition("ForAnyValue:StringEquals", "aws:TagKeys", json!(["team"]), true);
    condition("ForAnyValue:StringEquals", "aws:TagKeys", json!(["other"]), false);
    condition("ForAnyValue:StringEquals", "aws:none", json!(["team"]), false);
    condition("ForAnyValue:StringNotEquals", "aws:TagKeys", json!(["team"]), true);
    condition("ForAllValues:StringNotEquals", "aws:TagKeys", json!(["team"]), false);
}

#[test]
fn variables_bring_in_literal_text() {
    condition("StringEquals", "aws:username", json!("${aws:username}"), true);
    condition("StringLike", "aws:username", json!("${aws:PrincipalTag/team}"), false);
    condition("StringEquals", "aws:username", json!("${aws:none}"), false);
    condition("StringEquals", "aws:username", json!("${aws:none, 'ann'}"), true);
    condition("StringEquals", "aws:username", json!("${aws:TagKeys}"), false);
    condition("StringLike", "x:star", json!("${*}"), true);
    condition("StringLike", "aws:username", json!("${*}"), false);
}

#[test]
fn resources_match_part_by_part_with_variables_only_in_the_newer_version() {
    let check = |version: &str, element: &str, pattern: &str, resource: &str, expected: bool| {
        let statement = json!({"Effect": "Allow", "Action": "*", element: pattern});
        assert_eq!(is_match(version, statement, resource), expected, "{version} {pattern} {resource}");
    };
    let ann = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:ann/db-AbCdEf";
    let new = |pattern, resource, expected| check("2012-10-17", "Resource", pattern, resource, expected);
    new("*", ann, true);
    new("*", "*", true);
    new(ann, "*", false);
    new("arn:aws:secretsmanager:*:*:secret:ann/*", ann, true);
    new("arn:aws:secretsmanager:*:secret:ann/*:x", ann, false);
    new("arn:aws:secretsmanager:*:*:secret:${aws:username}/*", ann, true);
    new("arn:aws:secretsmanager:*:*:secret:${aws:none}/*", ann, false);
    new("arn:aws:secretsmanager:*:*:secret:ann/db-??????", ann, true);
    new("arn:aws:secretsmanager:*:*:secret:ann/db-?????", ann, false);
    check("2008-10-17", "Resource", "arn:aws:secretsmanager:*:*:secret:${aws:username}/*", ann, false);
    check("2012-10-17", "NotResource", "arn:aws:secretsmanager:*:*:secret:bob/*", ann, true);
    check("2012-10-17", "NotResource", "arn:aws:secretsmanager:*:*:secret:ann/*", ann, false);
    check("2012-10-17", "NotResource", "arn:aws:secretsmanager:*:*:secret:${aws:none}/*", ann, false);
}

#[test]
fn actions_match_in_any_case_and_exceptions_leave_the_rest() {
    let check = |element: &str, pattern: Value, expected: bool| {
        let statement = json!({"Effect": "Allow", element: pattern, "Resource": "*"});
        assert_eq!(is_match("2012-10-17", statement, "*"), expected, "{element} {pattern}");
    };
    check("Action", json!("SECRETSMANAGER:getsecret*"), true);
    check("Action", json!(["kms:*", "secretsmanager:Get?ecretValue"]), true);
    check("Action", json!("secretsmanager:Get"), false);
    check("NotAction", json!("kms:*"), true);
    check("NotAction", json!(["kms:*", "secretsmanager:Get*"]), false);
}

#[test]
fn a_policy_for_everybody_is_public_unless_a_condition_binds_it() {
    let check = |principal: Value, condition: Value, expected: &[&str]| {
        let text = json!({"Statement": {"Effect": "Allow", "Principal": principal, "Resource": "*",
            "Action": "secretsmanager:*", "Condition": condition}})
        .to_string();
        let document = Document::parse(&text, Kind::Resource).unwrap();
        assert_eq!(is_public(&document), expected.contains(&"PUBLIC_ACCESS"), "{text}");
        let found: Vec<_> = findings(&document).into_iter().map(|(check, _)| check).collect();
        assert_eq!(found, expected, "{text}");
    };
    let open = &["PUBLIC_ACCESS"][..];
    check(json!("*"), json!({}), open);
    check(json!({"AWS": ["111111111111", "*"]}), json!({}), open);
    check(json!({"AWS": "111111111111"}), json!({}), &[]);
    check(json!("*"), json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), &[]);
    check(json!("*"), json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}), open);
    check(json!("*"), json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}), open);
    check(json!("*"), json!({"StringLike": {"aws:PrincipalArn": "*"}}), open);
    check(json!("*"), json!({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "0.0.0.0/0"]}}), open);
}
