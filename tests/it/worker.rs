//! What the worker runs at once: one broken target holds up nothing but what is on it, and a group rotates no
//! more secrets than it says.
#![cfg(test)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use async_trait::async_trait;
use keywheel::entropy::Entropy;
use keywheel::ops::InvocationLog;
use keywheel::ops::keys::{self, Due, DueEntry};
use keywheel::store::{Batch, RedbStore, SCAN_ENTRIES_MAX, Store};
use keywheel::worker::{Invocation, Invoke, Report, RoomLimits, Source};
use keywheel_domain::api::{ApiError, PutSecretValueRequest, SecretValue, UpdateSecretVersionStageRequest};
use keywheel_domain::rotation::{Outcome, Step};
use keywheel_domain::secret::Scope;
use keywheel_domain::time::Timestamp;
use keywheel_domain::version::{CURRENT, PENDING};
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::{ACCOUNT, Node, REGION};
use keywheel_tests::store::SimStore;
use keywheel_tests::wait;
use serde_json::json;
use tokio::sync::{Semaphore, watch};

const LIVE: usize = 500;
const DEAD: usize = 40;
const FIRST: &str = "11111111-1111-4111-8111-000000000000";
const DEAD_TARGET: &str = "dead.example:5432";
/// Of one target at once, as documented.
const TARGET_MAX: usize = 2;

/// A function whose calls for the dead target never return.
struct Hanging {
    node: Arc<Node>,
    /// Calls that hang, by target.
    hanging: Mutex<usize>,
}

impl Hanging {
    async fn step(&self, invocation: &Invocation) -> Result<(), ApiError> {
        let (ops, caller) = (&self.node.ops, &invocation.caller);
        let (secret_id, token) = (invocation.secret_arn.clone(), invocation.token.clone());
        match invocation.step {
            Step::CreateSecret => {
                let put = PutSecretValueRequest {
                    secret_id,
                    client_request_token: Some(token),
                    value: Some(SecretValue::Text("rotated".to_owned().into())),
                    version_stages: Some(vec![PENDING.to_owned()]),
                    rotation_token: Some(invocation.rotation_token.clone()),
                };
                ops.put_secret_value(caller, put).await.map(drop)
            }
            Step::SetSecret | Step::TestSecret => Ok(()),
            Step::FinishSecret => {
                let request = UpdateSecretVersionStageRequest {
                    secret_id,
                    version_stage: CURRENT.to_owned(),
                    move_to_version_id: Some(token),
                    remove_from_version_id: Some(FIRST.to_owned()),
                };
                ops.update_secret_version_stage(caller, request).await.map(drop)
            }
        }
    }
}

#[async_trait]
impl Invoke for Hanging {
    async fn invoke(&self, invocation: Invocation) -> Report {
        if invocation.secret_arn.contains("secret:dead/") && invocation.step == Step::SetSecret {
            *self.hanging.lock().unwrap() += 1;
            std::future::pending::<()>().await;
        }
        let outcome = match self.step(&invocation).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::permanent(error.to_string()),
        };
        Report { outcome, log: Vec::new(), duration_us: 1, digest: "0".repeat(64) }
    }

    async fn digest(&self, _: &str, _: &str) -> Option<String> {
        Some("0".repeat(64))
    }

    fn wall_ms_max(&self) -> i64 {
        60_000
    }
}

async fn rotate(node: &Node, name: &str, host: &str) {
    let value = json!({"engine": "postgres", "host": host, "username": "app", "password": "EXAMPLE"});
    let create = json!({"Name": name, "SecretString": value.to_string(), "ClientRequestToken": FIRST});
    node.call("CreateSecret", &create).await.unwrap();
    let function = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:hanging");
    let token = keywheel::entropy::uuid(&SimEntropy::new(name.len() as u64) as &dyn Entropy);
    let rotate = json!({"SecretId": name, "ClientRequestToken": token, "RotationLambdaARN": function});
    node.call("RotateSecret", &rotate).await.unwrap();
}

/// 40 rotations of a target that hangs are due before 500 of others.
#[tokio::test]
async fn a_dead_target_delays_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SimStore::new());
    let (clock, entropy) = (Arc::new(SimClock::at_noon()), Arc::new(SimEntropy::new(7)));
    let node = Node::open(store, folder.path(), &["hanging"], clock, entropy).await.unwrap();
    let node = Arc::new(node);
    for index in 0..DEAD {
        rotate(&node, &format!("dead/{index}"), "dead.example").await;
    }
    for index in 0..LIVE {
        rotate(&node, &format!("live/{index}"), &format!("db-{}.example", index % 50)).await;
    }
    let function = Arc::new(Hanging { node: Arc::clone(&node), hanging: Mutex::default() });
    let (stop, stopped) = watch::channel(false);
    let work = tokio::spawn(node.worker_over(Arc::clone(&function) as Arc<dyn Invoke>).run(stopped));
    let mut changes = node.ops.store().changes();
    let left = loop {
        changes.borrow_and_update();
        let left = targets_left(&node).await;
        if left.keys().all(|target| target == DEAD_TARGET) {
            break left;
        }
        changes.changed().await.unwrap();
    };
    assert_eq!(left, BTreeMap::from([(DEAD_TARGET.to_owned(), DEAD)]));
    assert_eq!(*function.hanging.lock().unwrap(), TARGET_MAX, "the rest waits for room, and hammers nobody");
    stop.send(true).unwrap();
    work.await.unwrap();
}

