//! The same policies and requests, decided here and by another implementation (the crate `iam-rs`).

use std::collections::BTreeMap;

use iam_rs::{Arn, ContextValue, Decision, IAMPolicy, IAMRequest, PolicyEvaluator, Principal, PrincipalId};
use proptest::prelude::*;

use super::evaluate_tests::Keys;
use super::property_tests::runner;
use super::{Caller, Document, Kind, Named, Policies, Request, evaluate};

const USER: &str = "arn:aws:iam::111111111111:user/ann";
const ACCOUNT: &str = "111111111111";
const ACTIONS: [&str; 3] = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "kms:Decrypt"];
const RESOURCES: [&str; 4] = [
    "arn:aws:secretsmanager:us-east-1:111111111111:secret:ann/db-AbCdEf",
    "arn:aws:secretsmanager:us-east-1:111111111111:secret:prod/db-AbCdEf",
    "arn:aws:secretsmanager:us-east-1:111111111111:secret:test/db-AbCdEf",
    "arn:aws:kms:eu-west-1:111111111111:key/1234",
];
/// Operators with a key and with values, some of which are those of a request.
const CONDITIONS: [(&str, &str, &str); 26] = [
    ("StringEquals", "aws:username", r#""ann""#),
    ("StringEquals", "aws:username", r#"["bob","ann"]"#),
    ("StringNotEquals", "aws:username", r#"["bob","cid"]"#),
    ("StringEqualsIgnoreCase", "aws:username", r#""ANN""#),
    ("StringNotEqualsIgnoreCase", "aws:username", r#""ANN""#),
    ("StringLike", "aws:username", r#""a?n*""#),
    ("StringNotLike", "aws:username", r#""a*""#),
    ("StringEqualsIfExists", "aws:PrincipalTag/team", r#""blue""#),
    ("StringLikeIfExists", "aws:PrincipalTag/team", r#""b*""#),
    ("NumericEquals", "app:number", r#""5""#),
    ("NumericLessThan", "app:number", r#""6""#),
    ("NumericGreaterThanEquals", "app:number", r#""6""#),
    ("NumericLessThanIfExists", "app:number", r#""4""#),
    ("DateGreaterThan", "aws:CurrentTime", r#""2026-01-01T00:00:00Z""#),
    ("DateLessThanEquals", "aws:CurrentTime", r#""2026-01-01T00:00:00Z""#),
    ("Bool", "aws:SecureTransport", r#""true""#),
    ("BoolIfExists", "aws:SecureTransport", r#""false""#),
    ("IpAddress", "aws:SourceIp", r#""192.0.2.0/24""#),
    ("NotIpAddress", "aws:SourceIp", r#"["192.0.2.0/24","203.0.113.0/24"]"#),
    ("IpAddressIfExists", "aws:SourceIp", r#""203.0.113.7""#),
    ("ArnLike", "aws:PrincipalArn", r#""arn:aws:iam::111111111111:user/*""#),
    ("ArnEquals", "aws:PrincipalArn", r#""arn:aws:iam::111111111111:user/bob""#),
    ("Null", "aws:username", r#""true""#),
    ("Null", "aws:PrincipalTag/team", r#""false""#),
    ("StringNotEqualsIfExists", "aws:username", r#""ann""#),
    ("StringEquals", "aws:PrincipalTag/team", r#""red""#),
];
/// Keys of a request with the values that they may have; each may be absent. In small letters.
const KEYS: [(&str, [&str; 2]); 7] = [
    ("aws:username", ["ann", "bob"]),
    ("aws:principaltag/team", ["blue", "red"]),
    ("app:number", ["5", "7"]),
    ("aws:currenttime", ["2025-06-01T00:00:00Z", "2026-06-01T00:00:00Z"]),
    ("aws:securetransport", ["true", "false"]),
    ("aws:sourceip", ["192.0.2.9", "203.0.113.7"]),
    ("aws:principalarn", [USER, "arn:aws:iam::111111111111:role/app"]),
];

fn statement() -> impl Strategy<Value = String> {
    let actions =
        ["*", "secretsmanager:*", "secretsmanager:Get*", "kms:Decrypt", "secretsmanager:?utSecretValue"];
    let resources = [
        "*",
        "arn:aws:secretsmanager:us-east-1:111111111111:secret:prod/*",
        "arn:aws:secretsmanager:*:111111111111:secret:*",
        "arn:aws:secretsmanager:us-east-1:111111111111:secret:${aws:username}/*",
        "arn:aws:kms:eu-west-1:111111111111:key/1234",
    ];
    let conditions = prop::collection::vec(prop::sample::select(&CONDITIONS[..]), 0..3);
    (
        any::<bool>(),
        prop::sample::subsequence(actions.to_vec(), 1..3),
        prop::bool::weighted(0.2),
        prop::sample::subsequence(resources.to_vec(), 1..3),
        prop::bool::weighted(0.2),
        conditions,
    )
        .prop_map(|(deny, actions, not_action, resources, not_resource, conditions)| {
            let effect = if deny { "Deny" } else { "Allow" };
            let (a, r) = (if not_action { "Not" } else { "" }, if not_resource { "Not" } else { "" });
            // One operator stands once in a block.
            let block: BTreeMap<_, _> =
                conditions.iter().map(|(operator, key, values)| (operator, (key, values))).collect();
            let block: Vec<String> = block
                .iter()
                .map(|(operator, (key, values))| format!(r#""{operator}":{{"{key}":{values}}}"#))
                .collect();
            format!(
                r#"{{"Effect":"{effect}","{a}Action":{actions:?},"{r}Resource":{resources:?},"Condition":{{{}}}}}"#,
                block.join(",")
            )
        })
}

type Values = Vec<Option<usize>>;

fn here(text: &str, action: &str, resource: &str, values: &Values) -> bool {
    let document = Document::parse(text, Kind::Identity).expect("the test writes good documents");
    let identity = [Named { name: "p", document: &document }];
    let keys = KEYS.iter().zip(values).filter_map(|((key, options), value)| Some((*key, options[(*value)?])));
    let keys = keys.map(|(key, value)| (key, vec![value])).collect();
    let request = Request {
        caller: Caller::User { arn: USER },
        caller_account: ACCOUNT,
        action,
        resource,
        resource_account: ACCOUNT,
        context: &Keys(keys),
    };
    evaluate(&request, &Policies { identity: &identity, ..Policies::default() }).is_allowed()
}

/// The other implementation takes values by their types.
fn typed(value: &str) -> ContextValue {
    if let Ok(truth) = value.parse() {
        return ContextValue::Boolean(truth);
    }
    if let Ok(number) = value.parse() {
        return ContextValue::Number(number);
    }
    match value.parse() {
        Ok(date) => ContextValue::DateTime(date),
        Err(_) => ContextValue::String(value.to_owned()),
    }
}

fn there(text: &str, action: &str, resource: &str, values: &Values) -> bool {
    let policy = IAMPolicy::from_json(text).expect("the test writes good documents");
    let principal = Principal::Aws(PrincipalId::String(USER.to_owned()));
    let mut request = IAMRequest::new(principal, action, Arn::parse(resource).expect("it is an ARN"));
    for ((key, options), value) in KEYS.iter().zip(values) {
        if let Some(value) = value {
            request.context.insert((*key).to_owned(), typed(options[*value]));
        }
    }
    let decided = PolicyEvaluator::with_policies(vec![policy]).evaluate(&request);
    decided.expect("the request is whole").decision == Decision::Allow
}

#[test]
fn another_implementation_decides_the_same() {
    let strategy = (
        prop::collection::vec(statement(), 1..5),
        prop::sample::select(&ACTIONS[..]),
        prop::sample::select(&RESOURCES[..]),
        prop::collection::vec(prop::option::weighted(0.8, 0..2_usize), KEYS.len()),
    );
    let check = |(statements, action, resource, values): (Vec<String>, &str, &str, Values)| {
        // A variable without a value is read in two ways, of which AWS documents neither.
        let values = values.iter().enumerate().map(|(at, value)| value.or((at == 0).then_some(0))).collect();
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        let expected = there(&text, action, resource, &values);
        prop_assert_eq!(here(&text, action, resource, &values), expected, "{} {}", action, resource);
        Ok(())
    };
    runner(6_000).run(&strategy, check).unwrap();
}
