use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value};

use super::*;

/// The same cases in every run.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// What a client may want to say: texts, lists and structures without an empty one, which a form cannot tell.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = "[ -~é\u{1f600}\n&=+%.]{0,12}".prop_map(Value::String);
    leaf.prop_recursive(2, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Value::Array),
            members(inner).prop_map(Value::Object),
        ]
    })
}

fn members(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map("[A-Z][A-Za-z]{0,6}", value, 1..4).prop_map(|map| map.into_iter().collect())
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let bytes = text.bytes();
    bytes.map(|byte| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") }).collect()
}

/// The pairs that a client writes for a value.
fn pairs(name: &str, value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, item)| pairs(&format!("{name}.member.{}", index + 1), item, into)),
        Value::Object(members) => {
            members.iter().for_each(|(member, value)| pairs(&format!("{name}.{member}"), value, into));
        }
        text => into.push(format!("{name}={}", encoded(text.as_str().unwrap()))),
    }
}

#[test]
fn what_a_client_writes_is_read() {
    let check = |sent: Map<String, Value>| {
        let mut body = vec!["Action=A".to_owned()];
        sent.iter().for_each(|(name, value)| pairs(name, value, &mut body));
        prop_assert_eq!(Form::parse(body.join("&").as_bytes()).unwrap().members, sent);
        Ok(())
    };
    let sent = members(tree()).prop_filter("they have a meaning", |sent| {
        !sent.contains_key("Action") && !sent.contains_key("Version")
    });
    runner(2_000).run(&sent, check).unwrap();
}

#[test]
fn any_bytes_are_read_or_refused() {
    let check = |body: Vec<u8>| {
        if let Ok(form) = Form::parse(&body) {
            let told = answer("A", "urn:x", Some(&Value::Object(form.members)), "id");
            prop_assert!(told.ends_with("</AResponse>"));
        }
        Ok(())
    };
    let bytes = "[a-b.%=&+0-9]{0,40}|(member|[.=&1-3a])*".prop_map(String::into_bytes);
    runner(5_000).run(&bytes, check).unwrap();
    runner(2_000).run(&prop::collection::vec(any::<u8>(), 0..40), check).unwrap();
}

/// The value that the elements of some XML say, as far as this writer writes it.
fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#xD;", "\r").replace("&amp;", "&")
}

#[test]
fn text_comes_back_from_xml_as_it_was() {
    let check = |text: String| {
        let told = answer("A", "urn:x", Some(&Value::from(text.as_str())), "id");
        let from = told.split_once("<AResult>").unwrap().1;
        let (inner, _) = from.split_once("</AResult>").unwrap();
        prop_assert!(!inner.contains(['<', '>']));
        prop_assert_eq!(unescaped(inner), text);
        Ok(())
    };
    runner(2_000).run(&"[\t\n\r -\u{d7ff}]{0,40}", check).unwrap();
}
