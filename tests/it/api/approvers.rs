//! Approvers: people with an access key of their own, through the whole server but its socket.

mod readable;
mod secrecy;

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use keywheel::clock::Clock as _;
use keywheel::server::Server;
use keywheel::store::{Batch, CommitError, Entry, Key, Revision, Store, StoreError};
use keywheel::worker::{Invocation, Invoke, Report};
use keywheel_domain::rotation::Outcome;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4::{self, Credentials};
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::{ACCESS_KEY_ID, Node, REGION, SECRET_ACCESS_KEY};
use keywheel_tests::store::{SimImage, SimStore};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:idle";
const TOKENS: [&str; 2] = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];
const ANN: &str = "arn:aws:iam::123456789012:user/ann";

/// What a person signs with.
#[derive(Clone)]
struct Person {
    access_key_id: String,
    secret: Sensitive<String>,
}

impl Person {
    fn root() -> Self {
        Self { access_key_id: ACCESS_KEY_ID.to_owned(), secret: Sensitive::new(SECRET_ACCESS_KEY.to_owned()) }
    }

    fn of(created: &Value) -> Self {
        Self {
            access_key_id: created["AccessKeyId"].as_str().unwrap().to_owned(),
            secret: Sensitive::new(created["SecretAccessKey"].as_str().unwrap().to_owned()),
        }
    }
}

/// One Keywheel, and what it needs to start again.
struct World {
    store: Arc<SimStore>,
    clock: SimClock,
    node: Node,
    server: Arc<Server>,
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        Self::start(SimImage::default(), SimClock::at_noon(), tempfile::tempdir().unwrap(), 1).await
    }

    async fn start(image: SimImage, clock: SimClock, folder: TempDir, seed: u64) -> Self {
        let store = Arc::new(SimStore::from_image(image));
        let shared = Arc::new(Polite(Arc::clone(&store)));
        let (time, entropy) = (Arc::new(clock.clone()), Arc::new(SimEntropy::new(seed)));
        let node = Node::open(shared, folder.path(), &["idle"], time, entropy).await.unwrap();
        Self { store, clock, server: node.server(), node, folder }
    }

    /// Ends the process and starts another one on what it left.
    async fn restart(self) -> Self {
        Self::start(self.store.durable_image(), self.clock, self.folder, 2).await
    }

    /// Sends a signed request; a refusal as `Code: sentence`.
    async fn send(&self, person: &Person, target: &str, body: &Value) -> Result<Value, String> {
        let body = body.to_string().into_bytes();
        let headers: [(&str, &[u8]); 2] = [("host", b"localhost"), ("x-amz-target", target.as_bytes())];
        let signed = sigv4::Request { method: "POST", path: "/", query: "", headers: &headers, body: &body };
        let credentials = Credentials {
            access_key_id: &person.access_key_id,
            secret_access_key: &person.secret,
            session_token: None,
        };
        let added = sigv4::sign(&signed, &credentials, REGION, "secretsmanager", self.clock.now());
        let mut request = Request::post("/");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        for (name, value) in added {
            request = request.header(name, value);
        }
        let answer = self.server.answer(request.body(Full::new(Bytes::from(body))).unwrap()).await;
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        match body.get("__type").and_then(Value::as_str) {
            None => Ok(body),
            Some(code) => {
                let sentence = body.get("message").or_else(|| body.get("Message")).unwrap();
                Err(format!("{code}: {}", sentence.as_str().unwrap()))
            }
        }
    }

    async fn root(&self, target: &str, body: Value) -> Result<Value, String> {
        self.send(&Person::root(), target, &body).await
    }

    async fn create(&self, name: &str) -> Person {
        Person::of(&self.root("Keywheel.CreateApprover", json!({"UserName": name})).await.unwrap())
    }

    async fn names(&self) -> Vec<String> {
        let listed = self.root("Keywheel.ListApprovers", json!({})).await.unwrap();
        let approvers = listed["Approvers"].as_array().unwrap();
        approvers.iter().map(|approver| approver["UserName"].as_str().unwrap().to_owned()).collect()
    }

    /// A secret whose rotation nobody may start alone.
    async fn add_guarded_secret(&self) {
        let [first, second] = TOKENS;
        let create = json!({"Name": "app", "SecretString": "x", "ClientRequestToken": first});
        self.root("secretsmanager.CreateSecret", create).await.unwrap();
        let policy = json!({"SecretId": "app", "Approvals": {"Before": ["createSecret"], "Count": 1}});
        self.root("Keywheel.PutRotationPolicy", policy).await.unwrap();
        let rotate = json!({
            "SecretId": "app",
            "ClientRequestToken": second,
            "RotationLambdaARN": FUNCTION_ARN,
        });
        self.root("secretsmanager.RotateSecret", rotate).await.unwrap();
        self.node.worker_over(Arc::new(Idle)).tick().await.unwrap();
    }
}

