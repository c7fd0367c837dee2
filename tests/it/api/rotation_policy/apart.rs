//! Secrets that must not rotate at about the same time.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use keywheel::ops::Operations;
use keywheel::store::{Batch, CommitError, Entry, Key, Revision, Store, StoreError};
use keywheel_domain::time::Timestamp;
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::Node;
use keywheel_tests::store::SimStore;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{
    FUNCTION_ARN, TOKENS, World, add_secret, at, keywheel, next_start, put, rotated, secret, told, work_at,
};

/// `a`, whose policy keeps it apart from `b`, which knows nothing of it.
async fn pair(hours: u32) -> World {
    let world = World::new().await;
    add_secret(&world, "a").await;
    add_secret(&world, "b").await;
    put(&world, "b", json!({})).await;
    put(&world, "a", json!({"Apart": {"SecretIds": ["b"], "Hours": hours}})).await;
    world
}

#[tokio::test]
async fn of_two_that_are_due_at_once_one_is_put_off_in_its_window() {
    let world = pair(2).await;
    work_at(&world, "2025-11-24T08:00").await;
    let starts = [rotated(&world, "a").await, rotated(&world, "b").await];
    let first = starts.iter().position(Option::is_some).expect("one rotates");
    assert_eq!(starts.iter().flatten().count(), 1, "{starts:?}");
    let (first, other) = if first == 0 { ("a", "b") } else { ("b", "a") };
    assert_eq!(next_start(&world, first).await.unwrap(), "2025-11-25T08:00");
    assert_eq!(next_start(&world, other).await.unwrap(), "2025-11-24T10:00");
    let arn = secret(&world, first).await.arn;
    let detail = format!(
        "ScheduledRotationPutOff: slot 2025-11-24T08:00:00.000Z: the rotation of `{arn}` has not ended; the next \
         start is 2025-11-24T10:00:00.000Z"
    );
    assert_eq!(told(&world, other).await, [detail]);
    work_at(&world, "2025-11-24T10:00").await;
    assert_eq!(rotated(&world, other).await.unwrap(), "2025-11-24T10:00");
    assert_eq!(next_start(&world, other).await.unwrap(), "2025-11-25T08:00");
}

#[tokio::test]
async fn where_the_window_has_no_room_the_next_one_is_taken() {
    let world = pair(22).await;
    work_at(&world, "2025-11-24T08:00").await;
    let other = if rotated(&world, "a").await.is_some() { "b" } else { "a" };
    assert_eq!(next_start(&world, other).await.unwrap(), "2025-11-25T08:00");
}

#[tokio::test]
async fn two_are_not_kept_so_far_apart_that_one_never_rotates() {
    let world = pair(2).await;
    let image = world.image();
    let refused = async |hours: u32| {
        let apart = json!({"SecretId": "a", "Apart": {"SecretIds": ["b"], "Hours": hours}});
        keywheel(&world, "PutRotationPolicy", &apart).await.map(drop).map_err(|error| error.message)
    };
    let told = "Apart.Hours: `b` rotates so often that the other of the two would never rotate: give at most 23, or \
                let it rotate less often";
    assert_eq!(refused(24).await, Err(told.to_owned()));
    assert_eq!(refused(720).await, Err(told.to_owned()));
    assert_eq!(world.image(), image);
    assert_eq!(refused(23).await, Ok(()));
}

#[tokio::test]
async fn a_rotation_that_has_not_ended_holds_the_partner_up() {
    let world = pair(1).await;
    world.clock.set(at("2025-11-24T07:59"));
    let rotate = json!({"SecretId": "b", "ClientRequestToken": "33333333-3333-4333-8333-333333333333"});
    world.call("RotateSecret", &rotate).await.unwrap();
    world.clock.set(at("2025-11-24T08:00"));
    let [a, b] = [secret(&world, "a").await.arn, secret(&world, "b").await.arn];
    world.ops.start_scheduled(&a, at("2025-11-24T08:00")).await.unwrap();
    assert_eq!(next_start(&world, "a").await.unwrap(), "2025-11-24T09:00");
    assert!(told(&world, "a").await[0].contains(&format!("the rotation of `{b}` has not ended")));
    // Going on with its own is not put off.
    world.ops.start_scheduled(&b, at("2025-11-24T08:00")).await.unwrap();
    assert_eq!(told(&world, "b").await, ["ScheduledRotation: slot 2025-11-24T08:00:00.000Z"]);
}

#[tokio::test]
async fn the_partner_knows_as_long_as_the_policy_says_so() {
    let world = pair(5).await;
    let [a, b] = [secret(&world, "a").await, secret(&world, "b").await];
    assert_eq!(a.policy.as_ref().unwrap().apart.as_ref().unwrap().secret_ids, std::slice::from_ref(&b.arn));
    assert_eq!((b.kept_apart.len(), &b.kept_apart[0].secret_arn, b.kept_apart[0].hours), (1, &a.arn, 5));
    assert!(a.kept_apart.is_empty());
    put(&world, "a", json!({"Apart": {"SecretIds": [b.arn], "Hours": 6}})).await;
    assert_eq!(secret(&world, "b").await.kept_apart[0].hours, 6);
    keywheel(&world, "DeleteRotationPolicy", &json!({"SecretId": "a"})).await.unwrap();
    assert_eq!(secret(&world, "b").await.kept_apart, []);
    assert_eq!(secret(&world, "b").await.changed, b.changed, "nothing that its readers see has changed");
}

