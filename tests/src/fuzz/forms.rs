//! Forms of the Query protocol: read before it is known who sends them, and the same in whatever order and spelling.

use std::fmt::Write as _;

use keywheel_domain::api::Members;
use keywheel_domain::api::iam::{CreateRoleRequest, CreateUserRequest, IamRequest};
use keywheel_domain::api::query::{Form, IAM, MEMBERS_MAX, error_answer, in_query_words};
use keywheel_domain::api::sts::AssumeRoleRequest;
use serde_json::Value;

/// A body.
pub(super) fn run(data: &[u8]) -> bool {
    let Ok(form) = Form::parse(data) else { return false };
    let mut pairs =
        vec![("Action".to_owned(), form.action.clone()), ("Version".to_owned(), form.version.clone())];
    pairs.retain(|(_, text)| !text.is_empty());
    for (name, value) in &form.members {
        flatten(name, value, &mut pairs);
    }
    assert!(pairs.len() <= MEMBERS_MAX, "{} members", pairs.len());
    assert_eq!(Form::parse(spelled(&pairs).as_bytes()).as_ref(), Ok(&form));
    pairs.reverse();
    assert_eq!(Form::parse(spelled(&pairs).as_bytes()).as_ref(), Ok(&form), "in another order");
    if let Some((name, text)) = pairs.first() {
        let twice = [pairs.clone(), vec![(name.clone(), text.clone())]].concat();
        assert!(Form::parse(spelled(&twice).as_bytes()).is_err(), "{name} twice");
    }
    let json: Value = serde_json::from_slice(&form.to_json()).expect("a form is JSON, too");
    assert_eq!(json, Value::Object(form.members.clone()));
    read::<CreateUserRequest>(&form);
    read::<CreateRoleRequest>(&form);
    read::<AssumeRoleRequest>(&form);
    for (_, text) in &pairs {
        check_answer(text);
    }
    true
}

/// Every text of a value, with the name that a client gives it.
fn flatten(name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&format!("{name}.member.{}", index + 1), item, pairs);
            }
        }
        Value::Object(members) => {
            for (member, value) in members {
                flatten(&format!("{name}.{member}"), value, pairs);
            }
        }
        text => pairs.push((name.to_owned(), text.as_str().expect("a leaf is a text").to_owned())),
    }
}

/// The pairs with everything in them encoded.
fn spelled(pairs: &[(String, String)]) -> String {
    let pairs = pairs.iter().map(|(name, text)| format!("{}={}", encoded(name), encoded(text)));
    pairs.collect::<Vec<_>>().join("&")
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        let _ = write!(encoded, "%{byte:02x}");
        encoded
    })
}

/// It is read, or refused in words of this protocol.
fn read<R: IamRequest>(form: &Form) {
    let mut members = Members::of_form(form.members.clone());
    if let Err(error) = R::read(&mut members).and_then(|_| members.finish()) {
        assert_eq!(in_query_words(&error).status / 100, 4, "{error}");
    }
}

/// What a caller has sent and is told again stays a text.
fn check_answer(text: &str) {
    let tags = |message: &str| {
        error_answer(IAM.namespace, true, "ValidationError", message, "id").matches('<').count()
    };
    assert_eq!(tags(text), tags(""), "{text:?}");
}