/// The store of a process in which others have their turn before each commit.
struct Polite(Arc<SimStore>);

#[async_trait::async_trait]
impl Store for Polite {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.0.load(key).await
    }

    async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        self.0.scan(from, to, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        tokio::task::yield_now().await;
        self.0.commit(batch).await
    }

    fn changes(&self) -> watch::Receiver<Revision> {
        self.0.changes()
    }

    fn exclusive(&self) -> bool {
        self.0.exclusive()
    }
}

/// A function that does nothing.
pub(super) struct Idle;

#[async_trait::async_trait]
impl Invoke for Idle {
    async fn invoke(&self, _: Invocation) -> Report {
        Report { outcome: Outcome::Done, log: Vec::new(), duration_us: 1, digest: "0".repeat(64) }
    }

    async fn digest(&self, _: &str, _: &str) -> Option<String> {
        Some("0".repeat(64))
    }

    fn wall_ms_max(&self) -> i64 {
        60_000
    }
}

const UNKNOWN_KEY: &str =
    "UnrecognizedClientException: The security token included in the request is invalid.";

#[tokio::test]
async fn an_approver_agrees_to_what_root_asked_for() {
    let world = World::new().await;
    let ann = world.create("ann").await;
    world.add_guarded_secret().await;
    let listed = world.send(&ann, "Keywheel.ListApprovals", &json!({})).await.unwrap();
    let request = &listed["Approvals"][0];
    assert_eq!(request["RequestedBy"], "arn:aws:iam::123456789012:root", "{listed}");
    let answer = json!({"ApprovalId": request["ApprovalId"]});
    let own = world.root("Keywheel.Approve", answer.clone()).await.unwrap_err();
    assert!(own.starts_with("AccessDeniedException: `arn:aws:iam::123456789012:root` asked"), "{own}");
    let described = world.send(&ann, "Keywheel.DescribeApproval", &answer).await.unwrap();
    assert_eq!(described["ApprovalId"], request["ApprovalId"], "{described}");
    assert_eq!(world.send(&ann, "Keywheel.Approve", &answer).await.unwrap()["Wanting"], 0);
    let events = json!({"Events": ["ApprovalGranted"]});
    let events = world.send(&ann, "Keywheel.ListEvents", &events).await.unwrap();
    assert_eq!(events["Events"][0]["Caller"], ANN, "{events}");
}