/// A start reads the whole due index; whoever asks something meanwhile is answered.
#[tokio::test]
async fn a_start_over_many_secrets_gives_way_to_requests() {
    const PAGES: usize = 3;
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(SimStore::new());
    let (clock, entropy) = (Arc::new(SimClock::at_noon()), Arc::new(SimEntropy::new(7)));
    let node = Node::open(Arc::clone(&store), folder.path(), &["hanging"], clock, entropy).await.unwrap();
    let node = Arc::new(node);
    for page in 0..PAGES {
        let entries = (0..SCAN_ENTRIES_MAX).map(|index| DueEntry {
            at: Timestamp::default(),
            due: Due::Rotation,
            secret_arn: format!("{page}-{index}"),
        });
        let batch = entries.fold(Batch::new(), |batch, entry| batch.put(keys::due(&entry), Vec::new()));
        store.commit(batch).await.unwrap();
    }
    let function = Hanging { node: Arc::clone(&node), hanging: Mutex::default() };
    let worker = node.worker_over(Arc::new(function));
    let mut adoption = std::pin::pin!(worker.adopt_orphans());
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..PAGES {
        assert!(adoption.as_mut().poll(&mut context).is_pending());
    }
    adoption.await.unwrap();
}

/// Secrets of one concurrency group, each on a target of its own.
const GROUPED: usize = 12;
/// So many of them may rotate at once.
const GROUP_MAX: usize = 2;
/// Others, of no group.
const UNGROUPED: usize = 5;

/// A function that stops in `setSecret` of a secret of the group until the test lets one of them go on. The first
/// of them never goes on.
struct Gated {
    hanging: Hanging,
    gate: Semaphore,
    /// How many of the group are in it now, and how many were at most.
    inside: Mutex<(usize, usize)>,
    entered: watch::Sender<usize>,
}

#[async_trait]
impl Invoke for Gated {
    async fn invoke(&self, invocation: Invocation) -> Report {
        if invocation.secret_arn.contains("secret:group/") && invocation.step == Step::SetSecret {
            {
                let mut inside = self.inside.lock().unwrap();
                inside.0 += 1;
                inside.1 = inside.1.max(inside.0);
            }
            self.entered.send_modify(|entered| *entered += 1);
            if invocation.secret_arn.contains("secret:group/0-") {
                std::future::pending::<()>().await;
            }
            self.gate.acquire().await.unwrap().forget();
            self.inside.lock().unwrap().0 -= 1;
        }
        self.hanging.invoke(invocation).await
    }

    async fn digest(&self, function_arn: &str, secret_arn: &str) -> Option<String> {
        self.hanging.digest(function_arn, secret_arn).await
    }

    fn wall_ms_max(&self) -> i64 {
        self.hanging.wall_ms_max()
    }
}

/// One of the group hangs for ever and keeps its place; the others take turns in what is left.
#[tokio::test]
async fn a_group_never_rotates_more_secrets_at_once_than_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SimStore::new());
    let (clock, entropy) = (Arc::new(SimClock::at_noon()), Arc::new(SimEntropy::new(7)));
    let node = Node::open(store, folder.path(), &["hanging"], clock, entropy).await.unwrap();
    let node = Arc::new(node);
    for index in 0..GROUPED {
        let name = format!("group/{index}");
        rotate(&node, &name, &format!("group-{index}.example")).await;
        let group = json!({"Name": "payments", "MaxConcurrent": GROUP_MAX});
        let policy = json!({"SecretId": name, "Group": group}).to_string();
        let put = node.ops.dispatch(&Node::root(), "Keywheel.PutRotationPolicy", policy.as_bytes()).await;
        put.unwrap();
    }
    for index in 0..UNGROUPED {
        rotate(&node, &format!("alone/{index}"), &format!("alone-{index}.example")).await;
    }
    let (entered, mut enters) = watch::channel(0);
    let hanging = Hanging { node: Arc::clone(&node), hanging: Mutex::default() };
    let function = Arc::new(Gated { hanging, gate: Semaphore::new(0), inside: Mutex::default(), entered });
    let (stop, stopped) = watch::channel(false);
    let work = tokio::spawn(node.worker_over(Arc::clone(&function) as Arc<dyn Invoke>).run(stopped));
    // The group is full, and holds up nobody else.
    enters.wait_for(|entered| *entered == GROUP_MAX).await.unwrap();
    until_left(&node, GROUPED).await;
    for ended in 1..GROUPED {
        function.gate.add_permits(1);
        // The one that ends gives its place to the next.
        until_left(&node, GROUPED - ended).await;
        let expected = GROUPED.min(GROUP_MAX + ended);
        enters.wait_for(|entered| *entered >= expected).await.unwrap();
        assert_eq!(*enters.borrow(), expected, "after {ended} have ended");
    }
    assert_eq!(*function.inside.lock().unwrap(), (1, GROUP_MAX));
    assert_eq!(targets_left(&node).await, BTreeMap::from([("group-0.example:5432".to_owned(), 1)]));
    stop.send(true).unwrap();
    work.await.unwrap();
}

