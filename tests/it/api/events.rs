//! The audit log as callers read it: `ListEvents`, and the stream of `GET /events`.

mod stream;

use std::sync::Arc;

use keywheel::audit::{self, AuditRow};
use keywheel::ops::Caller;
use keywheel::store::{Batch, Store};
use keywheel_domain::api::ApiError;
use keywheel_domain::time::Timestamp;
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::Node;
use keywheel_tests::store::SimStore;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A token of an SDK's form, by its number.
fn token(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// One node on a simulated store and clock.
struct Watched {
    node: Node,
    store: Arc<SimStore>,
    clock: SimClock,
    _folder: TempDir,
}

impl Watched {
    async fn new() -> Self {
        let (store, clock, folder) =
            (Arc::new(SimStore::new()), SimClock::at_noon(), tempfile::tempdir().unwrap());
        let entropy = Arc::new(SimEntropy::new(7));
        let node =
            Node::open(Arc::clone(&store) as _, folder.path(), &[], Arc::new(clock.clone()), entropy).await;
        Self { node: node.unwrap(), store, clock, _folder: folder }
    }

    /// Creates a secret in a region; its ARN.
    async fn create(&self, region: &str, name: &str) -> String {
        let caller = Caller { region: region.to_owned(), ..Node::root() };
        let body = json!({"Name": name, "ClientRequestToken": token(1), "SecretString": "x"}).to_string();
        let answer = self.node.ops.dispatch(&caller, "secretsmanager.CreateSecret", body.as_bytes()).await;
        let answer: Value = serde_json::from_slice(&answer.unwrap()).unwrap();
        answer["ARN"].as_str().unwrap().to_owned()
    }

    /// Adds rows about a secret of this region, as many actions would.
    async fn add(&self, region: &str, rows: usize) {
        for first in (0..rows).step_by(1000) {
            let numbers = first..rows.min(first + 1000);
            let batch = numbers.fold(Batch::new(), |batch, number| {
                let row = AuditRow {
                    at: Timestamp::from_millis(SimClock::NOON_MS),
                    event: format!("Event{number}"),
                    caller: Node::root().arn().into_owned(),
                    secret_arn: format!("arn:aws:secretsmanager:{region}:123456789012:secret:many-AbCdEf"),
                    version_id: None,
                    detail: None,
                };
                batch.append(audit::log(), row.to_bytes())
            });
            self.store.commit(batch).await.unwrap();
        }
    }

    async fn list(&self, members: Value) -> Result<Value, ApiError> {
        let body = members.to_string();
        let answer = self.node.ops.dispatch(&Node::root(), "Keywheel.ListEvents", body.as_bytes()).await?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    /// The ids and names of a page, and where the next one begins.
    async fn page(&self, members: Value) -> String {
        let answer = self.list(members).await.unwrap();
        let events = answer["Events"].as_array().unwrap().iter();
        let shown: Vec<String> = events
            .map(|event| format!("{} {}", event["EventId"], event["Event"].as_str().unwrap()))
            .collect();
        format!("{} | {}", shown.join(", "), answer["NextEventId"])
    }
}

#[tokio::test]
async fn events_are_listed_in_their_order() {
    let world = Watched::new().await;
    assert_eq!(world.page(json!({})).await, " | 1");
    let arn = world.create("us-east-1", "app").await;
    world.create("eu-west-1", "app").await;
    world.create("us-east-1", "app-2").await;
    world.clock.advance(1_500);
    let put = json!({"SecretId": "app", "ClientRequestToken": token(2), "SecretString": "y"});
    world.node.call("PutSecretValue", &put).await.unwrap();
    let delete = json!({"SecretId": "app", "ForceDeleteWithoutRecovery": true});
    world.node.call("DeleteSecret", &delete).await.unwrap();

    // The event of the other region has a number and is not shown.
    let all = "1 CreateSecret, 3 CreateSecret, 4 PutSecretValue, 5 DeleteSecret | 6";
    assert_eq!(world.page(json!({})).await, all);
    assert_eq!(world.page(json!({"From": 4})).await, "4 PutSecretValue, 5 DeleteSecret | 6");
    assert_eq!(world.page(json!({"From": 6})).await, " | 6", "the end is where nothing moves");
    assert_eq!(world.page(json!({"From": 60})).await, " | 60");
    assert_eq!(world.page(json!({"MaxResults": 1, "From": 2})).await, "3 CreateSecret | 4");
    assert_eq!(world.page(json!({"MaxResults": 2})).await, "1 CreateSecret, 3 CreateSecret | 4");
    // The secret is gone, and what was done to it is not. `app-2` is another one.
    let app = "1 CreateSecret, 4 PutSecretValue, 5 DeleteSecret | 6";
    assert_eq!(world.page(json!({"SecretId": "app"})).await, app);
    assert_eq!(world.page(json!({"SecretId": arn})).await, app);
    assert_eq!(world.page(json!({"SecretId": "nobody"})).await, " | 6");
    let events = json!({"Events": ["PutSecretValue", "CreateSecret"], "SecretId": "app"});
    assert_eq!(world.page(events).await, "1 CreateSecret, 4 PutSecretValue | 6");

    let answer = world.list(json!({"From": 4, "MaxResults": 1})).await.unwrap();
    let expected = json!({
        "EventId": 4,
        "Time": 1_763_899_201.5,
        "Event": "PutSecretValue",
        "Caller": "arn:aws:iam::123456789012:root",
        "SecretARN": arn,
        "VersionId": token(2),
    });
    assert_eq!(answer["Events"], json!([expected]));
}

/// However little passes a filter, a page looks at a thousand rows at most, and says where to go on.
#[tokio::test]
async fn a_page_reads_so_many_rows_and_no_more() {
    let world = Watched::new().await;
    world.add("eu-west-1", 1500).await;
    world.add("us-east-1", 1).await;
    assert_eq!(world.page(json!({})).await, " | 1001");
    assert_eq!(world.page(json!({"From": 1001})).await, "1501 Event0 | 1502");
    assert_eq!(world.page(json!({"MaxResults": 1})).await, " | 1001");
    world.add("us-east-1", 1200).await;
    let filtered = json!({"From": 1502, "Events": ["Event1199"]});
    assert_eq!(world.page(filtered).await, " | 2502");
    assert_eq!(world.page(json!({"From": 2502, "Events": ["Event1199"]})).await, "2701 Event1199 | 2702");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let world = Watched::new().await;
    let check = async |members: Value, said: &str| {
        let error = world.list(members.clone()).await.unwrap_err().to_string();
        assert!(error.contains(said), "{members}: {error}");
    };
    check(json!({"From": 0}), "greater than or equal to 1").await;
    check(json!({"From": -1}), "greater than or equal to 1").await;
    check(json!({"From": "1"}), "`From` must be a whole number").await;
    check(json!({"MaxResults": 101}), "less than or equal to 100").await;
    check(json!({"Events": []}), "length greater than or equal to 1").await;
    check(json!({"Events": [7]}), "`Events` must be a list of strings").await;
    check(json!({"SecretId": "no name"}), "ValidationException: Invalid name").await;
}
