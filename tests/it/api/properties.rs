//! Any sequence of calls leaves what the model says, and a store that agrees with itself.

use std::collections::{BTreeMap, BTreeSet};

use keywheel_domain::rotation::Job;
use keywheel_domain::secret::Secret;
use keywheel_domain::time::SECOND_MS;
use keywheel_tests::store::SimImage;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::model::{CURRENT, Call, Expected, Model, PENDING, PREVIOUS, id, play, text};
use super::world::{FUNCTION_ARN, World};

const NAME: &str = "app";
const CALLS_MAX: usize = 24;
const TOKENS: u8 = 4;

fn token() -> impl Strategy<Value = u8> {
    0..TOKENS
}

fn stage() -> impl Strategy<Value = &'static str> {
    select(vec![CURRENT, PENDING, PREVIOUS, "blue"])
}

fn maybe_token() -> impl Strategy<Value = Option<u8>> {
    proptest::option::weighted(0.8, token())
}

fn call() -> impl Strategy<Value = Call> {
    let value = || 0..3_u8;
    let stages = proptest::option::of(proptest::collection::vec(stage(), 1..3));
    prop_oneof![
        2 => (token(), proptest::option::of(value())).prop_map(|(token, value)| Call::Create { token, value }),
        4 => (token(), value(), stages).prop_map(|(token, value, stages)| Call::Put { token, value, stages }),
        2 => (token(), proptest::option::of(value()), value())
            .prop_map(|(token, value, description)| Call::Update { token, value, description }),
        4 => (stage(), maybe_token(), maybe_token()).prop_map(|(stage, from, to)| Call::Move { stage, from, to }),
        1 => any::<bool>().prop_map(|force| Call::Delete { force }),
        1 => Just(Call::Restore),
        1 => value().prop_map(|value| Call::Tag { value }),
        1 => Just(Call::Untag),
        4 => (token(), any::<bool>(), any::<bool>(), proptest::option::of(20..22_u8))
            .prop_map(|(token, function, now, days)| Call::Rotate { token, function, now, days }),
        2 => Just(Call::Cancel),
        2 => Just(Call::Work),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_api_does_what_the_model_says(calls in proptest::collection::vec(call(), 1..CALLS_MAX)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(compare(&calls));
    }
}

async fn compare(calls: &[Call]) {
    let world = World::new().await;
    // The key of the region is made once, by whoever comes first.
    world
        .call("CreateSecret", &json!({"Name": "other", "ClientRequestToken": id(99), "SecretString": "x"}))
        .await
        .unwrap();
    let mut model = None;
    for call in calls {
        world.clock.advance(SECOND_MS);
        let before = world.image();
        let (expected, after) = play(&model, call);
        let answer = match request(call) {
            Some((action, body)) => world.call(action, &body).await.map(drop),
            None => {
                world.work().await;
                Ok(())
            }
        };
        let answered = matches!(expected, Expected::Done | Expected::Same);
        assert_eq!(answer.is_ok(), answered, "{call:?}: {answer:?} with {model:?}");
        let image = world.image();
        let rows = audit_rows(&image).difference(&audit_rows(&before)).count();
        match expected {
            Expected::Same | Expected::Refused => assert_eq!(image, before, "{call:?} with {model:?}"),
            Expected::Done | Expected::Reattempted => assert!(rows > 0, "{call:?} left no audit row"),
        }
        model = after;
        check_model(&world, model.as_ref(), call).await;
        check_store(&world.image());
    }
}

fn request(call: &Call) -> Option<(&'static str, Value)> {
    let optional = |token: &Option<u8>| token.map(id);
    Some(match call {
        Call::Work => return None,
        Call::Create { token, value } => (
            "CreateSecret",
            json!({"Name": NAME, "ClientRequestToken": id(*token), "SecretString": value.map(text)}),
        ),
        Call::Put { token, value, stages } => (
            "PutSecretValue",
            json!({
                "SecretId": NAME,
                "ClientRequestToken": id(*token),
                "SecretString": text(*value),
                "VersionStages": stages,
            }),
        ),
        Call::Update { token, value, description } => (
            "UpdateSecret",
            json!({
                "SecretId": NAME,
                "ClientRequestToken": id(*token),
                "SecretString": value.map(text),
                "Description": description.to_string(),
            }),
        ),
        Call::Move { stage, from, to } => (
            "UpdateSecretVersionStage",
            json!({
                "SecretId": NAME,
                "VersionStage": stage,
                "RemoveFromVersionId": optional(from),
                "MoveToVersionId": optional(to),
            }),
        ),
        Call::Delete { force } => {
            ("DeleteSecret", json!({"SecretId": NAME, "ForceDeleteWithoutRecovery": force}))
        }
        Call::Restore => ("RestoreSecret", json!({"SecretId": NAME})),
        Call::Tag { value } => {
            ("TagResource", json!({"SecretId": NAME, "Tags": [{"Key": "k", "Value": value.to_string()}]}))
        }
        Call::Untag => ("UntagResource", json!({"SecretId": NAME, "TagKeys": ["k"]})),
        Call::Rotate { token, function, now, days } => (
            "RotateSecret",
            json!({
                "SecretId": NAME,
                "ClientRequestToken": id(*token),
                "RotationLambdaARN": function.then_some(FUNCTION_ARN),
                "RotationRules": days.map(|days| json!({"AutomaticallyAfterDays": days})),
                "RotateImmediately": now,
            }),
        ),
        Call::Cancel => ("CancelRotateSecret", json!({"SecretId": NAME})),
    })
}

/// What the API tells of the secret is what the model says.
async fn check_model(world: &World, model: Option<&Model>, call: &Call) {
    let described = world.call("DescribeSecret", &json!({"SecretId": NAME})).await;
    let Some(model) = model else {
        assert!(described.is_err(), "{call:?} left a secret");
        return;
    };
    let described = described.unwrap();
    let labels: BTreeMap<&str, u8> = [CURRENT, PENDING, PREVIOUS, "blue"]
        .into_iter()
        .filter_map(|stage| {
            let holders: Vec<u8> = (0..TOKENS)
                .filter(|token| {
                    let stages = &described["VersionIdsToStages"][id(*token)];
                    stages.as_array().is_some_and(|stages| stages.contains(&stage.into()))
                })
                .collect();
            assert!(holders.len() <= 1, "{stage} is on {holders:?} after {call:?}");
            holders.first().map(|holder| (stage, *holder))
        })
        .collect();
    assert_eq!(labels, model.labels, "after {call:?}");
    assert_eq!(
        labels.contains_key(CURRENT),
        !model.values.is_empty(),
        "whoever has a value has a current one"
    );
    let told = |value: Option<String>| value.map_or(Value::Null, Value::from);
    assert_eq!(
        described["Description"],
        told(model.description.map(|text| text.to_string())),
        "after {call:?}"
    );
    assert_eq!(described["Tags"][0]["Value"], told(model.tag.map(|text| text.to_string())), "after {call:?}");
    let enabled = model.rotation.as_ref().map(|rotation| rotation.enabled);
    assert_eq!(described["RotationEnabled"], enabled.map_or(Value::Null, Value::from), "after {call:?}");
    assert_eq!(described["DeletedDate"].is_null(), !model.deleted, "after {call:?}");
    if model.deleted {
        return;
    }
    for token in 0..TOKENS {
        let found = world.call("GetSecretValue", &json!({"SecretId": NAME, "VersionId": id(token)})).await;
        let found = found.ok().map(|found| found["SecretString"].clone());
        assert_eq!(
            found,
            model.values.get(&token).cloned().map(Value::from),
            "version {token} after {call:?}"
        );
    }
    if let Some(current) = model.labels.get(CURRENT) {
        let found = world.call("GetSecretValue", &json!({"SecretId": NAME})).await.unwrap();
        assert_eq!(found["SecretString"], model.values[current].as_str(), "after {call:?}");
    }
}

fn entries<'a>(image: &'a SimImage, kind: &str) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    let prefix = format!("{kind}\0").into_bytes();
    image
        .entries()
        .iter()
        .map(|(key, entry)| (key.as_bytes(), entry.value.as_slice()))
        .filter(move |(key, _)| key.starts_with(&prefix))
}

