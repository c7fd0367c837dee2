//! Breaks each constraint of each member of each request, alone.

use serde_json::{Map, Value, json};

use super::super::world::World;
use super::ServiceModel;

/// A request that breaks one constraint, and what must be said.
struct Violation {
    operation: String,
    what: String,
    body: Value,
    code: &'static str,
    /// The member that the answer names.
    member: String,
}

/// Fewest violations that there are in the model: a walk that finds less has lost its way.
const VIOLATIONS_MIN: usize = 250;

#[tokio::test]
async fn every_broken_constraint_is_refused_and_names_its_member() {
    let model = ServiceModel::load();
    let world = World::new().await;
    let before = world.image();
    let mut wrong = Vec::new();
    let violations: Vec<Violation> = model.operations().flat_map(|name| violations(&model, name)).collect();
    assert!(violations.len() >= VIOLATIONS_MIN, "only {} violations", violations.len());
    for Violation { operation, what, body, code, member } in &violations {
        match world.call(operation, body).await {
            Ok(_) => wrong.push(format!("{operation} {what}: answered")),
            Err(error) => {
                let named = error.message.to_lowercase().contains(&member.to_lowercase());
                if error.code.as_str() != *code || !named || error.code.http_status() != 400 {
                    wrong.push(format!("{operation} {what}: {error}"));
                }
            }
        }
        assert_eq!(world.image(), before, "{operation} {what} has changed something");
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), violations.len(), wrong.join("\n"));
}

fn violations(model: &ServiceModel, operation: &str) -> Vec<Violation> {
    let Some(input) = model.body_of(operation, "input") else { return Vec::new() };
    let mut found = Vec::new();
    for (what, body, code, member) in broken_structures(model, input) {
        found.push(Violation { operation: operation.to_owned(), what, body, code, member });
    }
    found
}

type Broken = (String, Value, &'static str, String);

const VALIDATION: &str = "ValidationException";
const SERIALIZATION: &str = "SerializationException";

/// The least that a structure may be.
fn least_structure(model: &ServiceModel, shape: &str) -> Map<String, Value> {
    let required = model.required(shape);
    let members = model.members(shape).filter(|(name, _)| required.contains(name));
    members.map(|(name, member)| (name.to_owned(), least(model, member))).collect()
}

/// A value of a shape that breaks nothing.
fn least(model: &ServiceModel, name: &str) -> Value {
    let shape = model.shape(name);
    match shape["type"].as_str().unwrap() {
        "structure" => Value::Object(least_structure(model, name)),
        "list" => {
            let count = shape["min"].as_u64().unwrap_or(0).max(1);
            let member = shape["member"]["shape"].as_str().unwrap();
            (0..count).map(|_| least(model, member)).collect()
        }
        "string" if shape["enum"].is_array() => shape["enum"][0].clone(),
        "string" if name == "RegionType" => json!("eu-west-1"),
        "string" if name == "DurationType" => json!("3h"),
        "string" => json!("a".repeat(min_of(shape))),
        "blob" => json!("YQ=="),
        "boolean" => json!(true),
        "integer" | "long" => json!(shape["min"].as_u64().unwrap_or(1)),
        other => panic!("no value of the type {other}"),
    }
}

fn min_of(shape: &Value) -> usize {
    usize::try_from(shape["min"].as_u64().unwrap_or(1).max(1)).unwrap()
}

/// Each way to break one member of a structure, with the rest as it should be.
fn broken_structures(model: &ServiceModel, shape: &str) -> Vec<Broken> {
    let good = least_structure(model, shape);
    let mut broken = Vec::new();
    for required in model.required(shape) {
        let mut body = good.clone();
        body.remove(required);
        broken.push((format!("without {required}"), Value::Object(body), VALIDATION, required.to_owned()));
    }
    for (name, member) in model.members(shape) {
        for (what, value, code, inner) in broken_values(model, member) {
            let mut body = good.clone();
            body.insert(name.to_owned(), value);
            let named = if inner.is_empty() { name.to_owned() } else { inner };
            broken.push((format!("{name} {what}"), Value::Object(body), code, named));
        }
    }
    broken
}

/// Each way to break a value of a shape; the name of the member in it that is broken, if one is.
fn broken_values(model: &ServiceModel, name: &str) -> Vec<Broken> {
    let shape = model.shape(name);
    let own = String::new;
    let mut broken = Vec::new();
    let bad = |what: &str, value: Value| (what.to_owned(), value, VALIDATION, own());
    let wrong = |value: Value| (format!("as {value}"), value, SERIALIZATION, own());
    match shape["type"].as_str().unwrap() {
        "string" => {
            broken.extend([wrong(json!(7)), wrong(json!(["a"])), wrong(json!({"a": 1})), wrong(json!(true))]);
            broken.extend(broken_texts(shape).into_iter().map(|(what, text)| bad(what, json!(text))));
        }
        "blob" => {
            broken.extend([wrong(json!(7)), wrong(json!("not base64!")), bad("empty", json!(""))]);
            // 65,538 zero bytes: the least number over the bound that needs no padding.
            broken.push(bad("too long", json!("AAAA".repeat(21_846))));
        }
        "boolean" => broken.extend([wrong(json!("true")), wrong(json!(1))]),
        "integer" | "long" => {
            broken.extend([wrong(json!("7")), wrong(json!(1.5)), wrong(json!([]))]);
            if let Some(min) = shape["min"].as_i64() {
                broken.push(bad("too small", json!(min - 1)));
            }
            if let Some(max) = shape["max"].as_i64() {
                broken.push(bad("too great", json!(max + 1)));
            }
        }
        "structure" => {
            broken.extend([wrong(json!("a")), wrong(json!([]))]);
            broken.extend(broken_structures(model, name));
        }
        "list" => {
            broken.extend([wrong(json!("a")), wrong(json!({}))]);
            let member = shape["member"]["shape"].as_str().unwrap();
            if let Some(min) = shape["min"].as_u64().filter(|min| *min > 0) {
                let items: Vec<Value> = (1..min).map(|_| least(model, member)).collect();
                broken.push(bad("too few", json!(items)));
            }
            if let Some(max) = shape["max"].as_u64() {
                let items: Vec<Value> = (0..=max).map(|_| least(model, member)).collect();
                broken.push(bad("too many", json!(items)));
            }
            for (what, value, code, inner) in broken_values(model, member) {
                broken.push((format!("of {what}"), json!([value]), code, inner));
            }
        }
        other => panic!("the type {other} is not known"),
    }
    broken
}

fn broken_texts(shape: &Value) -> Vec<(&'static str, String)> {
    if shape["enum"].is_array() {
        return vec![("not in the set", "colour".to_owned())];
    }
    let mut texts = Vec::new();
    if let Some(min) = shape["min"].as_u64().filter(|min| *min > 0) {
        texts.push(("too short", "1".repeat(usize::try_from(min - 1).unwrap())));
    }
    if let Some(max) = shape["max"].as_u64() {
        texts.push(("too long", "1".repeat(usize::try_from(max + 1).unwrap())));
    }
    if shape["pattern"].is_string() {
        // No pattern of this service takes this character.
        texts.push(("out of pattern", "§".repeat(min_of(shape))));
    }
    texts
}
