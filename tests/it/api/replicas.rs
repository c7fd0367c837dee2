//! Whatever happens to a primary, and whenever the process dies, each replica says and holds what its primary does.

mod crash;

use keywheel::ops::{Caller, Operations};
use keywheel_tests::node::Node;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::model::id;
use super::world::{FUNCTION_ARN, World};

const NAME: &str = "app";
const REGIONS: [&str; 3] = ["eu-west-1", "eu-west-2", "us-west-2"];
const CALLS_MAX: usize = 20;
const TOKENS: u8 = 5;

/// The account's root in a region.
fn root_in(region: &str) -> Caller {
    Caller { region: region.to_owned(), ..Node::root() }
}

async fn call(ops: &Operations, caller: &Caller, action: &str, body: &Value) -> Option<Value> {
    let target = format!("secretsmanager.{action}");
    let answer = ops.dispatch(caller, &target, body.to_string().as_bytes()).await;
    answer.ok().map(|answer| serde_json::from_slice(&answer).unwrap_or_default())
}

/// Checks each replica that the primary says is in sync; how many there are.
async fn in_sync(ops: &Operations) -> usize {
    let named = json!({"SecretId": NAME});
    let Some(primary) = call(ops, &Node::root(), "DescribeSecret", &named).await else { return 0 };
    let told = primary["ReplicationStatus"].as_array().cloned().unwrap_or_default();
    let synced = told.iter().filter(|replica| replica["Status"] == "InSync");
    let mut count = 0;
    for replica in synced {
        let there = root_in(replica["Region"].as_str().unwrap());
        let found =
            call(ops, &there, "DescribeSecret", &named).await.expect("a replica that is told is there");
        for member in
            ["Name", "Description", "Tags", "VersionIdsToStages", "PrimaryRegion", "LastRotatedDate"]
        {
            assert_eq!(found[member], primary[member], "{member} in {}", there.region);
        }
        assert!(found.get("RotationEnabled").is_none(), "a replica does not rotate");
        for (id, stages) in primary["VersionIdsToStages"].as_object().into_iter().flatten() {
            let read = json!({"SecretId": NAME, "VersionId": id, "VersionStage": stages[0]});
            let value = |answer: Option<Value>| answer.map(|answer| answer["SecretString"].clone());
            let (ours, theirs) = (
                value(call(ops, &Node::root(), "GetSecretValue", &read).await),
                value(call(ops, &there, "GetSecretValue", &read).await),
            );
            assert_eq!(ours, theirs, "version {id} in {}", there.region);
        }
        let policy = |answer: Option<Value>| answer.unwrap()["ResourcePolicy"].clone();
        assert_eq!(
            policy(call(ops, &Node::root(), "GetResourcePolicy", &named).await),
            policy(call(ops, &there, "GetResourcePolicy", &named).await),
        );
        count += 1;
    }
    count
}

fn request() -> impl Strategy<Value = (Option<&'static str>, &'static str, Value)> {
    let token = || (0..TOKENS).prop_map(id);
    let region = || select(REGIONS.to_vec());
    let stage = || select(vec!["AWSCURRENT", "AWSPENDING", "blue"]);
    let policy = r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"secretsmanager:DeleteSecret","Resource":"*"}}"#;
    prop_oneof![
        4 => (token(), 0..3_u8, stage()).prop_map(|(token, value, stage)| (None, "PutSecretValue",
            json!({"ClientRequestToken": token, "SecretString": format!("value {value}"), "VersionStages": [stage]}))),
        2 => (token(), 0..3_u8).prop_map(|(token, value)| (None, "UpdateSecret",
            json!({"ClientRequestToken": token, "Description": format!("{value}")}))),
        4 => (stage(), proptest::option::of(token()), token()).prop_map(|(stage, from, to)| (None,
            "UpdateSecretVersionStage",
            json!({"VersionStage": stage, "RemoveFromVersionId": from, "MoveToVersionId": to}))),
        1 => (0..3_u8).prop_map(|value| (None, "TagResource",
            json!({"Tags": [{"Key": "a", "Value": format!("{value}")}]}))),
        1 => Just((None, "UntagResource", json!({"TagKeys": ["a"]}))),
        1 => Just((None, "PutResourcePolicy", json!({"ResourcePolicy": policy}))),
        1 => Just((None, "DeleteResourcePolicy", json!({}))),
        3 => token().prop_map(|token| (None, "RotateSecret",
            json!({"ClientRequestToken": token, "RotationLambdaARN": FUNCTION_ARN}))),
        3 => Just((None, "work", json!({}))),
        1 => Just((None, "CancelRotateSecret", json!({}))),
        4 => (region(), any::<bool>()).prop_map(|(region, force)| (None, "ReplicateSecretToRegions",
            json!({"AddReplicaRegions": [{"Region": region}], "ForceOverwriteReplicaSecret": force}))),
        1 => region().prop_map(|region| (None, "RemoveRegionsFromReplication",
            json!({"RemoveReplicaRegions": [region]}))),
        1 => region().prop_map(|region| (Some(region), "StopReplicationToReplica", json!({}))),
        1 => region().prop_map(|region| (Some(region), "GetSecretValue", json!({}))),
        1 => Just((None, "DeleteSecret", json!({"ForceDeleteWithoutRecovery": true}))),
        // Refused by a replica.
        1 => (region(), token()).prop_map(|(region, token)| (Some(region), "PutSecretValue",
            json!({"ClientRequestToken": token, "SecretString": "theirs"}))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 64,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_replica_is_its_primary_after_any_sequence_of_calls(
        requests in proptest::collection::vec(request(), 1..CALLS_MAX),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(&requests));
    }
}