#[tokio::test]
async fn an_approver_looks_and_answers_and_does_nothing_else() {
    let world = World::new().await;
    let ann = world.create("ann").await;
    world.add_guarded_secret().await;
    let on = |what: &str| format!(" on resource: {what}");
    let refused = |action: &str, on: &str| {
        format!(
            "AccessDeniedException: User: {ANN} is not authorized to perform: {action}{on} because no \
             identity-based policy allows the {action} action"
        )
    };
    // These are answered, or refused for another reason.
    let secret = json!({"SecretId": "app"});
    let looks = [
        ("ListApprovals", json!({})),
        ("DescribeApproval", json!({"ApprovalId": "0".repeat(24)})),
        ("Approve", json!({"ApprovalId": "0".repeat(24)})),
        ("Reject", json!({"ApprovalId": "0".repeat(24)})),
        ("DescribeRotation", secret.clone()),
        ("ListRotations", json!({})),
        ("PreviewSchedule", secret.clone()),
        ("GetRotationPolicy", secret.clone()),
        ("ListEvents", json!({})),
    ];
    for (action, body) in looks {
        let answer = world.send(&ann, &format!("Keywheel.{action}"), &body).await;
        let denied = answer.as_ref().is_err_and(|error| error.starts_with("AccessDenied"));
        assert!(!denied, "{action}: {answer:?}");
    }
    let [token, _] = TOKENS;
    let named = json!({"SecretId": "app", "SecretString": "y", "ClientRequestToken": token});
    let other = json!({"Name": "new", "SecretString": "y", "ClientRequestToken": token});
    let staged = json!({"SecretId": "app", "VersionStage": "X", "MoveToVersionId": token});
    let tagged = json!({"SecretId": "app", "Tags": [{"Key": "k", "Value": "v"}], "TagKeys": ["k"]});
    let user = |name: &str| json!({"UserName": name});
    let (bob, app) = (on("arn:aws:iam::123456789012:user/bob"), on("app"));
    let cases = [
        ("secretsmanager.GetSecretValue", "secretsmanager:GetSecretValue", &secret, &app),
        ("secretsmanager.DescribeSecret", "secretsmanager:DescribeSecret", &secret, &app),
        ("secretsmanager.PutSecretValue", "secretsmanager:PutSecretValue", &named, &app),
        ("secretsmanager.UpdateSecret", "secretsmanager:UpdateSecret", &named, &app),
        ("secretsmanager.UpdateSecretVersionStage", "secretsmanager:UpdateSecretVersionStage", &staged, &app),
        ("secretsmanager.ListSecretVersionIds", "secretsmanager:ListSecretVersionIds", &secret, &app),
        ("secretsmanager.DeleteSecret", "secretsmanager:DeleteSecret", &secret, &app),
        ("secretsmanager.RestoreSecret", "secretsmanager:RestoreSecret", &secret, &app),
        ("secretsmanager.TagResource", "secretsmanager:TagResource", &tagged, &app),
        ("secretsmanager.UntagResource", "secretsmanager:UntagResource", &tagged, &app),
        ("secretsmanager.RotateSecret", "secretsmanager:RotateSecret", &named, &app),
        ("secretsmanager.CancelRotateSecret", "secretsmanager:CancelRotateSecret", &secret, &app),
        ("secretsmanager.CreateSecret", "secretsmanager:CreateSecret", &other, &on("new")),
        ("secretsmanager.ListSecrets", "secretsmanager:ListSecrets", &json!({}), &String::new()),
        ("secretsmanager.GetRandomPassword", "secretsmanager:GetRandomPassword", &json!({}), &String::new()),
        ("Keywheel.RetryRotation", "keywheel:RetryRotation", &secret, &app),
        ("Keywheel.RollBackRotation", "keywheel:RollBackRotation", &secret, &app),
        ("Keywheel.VerifySecret", "keywheel:VerifySecret", &secret, &app),
        ("Keywheel.ReconcileSecret", "keywheel:ReconcileSecret", &secret, &app),
        ("Keywheel.DryRunRotation", "keywheel:DryRunRotation", &secret, &app),
        ("Keywheel.PutRotationPolicy", "keywheel:PutRotationPolicy", &secret, &app),
        ("Keywheel.DeleteRotationPolicy", "keywheel:DeleteRotationPolicy", &secret, &app),
        ("Keywheel.SkipRotation", "keywheel:SkipRotation", &secret, &app),
        ("Keywheel.CreateApprover", "keywheel:CreateApprover", &user("bob"), &bob),
        ("Keywheel.DeleteApprover", "keywheel:DeleteApprover", &user("ann"), &on(ANN)),
        ("Keywheel.ListApprovers", "keywheel:ListApprovers", &json!({}), &String::new()),
    ];
    for (target, action, body, on) in cases {
        let answer = world.send(&ann, target, body).await;
        assert_eq!(answer, Err(refused(action, on)), "{target}");
    }
    assert_eq!(world.names().await, ["ann"]);
}

