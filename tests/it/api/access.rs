//! Who may do what: policies of users and roles, boundaries, and the policies of secrets and keys.

mod conditions;
mod functions;
mod keys;
mod people;
mod secrets;
mod sessions;
mod shared_keys;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use keywheel::ops::{
    Caller, Identity, NamedPolicy, Principal, RequestOrigin, RoleIdentity, Session, Standing,
};
use keywheel_domain::policy::{Document, Kind};
use keywheel_tests::node::Node;
use serde_json::{Value, json};

use super::world::World;

const ANN: &str = "arn:aws:iam::123456789012:user/ann";
const TOKEN: &str = "11111111-1111-4111-8111-111111111111";

/// A policy of one statement.
fn policy(effect: &str, action: &str, resource: &str) -> Value {
    json!({"Effect": effect, "Action": action, "Resource": resource})
}

/// The same, under a condition.
fn policy_if(effect: &str, action: &str, operator: &str, key: &str, value: &str) -> Value {
    json!({"Effect": effect, "Action": action, "Resource": "*", "Condition": {operator: {key: value}}})
}

fn named(statement: &Value, kind: Kind) -> NamedPolicy {
    let text = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    NamedPolicy { name: "P".to_owned(), document: Document::parse(&text, kind).unwrap() }
}

fn identity(arn: &str, id: &str, statements: &[Value]) -> Identity {
    Identity {
        arn: arn.to_owned(),
        id: id.to_owned(),
        policies: statements.iter().map(|statement| named(statement, Kind::Identity)).collect(),
        boundary: None,
        tags: BTreeMap::from([("team".to_owned(), "blue".to_owned())]),
    }
}

fn origin() -> Option<Arc<RequestOrigin>> {
    Some(Arc::new(RequestOrigin {
        address: Some("192.0.2.7".parse().unwrap()),
        is_secure: true,
        user_agent: Some("aws-cli/2".to_owned()),
    }))
}

/// A user with these policies, and nothing else.
fn user(statements: &[Value]) -> Caller {
    bounded_user(statements, None)
}

fn bounded_user(statements: &[Value], boundary: Option<&Value>) -> Caller {
    let boundary = boundary.map(|statement| named(statement, Kind::Boundary));
    let identity = Identity { boundary, ..identity(ANN, "AIDAANN", statements) };
    let principal = Principal::User { name: "ann".to_owned(), access_key_id: "AKIAANN".to_owned() };
    Caller { principal, standing: Standing::User(Arc::new(identity)), origin: origin(), ..Node::root() }
}

/// A session of a role with these policies, within these of the session.
fn session(statements: &[Value], within: &[Value]) -> Caller {
    let role = RoleIdentity {
        identity: identity("arn:aws:iam::123456789012:role/app/reader", "AROAREADER", statements),
        trust: named(&json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}), Kind::Trust),
        session_seconds_max: 3600,
    };
    let now = keywheel_domain::time::Timestamp::from_millis(0);
    let session = Session {
        key_id: None,
        issued: now,
        expires: now,
        policies: within.iter().map(|statement| named(statement, Kind::Session)).collect(),
        tags: BTreeMap::from([("Project".to_owned(), "x".to_owned())]),
        transitive_tag_keys: Vec::new(),
        source_identity: Some("ann".to_owned()),
        assumed_by: Some(ANN.into()),
    };
    let principal = Principal::Role {
        name: "reader".to_owned(),
        session_name: "one".to_owned(),
        access_key_id: "ASIAREADER".to_owned(),
    };
    Caller {
        principal,
        standing: Standing::Role(Arc::new(role)),
        session: Some(Arc::new(session)),
        origin: origin(),
        ..Node::root()
    }
}

/// Asks, and tells how it ended: `OK`, or code and sentence.
async fn ask(world: &World, caller: &Caller, target: &str, body: &Value) -> String {
    let target = match target.split_once('.') {
        Some(_) => target.to_owned(),
        None => format!("secretsmanager.{target}"),
    };
    match world.ops.dispatch(caller, &target, body.to_string().as_bytes()).await {
        Ok(_) => "OK".to_owned(),
        Err(error) => error.to_string(),
    }
}

async fn check(world: &World, caller: &Caller, target: &str, body: &Value, expected: &str) {
    assert_eq!(ask(world, caller, target, body).await, expected, "{target} {body}\n{caller:#?}");
}

fn denied(arn: &str, action: &str, on: &str, ending: &str) -> String {
    format!(
        "AccessDeniedException: User: {arn} is not authorized to perform: {action} on resource: {on} {ending}"
    )
}

/// No policy of this kind allows it.
fn missing(action: &str, on: &str, layer: &str) -> String {
    denied(ANN, action, on, &format!("because no {layer} allows the {action} action"))
}

/// A world with the secret `app` of the team blue; its ARN.
async fn with_secret() -> (World, String) {
    let world = World::new().await;
    let arn = add(&world, "app", "blue").await;
    (world, arn)
}

async fn add(world: &World, name: &str, team: &str) -> String {
    let body = json!({
        "Name": name, "ClientRequestToken": TOKEN, "SecretString": "x", "Tags": [{"Key": "Team", "Value": team}],
    });
    world.call("CreateSecret", &body).await.unwrap()["ARN"].as_str().unwrap().to_owned()
}

async fn put_policy(world: &World, statement: Value) {
    let text = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let body = json!({"SecretId": "app", "ResourcePolicy": text});
    world.call("PutResourcePolicy", &body).await.unwrap();
}
