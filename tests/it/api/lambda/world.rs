//! One Keywheel with a sandbox, and requests to it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::http::HeaderMap;
use keywheel::clock::Clock as _;
use keywheel::server::Server;
use keywheel::store::Store;
use keywheel::worker::Worker;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4::{self, Credentials};
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::{ACCESS_KEY_ID, Node, REGION, SECRET_ACCESS_KEY};
use keywheel_tests::store::SimStore;
use serde_json::{Value, json};

use super::component::{Does, component};
use crate::api::fragile::Fragile;

/// Version ids.
pub(super) const TOKENS: [&str; 3] = [
    "11111111-1111-4111-8111-111111111111",
    "22222222-2222-4222-8222-222222222222",
    "33333333-3333-4333-8333-333333333333",
];
/// The role of every function here.
pub(super) const ROLE: &str = "arn:aws:iam::123456789012:role/rotate";

pub(super) struct World {
    pub(super) node: Node,
    pub(super) store: Arc<SimStore>,
    /// What is between the node and `store`.
    pub(super) disk: Arc<Fragile>,
    pub(super) clock: SimClock,
    pub(super) server: Arc<Server>,
    pub(super) worker: Arc<Worker>,
    _folder: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Told {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The code and the sentence of an error.
    pub(super) fn error(&self) -> String {
        let body = self.json();
        let sentence = body["message"].as_str().or(body["Message"].as_str()).unwrap_or_default();
        format!("{} {}: {sentence}", self.status, self.header("x-amzn-errortype"))
    }
}

/// A request that is not sent yet.
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    /// With its query.
    pub(super) path: &'a str,
    pub(super) service: &'a str,
    pub(super) secret: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: Vec<u8>,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::over(SimStore::new(), tempfile::tempdir().unwrap(), 5).await
    }

    /// A process over this store.
    pub(super) async fn over(store: SimStore, folder: tempfile::TempDir, seed: u64) -> Self {
        let (store, clock) = (Arc::new(store), SimClock::at_noon());
        let entropy = Arc::new(SimEntropy::new(seed));
        let disk = Arc::new(Fragile::new(Arc::clone(&store)));
        let shared = Arc::clone(&disk) as Arc<dyn Store>;
        let builtins = ["postgres-single-user"];
        let node =
            Node::open(shared, folder.path(), &builtins, Arc::new(clock.clone()), entropy).await.unwrap();
        let (worker, server) = node.with_lambda().unwrap();
        Self { node, store, disk, clock, server, worker, _folder: folder }
    }

    pub(super) async fn send(&self, asked: Asked<'_>) -> Told {
        self.send_as(ACCESS_KEY_ID, asked).await
    }

    /// The same by whom another access key belongs to.
    pub(super) async fn send_as(&self, access_key_id: &str, asked: Asked<'_>) -> Told {
        let answer = self.server.answer(self.signed(access_key_id, asked)).await;
        let (head, body) = answer.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Told { status: head.status.as_u16(), headers: head.headers, text }
    }

    /// Calls an operation of Lambda as the account's root.
    pub(super) async fn lambda(&self, method: &str, path: &str, body: &Value) -> Told {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.send(Asked { method, path, service: "lambda", secret: SECRET_ACCESS_KEY, headers: &[], body })
            .await
    }

    /// The same, and it succeeds.
    pub(super) async fn good(&self, method: &str, path: &str, body: &Value) -> Value {
        let told = self.lambda(method, path, body).await;
        assert!(told.status < 300, "{method} {path}: {}", told.text);
        told.json()
    }

    /// Deploys a function that does this.
    pub(super) async fn deploy(&self, name: &str, does: Does) -> Value {
        let members = json!({"FunctionName": name, "Role": ROLE, "Code": {"ZipFile": encoded(does)}});
        self.good("POST", "/2015-03-31/functions", &members).await
    }

    /// Lets Secrets Manager invoke a function, or a version of it.
    pub(super) async fn permit(&self, name: &str, query: &str) {
        let members = json!({
            "StatementId": "rotate",
            "Action": "lambda:InvokeFunction",
            "Principal": "secretsmanager.amazonaws.com",
        });
        self.good("POST", &format!("/2015-03-31/functions/{name}/policy{query}"), &members).await;
    }

    /// Makes a secret.
    pub(super) async fn create_secret(&self, name: &str) {
        let members = json!({"Name": name, "SecretString": "first", "ClientRequestToken": TOKENS[0]});
        self.node.call("CreateSecret", &members).await.unwrap();
    }

    /// Lets the worker do all that is due.
    pub(super) async fn work(&self) {
        self.worker.tick().await.unwrap();
    }

    fn signed(&self, access_key_id: &str, asked: Asked<'_>) -> Request<Full<Bytes>> {
        let Asked { method, path, service, secret, headers, body } = asked;
        let mut to_sign: Vec<(&str, &[u8])> = vec![("host", b"localhost")];
        to_sign.extend(headers.iter().map(|(name, value)| (*name, value.as_bytes())));
        let (bare, query) = path.split_once('?').unwrap_or((path, ""));
        let request = sigv4::Request { method, path: bare, query, headers: &to_sign, body: &body };
        let credentials = Credentials {
            access_key_id,
            secret_access_key: &Sensitive::new(secret.to_owned()),
            session_token: None,
        };
        let added = sigv4::sign(&request, &credentials, REGION, service, self.clock.now());
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &to_sign {
            request = request.header(*name, *value);
        }
        for (name, value) in added {
            request = request.header(name, value);
        }
        request.body(Full::from(body)).unwrap()
    }
}

/// A component as `ZipFile` holds it.
pub(super) fn encoded(does: Does) -> String {
    STANDARD.encode(component(does))
}