#[tokio::test]
async fn a_partner_that_is_gone_holds_nobody_up() {
    let world = pair(5).await;
    let delete = json!({"SecretId": "b", "ForceDeleteWithoutRecovery": true});
    world.call("DeleteSecret", &delete).await.unwrap();
    work_at(&world, "2025-11-24T08:00").await;
    assert_eq!(rotated(&world, "a").await.unwrap(), "2025-11-24T08:00");
}

/// Starts the slot of another secret just before a job is stored for the first time.
struct Overtaken {
    inner: Arc<SimStore>,
    faster: Mutex<Option<(Arc<Operations>, String, Timestamp)>>,
}

#[async_trait]
impl Store for Overtaken {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.inner.load(key).await
    }

    async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        self.inner.scan(from, to, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        let starts = batch.puts.iter().any(|(key, _)| key.as_bytes().starts_with(b"job\0"));
        let faster = if starts { self.faster.lock().unwrap().take() } else { None };
        if let Some((ops, arn, now)) = faster {
            ops.start_scheduled(&arn, now).await.unwrap();
        }
        self.inner.commit(batch).await
    }

    fn changes(&self) -> watch::Receiver<Revision> {
        self.inner.changes()
    }

    fn exclusive(&self) -> bool {
        self.inner.exclusive()
    }
}

async fn call(node: &Node, target: &str, body: Value) -> Value {
    let answer = node.ops.dispatch(&Node::root(), target, body.to_string().as_bytes()).await.unwrap();
    serde_json::from_slice(&answer).unwrap()
}

/// Two processes saw neither partner rotating, and both started.
#[tokio::test]
async fn two_processes_do_not_start_partners_at_the_same_moment() {
    let folder = tempfile::tempdir().unwrap();
    let inner = Arc::new(SimStore::new());
    let clock = SimClock::at_noon();
    let node = |store, seed| {
        let (clock, entropy) = (Arc::new(clock.clone()), Arc::new(SimEntropy::new(seed)));
        Node::open(store, folder.path(), &["obedient"], clock, entropy)
    };
    let fast = node(Arc::clone(&inner) as Arc<dyn Store>, 1).await.unwrap();
    let store = Arc::new(Overtaken { inner: Arc::clone(&inner), faster: Mutex::new(None) });
    let slow = node(Arc::clone(&store) as Arc<dyn Store>, 2).await.unwrap();
    let mut arns = Vec::new();
    for name in ["a", "b"] {
        let create = json!({"Name": name, "ClientRequestToken": TOKENS[0], "SecretString": "x"});
        let created = call(&fast, "secretsmanager.CreateSecret", create).await;
        arns.push(created["ARN"].as_str().unwrap().to_owned());
        let rotate = json!({
            "SecretId": name,
            "ClientRequestToken": TOKENS[1],
            "RotationLambdaARN": FUNCTION_ARN,
            "RotationRules": {"ScheduleExpression": "cron(0 8 * * ? *)", "Duration": "4h"},
            "RotateImmediately": false,
        });
        call(&fast, "secretsmanager.RotateSecret", rotate).await;
        // The test of the settings is not what this is about.
        call(&fast, "secretsmanager.CancelRotateSecret", json!({"SecretId": name})).await;
        let again = json!({
            "SecretId": name,
            "ClientRequestToken": "44444444-4444-4444-8444-444444444444",
            "RotateImmediately": false,
        });
        call(&fast, "secretsmanager.RotateSecret", again).await;
    }
    let apart = json!({"SecretId": "a", "Apart": {"SecretIds": ["b"], "Hours": 2}});
    call(&fast, "Keywheel.PutRotationPolicy", apart).await;
    for arn in &arns {
        let job = fast.ops.load_job(arn).await.unwrap().unwrap();
        let ended = job.record.ended(keywheel_domain::rotation::End::Succeeded, job.record.requested);
        let known = fast.ops.secret_by_arn(arn).await.unwrap().unwrap();
        let settled =
            keywheel_domain::rotation::settle(&known.record, &job.record, &ended, job.record.requested);
        let change = keywheel::ops::Change::new().update_job(&job, &ended).update_secret(&known, &settled);
        assert!(fast.ops.commit(change).await.unwrap());
    }
    let now = at("2025-11-24T11:30");
    clock.set(now);
    *store.faster.lock().unwrap() = Some((Arc::clone(&fast.ops), arns[1].clone(), now));
    slow.ops.start_scheduled(&arns[0], now).await.unwrap();
    assert!(store.faster.lock().unwrap().is_none(), "the other one was faster");
    assert!(fast.ops.load_job(&arns[1]).await.unwrap().is_some());
    assert!(fast.ops.load_job(&arns[0]).await.unwrap().is_none(), "both rotate");
    let a = fast.ops.secret_by_arn(&arns[0]).await.unwrap().unwrap().record;
    assert!(a.rotation.unwrap().next.unwrap().starts >= at("2025-11-24T13:30"));
}
