//! The process dies before or after each commit of a change of keys: what is on disk is readable, and the change can be
//! repeated.

use std::path::Path;
use std::sync::Arc;

use keywheel::store::Store;
use keywheel_domain::time::DAY_MS;
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::Node;
use keywheel_tests::store::{Mortal, SimStore};
use serde_json::{Value, json};

/// More commits than any change here makes.
const COMMITS_MAX: usize = 8;
const TOKEN: &str = "11111111-1111-4111-8111-111111111111";

async fn open(store: Arc<dyn Store>, folder: &Path, clock: &SimClock, seed: u64) -> Node {
    let entropy = Arc::new(SimEntropy::new(seed));
    Node::open(store, folder, &[], Arc::new(clock.clone()), entropy).await.unwrap()
}

async fn kms(node: &Node, operation: &str, body: &Value) -> Value {
    let target = format!("TrentService.{operation}");
    let answer = node.ops.dispatch(&Node::root(), &target, body.to_string().as_bytes()).await.unwrap();
    if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer).unwrap() }
}

async fn new_key(node: &Node) -> String {
    kms(node, "CreateKey", &json!({})).await["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
}

/// A change that dies, and the keys that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Reseal,
    RotateOnDemand,
    RotateDue,
    Delete,
}

impl Doing {
    async fn run(self, node: &Node, keys: &[String; 2], clock: &SimClock) {
        use keywheel::clock::Clock as _;
        match self {
            Self::Reseal => {
                let body = json!({"SecretId": "app", "ClientRequestToken": TOKEN, "KmsKeyId": keys[1]});
                node.call("UpdateSecret", &body).await.unwrap();
            }
            Self::RotateOnDemand => drop(kms(node, "RotateKeyOnDemand", &json!({"KeyId": keys[0]})).await),
            Self::RotateDue => node.ops.rotate_due_key(&keys[0], clock.now()).await.unwrap(),
            // The second key seals nothing.
            Self::Delete => node.ops.delete_due_key(&keys[1], clock.now()).await.unwrap(),
        }
    }
}

/// Whether the change reached the commit at which it should die.
async fn dies(doing: Doing, commits: usize, after_effect: bool) -> bool {
    let (folder, clock) = (tempfile::tempdir().unwrap(), SimClock::at_noon());
    let store = Arc::new(SimStore::new());
    let node = open(Arc::clone(&store) as Arc<dyn Store>, folder.path(), &clock, 1).await;
    let keys = [new_key(&node).await, new_key(&node).await];
    let body =
        json!({"Name": "app", "ClientRequestToken": TOKEN, "SecretString": "one", "KmsKeyId": keys[0]});
    node.call("CreateSecret", &body).await.unwrap();
    kms(&node, "EnableKeyRotation", &json!({"KeyId": keys[0], "RotationPeriodInDays": 90})).await;
    if doing == Doing::Delete {
        kms(&node, "ScheduleKeyDeletion", &json!({"KeyId": keys[1], "PendingWindowInDays": 7})).await;
    }
    clock.advance(91 * DAY_MS);

    let mortal = Mortal::new(Arc::clone(&store), after_effect);
    let node = open(Arc::clone(&mortal) as Arc<dyn Store>, folder.path(), &clock, 2).await;
    mortal.die_at(commits);
    let died = tokio::select! {
        () = doing.run(&node, &keys, &clock) => false,
        () = mortal.died() => true,
    };
    drop(node);

    let node = open(Arc::clone(&store) as Arc<dyn Store>, folder.path(), &clock, 3).await;
    let reads = async |when: &str| {
        let read = node.call("GetSecretValue", &json!({"SecretId": "app"})).await.unwrap();
        assert_eq!(read["SecretString"], "one", "{doing:?} {commits} {after_effect} {when}");
    };
    reads("after the crash").await;
    doing.run(&node, &keys, &clock).await;
    reads("after it was repeated").await;
    match doing {
        Doing::Reseal => {
            kms(&node, "DisableKey", &json!({"KeyId": keys[0]})).await;
            reads("without the first key").await;
        }
        Doing::RotateOnDemand | Doing::RotateDue => {
            let listed = kms(&node, "ListKeyRotations", &json!({"KeyId": keys[0]})).await;
            assert!(!listed["Rotations"].as_array().unwrap().is_empty());
        }
        Doing::Delete => {
            let body = json!({"KeyId": keys[1]}).to_string();
            let target = "TrentService.DescribeKey";
            let gone = node.ops.dispatch(&Node::root(), target, body.as_bytes()).await.unwrap_err();
            assert_eq!(gone.code.as_str(), "NotFoundException");
        }
    }
    died
}

#[tokio::test]
async fn whatever_dies_secrets_stay_readable_and_the_change_can_be_repeated() {
    for doing in [Doing::Reseal, Doing::RotateOnDemand, Doing::RotateDue, Doing::Delete] {
        for after_effect in [false, true] {
            let mut deaths = 0;
            while dies(doing, deaths, after_effect).await {
                deaths += 1;
                assert!(deaths < COMMITS_MAX, "{doing:?} makes ever more commits");
            }
            assert_eq!(deaths, 1, "{doing:?} is one commit");
        }
    }
}