async fn play(requests: &[(Option<&str>, &str, Value)]) {
    let world = World::new().await;
    let create = json!({"Name": NAME, "ClientRequestToken": id(0), "SecretString": "value 0",
        "AddReplicaRegions": [{"Region": REGIONS[0]}]});
    world.call("CreateSecret", &create).await.unwrap();
    assert_eq!(in_sync(&world.ops).await, 1);
    for (region, action, body) in requests {
        world.clock.advance(1_000);
        if *action == "work" {
            world.work().await;
        } else {
            let mut body = body.clone();
            body["SecretId"] = NAME.into();
            call(&world.ops, &root_in(region.unwrap_or("us-east-1")), action, &body).await;
        }
        in_sync(&world.ops).await;
        crash::assert_whole(&world.image());
    }
}

#[tokio::test]
async fn a_secret_of_another_account_follows_until_either_side_ends_it() {
    let world = World::new().await;
    let theirs = Caller { account: "999999999999".to_owned(), ..Node::root() };
    let put = |token: u8, value: &str| json!({"SecretId": NAME, "ClientRequestToken": id(token), "SecretString": value});
    let created = json!({"Name": NAME, "ClientRequestToken": id(1), "SecretString": "one"});
    let ours = world.call("CreateSecret", &created).await.unwrap()["ARN"].clone();
    let follows =
        |name: &str| json!({"Name": name, "ClientRequestToken": id(2), "CrossAccountPrimaryARN": ours});
    for ends_here in [true, false] {
        let name = if ends_here { "first" } else { "second" };
        let made = call(&world.ops, &theirs, "CreateSecret", &follows(name)).await.unwrap();
        let pair = json!({"SecretId": NAME, "CrossAccountReplicaARN": made["ARN"]});
        let named = json!({"SecretId": name});
        let read = async || call(&world.ops, &theirs, "GetSecretValue", &named).await;
        assert!(read().await.is_none(), "nothing before both sides agree");
        let told = world.call("AssociateCrossAccountReplica", &pair).await.unwrap();
        assert_eq!(told["ReplicationStatus"], "InSync");
        let before = read().await.unwrap()["SecretString"].clone();
        let token = if ends_here { 3 } else { 5 };
        world.call("PutSecretValue", &put(token, &format!("value {token}"))).await.unwrap();
        assert_ne!(before, format!("value {token}"));
        assert_eq!(read().await.unwrap()["SecretString"], format!("value {token}"));
        // What is not the value is the other account's own.
        let tag = json!({"SecretId": name, "Tags": [{"Key": "a", "Value": "b"}]});
        assert!(call(&world.ops, &theirs, "TagResource", &tag).await.is_some());
        let mut own = put(token, "theirs");
        own["SecretId"] = name.into();
        assert!(call(&world.ops, &theirs, "PutSecretValue", &own).await.is_none(), "read-only");
        let delete = json!({"SecretId": NAME, "ForceDeleteWithoutRecovery": true});
        assert!(world.call("DeleteSecret", &delete).await.is_err(), "it has a replica");
        if ends_here {
            world.call("DisassociateCrossAccountReplica", &pair).await.unwrap();
            let told = call(&world.ops, &theirs, "DescribeSecret", &named).await.unwrap();
            assert_eq!(told["CrossAccountPrimary"]["ReplicationStatus"], "Detached");
        } else {
            call(&world.ops, &theirs, "StopReplicationToReplica", &named).await.unwrap();
            let told = world.call("DescribeSecret", &json!({"SecretId": NAME})).await.unwrap();
            assert_eq!(told["CrossAccountReplicas"][0]["ReplicationStatus"], "Detached");
        }
        world.call("PutSecretValue", &put(token + 1, "later")).await.unwrap();
        assert_eq!(read().await.unwrap()["SecretString"], format!("value {token}"), "it keeps what it had");
    }
}
