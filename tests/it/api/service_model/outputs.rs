//! Shows each member of each answer that can be shown, and that no answer has one of its own.

use std::collections::BTreeSet;

use keywheel::ops::Caller;
use keywheel_domain::time::{DAY_MS, HOUR_MS};
use keywheel_tests::node::Node;
use serde_json::Value;

use super::super::world::World;
use super::ServiceModel;
use super::scenarios::SCENARIOS;

/// Members that no answer can have here, and why.
const NEVER: &[(&str, &str)] = &[
    ("DescribeSecret.KmsKeyId", "the managed key, the only one, is not told"),
    ("ListSecrets.SecretList.KmsKeyId", "the managed key, the only one, is not told"),
    ("DescribeSecret.OwningService", "no service owns a secret"),
    ("ListSecrets.SecretList.OwningService", "no service owns a secret"),
    ("ListResourcePolicies.NextToken", "a secret has one policy at most, which fits on a page"),
];

#[tokio::test]
async fn every_member_of_an_answer_is_shown_and_none_is_made_up() {
    let model = ServiceModel::load();
    let (mut all, mut shown) = (BTreeSet::new(), BTreeSet::new());
    for operation in model.operations() {
        if let Some(output) = model.body_of(operation, "output") {
            paths(&model, operation, output, &mut all);
        }
    }
    for scenario in SCENARIOS {
        play(&model, scenario, &mut shown).await;
    }
    let made_up: Vec<&String> = shown.difference(&all).collect();
    assert!(made_up.is_empty(), "not in the model: {made_up:?}");
    let missing: BTreeSet<&str> = all.difference(&shown).map(String::as_str).collect();
    let never: BTreeSet<&str> = NEVER.iter().map(|(path, _)| *path).collect();
    let forgotten: Vec<_> = missing.difference(&never).collect();
    assert!(forgotten.is_empty(), "shown by no scenario: {forgotten:#?}");
    let needless: Vec<_> = never.difference(&missing).collect();
    assert!(needless.is_empty(), "shown after all: {needless:?}");
}

/// All paths below a shape, lists and maps left out.
fn paths(model: &ServiceModel, path: &str, name: &str, found: &mut BTreeSet<String>) {
    let shape = model.shape(name);
    match shape["type"].as_str().unwrap() {
        "structure" => {
            for (member, inner) in model.members(name) {
                let path = format!("{path}.{member}");
                paths(model, &path, inner, found);
                found.insert(path);
            }
        }
        "list" => paths(model, path, shape["member"]["shape"].as_str().unwrap(), found),
        _ => {}
    }
}

async fn play(model: &ServiceModel, scenario: &str, shown: &mut BTreeSet<String>) {
    let world = World::new().await;
    let (mut arn, mut next, mut other) = (String::new(), String::new(), String::new());
    for line in scenario.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(time) = line.strip_prefix("+ ") {
            let (count, unit) = time.split_once(' ').unwrap();
            let unit = if unit.starts_with("day") { DAY_MS } else { HOUR_MS };
            world.clock.advance(count.parse::<i64>().unwrap() * unit);
            continue;
        }
        if line == "work" {
            world.work().await;
            continue;
        }
        let (caller, line) = caller_of(line);
        let (operation, body) = line.split_once(' ').unwrap();
        let body = super::super::wire::expanded(body);
        let body = body.replace("$ARN", &arn).replace("$NEXT", &next).replace("$OTHER", &other);
        let target = format!("secretsmanager.{operation}");
        let answer = world.ops.dispatch(&caller, &target, body.as_bytes()).await;
        let answer = answer.unwrap_or_else(|error| panic!("{operation} {body}: {error}"));
        let Some(output) = model.body_of(operation, "output") else {
            assert!(answer.is_empty(), "{operation} has no output");
            continue;
        };
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        see(model, operation, output, &answer, shown);
        if let Some(found) = answer["ARN"].as_str() {
            if caller.account == Node::root().account {
                found.clone_into(&mut arn);
            } else {
                found.clone_into(&mut other);
            }
        }
        if let Some(found) = answer["NextToken"].as_str() {
            found.clone_into(&mut next);
        }
    }
}

/// `@eu-west-1` calls from another region, `@999999999999` from another account.
fn caller_of(line: &str) -> (Caller, &str) {
    let mut caller = Node::root();
    let Some(rest) = line.strip_prefix('@') else { return (caller, line) };
    let (place, line) = rest.split_once(' ').unwrap();
    if place.bytes().all(|byte| byte.is_ascii_digit()) {
        place.clone_into(&mut caller.account);
    } else {
        place.clone_into(&mut caller.region);
    }
    (caller, line)
}

/// Notes the members that are there, each of the type that the model names.
fn see(model: &ServiceModel, path: &str, name: &str, value: &Value, shown: &mut BTreeSet<String>) {
    let shape = model.shape(name);
    let is_right = match shape["type"].as_str().unwrap() {
        "structure" => value.is_object(),
        "list" => value.is_array(),
        "map" => value.as_object().is_some_and(|map| !map.is_empty()),
        "string" | "blob" => value.is_string(),
        "timestamp" | "integer" | "long" => value.is_number(),
        "boolean" => value.is_boolean(),
        other => panic!("the type {other} is in no answer"),
    };
    assert!(is_right, "{path} is {value}");
    match shape["type"].as_str().unwrap() {
        "structure" => {
            for (member, inner) in value.as_object().unwrap() {
                let path = format!("{path}.{member}");
                if let Some((_, shape)) = model.members(name).find(|(known, _)| known == member) {
                    see(model, &path, shape, inner, shown);
                }
                shown.insert(path);
            }
            for required in model.required(name) {
                assert!(value.get(required).is_some(), "{path} has no {required}");
            }
        }
        "list" => {
            let member = shape["member"]["shape"].as_str().unwrap();
            value.as_array().unwrap().iter().for_each(|item| see(model, path, member, item, shown));
        }
        "string" if shape["enum"].is_array() => {
            assert!(shape["enum"].as_array().unwrap().contains(value), "{path} is {value}");
        }
        _ => {}
    }
}
