//! The process dies at each commit of a change of replicas.

use std::collections::BTreeSet;
use std::sync::Arc;

use keywheel::store::Store;
use keywheel_domain::secret::Secret;
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::Node;
use keywheel_tests::store::{Mortal, SimImage, SimStore};
use serde_json::{Value, json};

use super::super::model::id;
use super::{NAME, REGIONS, call, in_sync, root_in};

/// Commits after which an act must be done.
const COMMITS_MAX: usize = 20;

struct Act {
    region: &'static str,
    action: &'static str,
    body: Value,
    /// Replicas before it and after it.
    replicas: [usize; 2],
}

fn acts() -> Vec<Act> {
    let places: Vec<Value> = REGIONS.iter().map(|region| json!({"Region": region})).collect();
    vec![
        Act {
            region: "us-east-1",
            action: "CreateSecret",
            body: json!({"Name": NAME, "ClientRequestToken": id(1), "SecretString": "one", "AddReplicaRegions": places}),
            replicas: [0, 3],
        },
        Act {
            region: "us-east-1",
            action: "PutSecretValue",
            body: json!({"SecretId": NAME, "ClientRequestToken": id(2), "SecretString": "two"}),
            replicas: [3, 3],
        },
        Act {
            region: REGIONS[2],
            action: "StopReplicationToReplica",
            body: json!({"SecretId": NAME}),
            replicas: [3, 2],
        },
        Act {
            region: "us-east-1",
            action: "RemoveRegionsFromReplication",
            body: json!({"SecretId": NAME, "RemoveReplicaRegions": &REGIONS[..2]}),
            replicas: [2, 0],
        },
        Act {
            region: "us-east-1",
            action: "ReplicateSecretToRegions",
            body: json!({"SecretId": NAME, "AddReplicaRegions": places, "ForceOverwriteReplicaSecret": true}),
            replicas: [0, 3],
        },
    ]
}

#[tokio::test]
async fn a_process_that_dies_leaves_replicas_that_are_whole_and_the_same_request_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SimStore::new());
    let process = open(Arc::clone(&store) as Arc<dyn Store>, folder.path(), 1).await;
    // The keys of the regions are made at their first use.
    for region in REGIONS.iter().chain(&["us-east-1"]) {
        let body = json!({"Name": "first", "ClientRequestToken": id(9), "SecretString": "x"});
        call(&process.ops, &root_in(region), "CreateSecret", &body).await.unwrap();
    }
    let mut prepared = store.durable_image();
    for act in acts() {
        let mut done = false;
        for dies_at in 0..COMMITS_MAX {
            for after in [false, true] {
                done = die(&prepared, &act, dies_at, after, folder.path()).await;
            }
            if done {
                break;
            }
        }
        assert!(done, "{} comes to its end", act.action);
        let store = Arc::new(SimStore::from_image(prepared));
        let process = open(Arc::clone(&store) as Arc<dyn Store>, folder.path(), 2).await;
        call(&process.ops, &root_in(act.region), act.action, &act.body).await.unwrap();
        prepared = store.durable_image();
    }
}

async fn open(store: Arc<dyn Store>, folder: &std::path::Path, seed: u64) -> Node {
    let clock = Arc::new(SimClock::at_noon());
    Node::open(store, folder, &[], clock, Arc::new(SimEntropy::new(seed))).await.unwrap()
}

/// Whether the act came to its end before the process died.
async fn die(prepared: &SimImage, act: &Act, dies_at: usize, after: bool, folder: &std::path::Path) -> bool {
    let what = format!("{} dies at {dies_at}, {after}", act.action);
    let mortal = Mortal::new(Arc::new(SimStore::from_image(prepared.clone())), after);
    let process = open(Arc::clone(&mortal) as Arc<dyn Store>, folder, 3).await;
    mortal.die_at(dies_at);
    let caller = root_in(act.region);
    let answered = tokio::select! {
        biased;
        answer = call(&process.ops, &caller, act.action, &act.body) => answer.is_some(),
        () = std::future::ready(()) => false,
    };

    let image = mortal.store().durable_image();
    assert_whole(&image);
    let process = open(Arc::new(SimStore::from_image(image)), folder, 4).await;
    let [before, expected] = act.replicas;
    let found = in_sync(&process.ops).await;
    assert!((before.min(expected)..=before.max(expected)).contains(&found), "{what}: {found}");
    assert!(!answered || found == expected, "{what}: {found}");
    // A request that is sent again ends where the first would have; one that stopped a replica is done.
    call(&process.ops, &caller, act.action, &act.body).await;
    assert_eq!(in_sync(&process.ops).await, expected, "{what}, and again");
    answered
}

/// Each value that a record names is there and belongs to a record, and each replica has a primary that knows it.
pub(super) fn assert_whole(image: &SimImage) {
    let (mut named, mut stored) = (BTreeSet::new(), BTreeSet::new());
    let mut secrets = Vec::new();
    for (key, entry) in image.entries() {
        let key = String::from_utf8(key.as_bytes().to_vec()).unwrap();
        if key.starts_with("value\0") {
            stored.insert(key);
        } else if key.starts_with("secret\0") {
            let secret: Secret = serde_json::from_slice(&entry.value).unwrap();
            let filled = secret.versions.iter().filter(|version| version.filled);
            named.extend(filled.map(|version| format!("value\0{}\0{}", secret.arn, version.id)));
            secrets.push(secret);
        }
    }
    assert_eq!(named, stored, "values and records");
    for replica in secrets.iter().filter(|secret| secret.is_replica()) {
        let knows = secrets.iter().any(|primary| primary.followers().contains(&replica.arn));
        assert!(knows, "{} has no primary", replica.arn);
    }
    for arn in secrets.iter().flat_map(Secret::followers) {
        assert!(secrets.iter().any(|secret| secret.arn == arn), "{arn} is not there");
    }
}