fn audit_rows(image: &SimImage) -> BTreeSet<Vec<u8>> {
    entries(image, "audit").map(|(key, _)| key.to_vec()).collect()
}

/// The due index and the sealed values are exactly those that the records speak of.
fn check_store(image: &SimImage) {
    let secrets: Vec<Secret> =
        entries(image, "secret").map(|(_, value)| serde_json::from_slice(value).unwrap()).collect();
    let jobs: Vec<Job> =
        entries(image, "job").map(|(_, value)| serde_json::from_slice(value).unwrap()).collect();
    let mut due = BTreeSet::new();
    let mut values = BTreeSet::new();
    for secret in &secrets {
        let next = secret.rotation.as_ref().and_then(|rotation| rotation.next).map(|slot| slot.starts);
        let purge = secret.deletion.as_ref().map(|deletion| deletion.due);
        due.extend(next.map(|at| format!("due\0{:015}\0rotation\0{}", at.millis(), secret.arn)));
        due.extend(purge.map(|at| format!("due\0{:015}\0purge\0{}", at.millis(), secret.arn)));
        let filled = secret.versions.iter().filter(|version| version.filled);
        values.extend(filled.map(|version| format!("value\0{}\0{}", secret.arn, version.id)));
    }
    for job in &jobs {
        due.extend(job.due().map(|at| format!("due\0{:015}\0job\0{}", at.millis(), job.secret_arn)));
        let secret =
            secrets.iter().find(|secret| secret.arn == job.secret_arn).expect("a job has its secret");
        assert!(secret.versions.is_at(PENDING, &job.token), "an unfinished rotation has its pending version");
    }
    let text = |kind| -> BTreeSet<String> {
        entries(image, kind).map(|(key, _)| String::from_utf8(key.to_vec()).unwrap()).collect()
    };
    assert_eq!(text("due"), due);
    assert_eq!(text("value"), values);
}