#[tokio::test]
async fn a_deleted_approver_is_refused_on_the_next_request() {
    let world = World::new().await;
    let (ann, bob) = (world.create("ann").await, world.create("bob").await);
    let look = async |world: &World, person: &Person| {
        world.send(person, "Keywheel.ListApprovals", &json!({})).await.map(drop)
    };
    assert_eq!((look(&world, &ann).await, look(&world, &bob).await), (Ok(()), Ok(())));
    let deleted = world.root("Keywheel.DeleteApprover", json!({"UserName": "ann"})).await;
    assert_eq!(deleted, Ok(json!({"UserName": "ann", "Arn": ANN})));
    assert_eq!(look(&world, &ann).await, Err(UNKNOWN_KEY.to_owned()));
    assert_eq!(look(&world, &bob).await, Ok(()));

    // Another one of the same name has another key.
    let again = world.create("ann").await;
    assert_ne!(again.access_key_id, ann.access_key_id);
    let world = world.restart().await;
    assert_eq!(look(&world, &ann).await, Err(UNKNOWN_KEY.to_owned()));
    assert_eq!((look(&world, &again).await, look(&world, &bob).await), (Ok(()), Ok(())));
}

#[tokio::test]
async fn a_name_is_taken_once_and_free_again() {
    let world = World::new().await;
    let check = async |action: &str, name: &str, expected: Result<(), &str>| {
        let answer = world.root(&format!("Keywheel.{action}"), json!({"UserName": name})).await;
        assert_eq!(answer.map(drop), expected.map_err(str::to_owned), "{action} {name}");
    };
    let taken = "ResourceExistsException: User with name ann already exists.";
    let pattern = "ValidationException: 1 validation error detected: Value at 'userName' failed to satisfy \
                   constraint: Member must satisfy regular expression pattern: [A-Za-z0-9+=,.@_-]+";
    check("CreateApprover", "ann", Ok(())).await;
    check("CreateApprover", "ann", Err(taken)).await;
    // In a list of names nobody tells these two apart.
    check("CreateApprover", "Ann", Err(taken)).await;
    check("DeleteApprover", "Ann", Err("ResourceNotFoundException: The user with name Ann cannot be found."))
        .await;
    check("CreateApprover", "ann lee", Err(pattern)).await;
    check("DeleteApprover", "user/ann", Err(pattern)).await;
    check("CreateApprover", "ann.lee+1=on,call@example_org-", Ok(())).await;
    assert_eq!(world.names().await, ["ann", "ann.lee+1=on,call@example_org-"]);
    check("DeleteApprover", "ann", Ok(())).await;
    check("DeleteApprover", "ann", Err("ResourceNotFoundException: The user with name ann cannot be found."))
        .await;
    check("CreateApprover", "Ann", Ok(())).await;
}

#[tokio::test]
async fn approvers_are_listed_with_their_keys_and_without_secrets() {
    let world = World::new().await;
    let ann = world.create("ann").await;
    let listed = world.root("Keywheel.ListApprovers", json!({})).await.unwrap();
    let expected = json!({"Approvers": [{
        "UserName": "ann",
        "Arn": ANN,
        "AccessKeyId": ann.access_key_id,
        "CreatedDate": listed["Approvers"][0]["CreatedDate"],
    }]});
    assert_eq!(listed, expected);
    assert_eq!(listed["Approvers"][0]["CreatedDate"].as_f64(), world.clock.now().to_wire().as_f64());
}

#[tokio::test]
async fn an_account_has_a_bounded_number_of_approvers() {
    let world = World::new().await;
    for number in 0..999 {
        world.create(&format!("u{number}")).await;
    }
    // Of two that are made at once, one gets the last place.
    let create = async |name: &str| world.root("Keywheel.CreateApprover", json!({"UserName": name})).await;
    let (one, other) = tokio::join!(create("one"), create("other"));
    let full = Err("LimitExceededException: An account can have at most 1000 approvers.".to_owned());
    let (one, other) = (one.map(drop), other.map(drop));
    assert!([(Ok(()), full.clone()), (full.clone(), Ok(()))].contains(&(one, other)));
    assert_eq!(world.names().await.len(), 1000);
    world.root("Keywheel.DeleteApprover", json!({"UserName": "u0"})).await.unwrap();
    world.create("last").await;
    assert_eq!(create("more").await.map(drop), full);
}