/// Steps of one function that end at the same time: each is remembered, or was and had to give way to a newer one.
#[tokio::test]
async fn no_invocation_is_forgotten_because_others_end_with_it() {
    const SECRETS: usize = 64;
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(RedbStore::open(folder.path().join("store.redb")).unwrap());
    let (clock, entropy) = (Arc::new(SimClock::at_noon()), Arc::new(SimEntropy::new(9)));
    let node = Node::open(store, folder.path(), &["noop"], clock, entropy).await.unwrap();
    let function = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:noop");
    for index in 0..SECRETS {
        let (name, token) = (format!("app/{index}"), format!("second-{index:032}"));
        let members = json!({"Name": name, "SecretString": "{}", "ClientRequestToken": FIRST});
        node.call("CreateSecret", &members).await.unwrap();
        let members = json!({"SecretId": name, "RotationLambdaARN": function, "ClientRequestToken": token});
        node.call("RotateSecret", &members).await.unwrap();
    }
    let noop = Source { name: "noop".into(), wasm: keywheel_guests::component("noop") };
    let room = RoomLimits { running_max: SECRETS, function_max: SECRETS, ..RoomLimits::default() };
    let worker = node.worker_with_room(vec![noop], room).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let work = tokio::spawn(worker.run(stopped));
    let steps = SECRETS * Step::ALL.len();
    let numbers = wait::until("every step to be remembered", async || {
        let told = node.call("Keywheel.ListFunctionLogs", &json!({"FunctionName": "noop"})).await.unwrap();
        let invocations = told["Invocations"].as_array().unwrap();
        let numbers: Vec<usize> =
            invocations.iter().map(|one| serde_json::from_value(one["Number"].clone()).unwrap()).collect();
        Ok((numbers.last() == Some(&steps)).then_some(numbers))
    });
    assert_eq!(numbers.await.unwrap(), (steps - 99..=steps).collect::<Vec<_>>());
    stop.send(true).unwrap();
    work.await.unwrap();
}

/// Each byte of such a line is six in the store.
#[tokio::test]
async fn logs_that_grow_when_they_are_stored_are_kept_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, entropy) = (Arc::new(SimClock::at_noon()), Arc::new(SimEntropy::new(9)));
    let node = Node::open(Arc::new(SimStore::new()), folder.path(), &["noop"], clock, entropy).await.unwrap();
    let log = InvocationLog {
        number: 0,
        at: Timestamp::default(),
        version: "$LATEST".to_owned(),
        digest: String::new(),
        step: "createSecret".to_owned(),
        secret_arn: String::new(),
        token: FIRST.to_owned(),
        duration_us: 1,
        failure: None,
        lines: vec!["\u{1}".repeat(16 * 1024 - 1)],
    };
    let scope = Scope { account: ACCOUNT.into(), region: REGION.into() };
    node.ops.remember_invocations(&scope, "noop", vec![log; 120]).await;
    let told = node.call("Keywheel.ListFunctionLogs", &json!({"FunctionName": "noop"})).await.unwrap();
    let invocations = told["Invocations"].as_array().unwrap();
    assert_eq!((invocations.len(), &invocations[99]["Number"]), (100, &json!(120)));
    assert_eq!(invocations[0]["Log"][0].as_str().unwrap().len(), 16 * 1024 - 1);
}

/// Waits until so many rotations are not complete.
async fn until_left(node: &Node, rotations: usize) {
    let mut changes = node.ops.store().changes();
    loop {
        changes.borrow_and_update();
        if targets_left(node).await.values().sum::<usize>() == rotations {
            return;
        }
        changes.changed().await.unwrap();
    }
}

/// How many rotations are not complete, by target.
async fn targets_left(node: &Node) -> BTreeMap<String, usize> {
    let (mut left, mut next) = (BTreeMap::new(), None::<String>);
    loop {
        let request = json!({"MaxResults": 100, "NextToken": next}).to_string();
        let answer = node.ops.dispatch(&Node::root(), "Keywheel.ListRotations", request.as_bytes()).await;
        let page: serde_json::Value = serde_json::from_slice(&answer.unwrap()).unwrap();
        for rotation in page["Rotations"].as_array().unwrap() {
            *left.entry(rotation["Target"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        next = page["NextToken"].as_str().map(str::to_owned);
        if next.is_none() {
            return left;
        }
    }
}
