//! Webhooks: what endpoints are told, in which order, and what a crash, a fault or an operator does to it.
#![cfg(test)]

mod crash;
mod delivery;
mod http;
mod operations;
mod settings;

use std::sync::Arc;

use async_trait::async_trait;
use keywheel::audit::{self, AuditRow};
use keywheel::entropy::Entropy;
use keywheel::ops::Caller;
use keywheel::store::{Batch, Store};
use keywheel::webhooks::{Deliver, DeliverError, Delivery, EVENT_ID, SIGNATURE, TIMESTAMP, Webhooks};
use keywheel_domain::api::ApiError;
use keywheel_domain::time::Timestamp;
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::{ACCOUNT, Node, REGION};
use keywheel_tests::store::{SimImage, SimStore};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// Turns that the runtime gets before something counts as not happening.
const TURNS: usize = 200;

/// One node on a simulated store and clock.
struct World {
    node: Node,
    store: Arc<SimStore>,
    clock: SimClock,
    entropy: Arc<SimEntropy>,
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        Self::open(SimImage::default(), SimClock::at_noon(), tempfile::tempdir().unwrap()).await
    }

    async fn open(image: SimImage, clock: SimClock, folder: TempDir) -> Self {
        let store = Arc::new(SimStore::from_image(image));
        let entropy = Arc::new(SimEntropy::new(7));
        let shared = Arc::clone(&entropy) as Arc<dyn Entropy>;
        let node =
            Node::open(Arc::clone(&store) as _, folder.path(), &[], Arc::new(clock.clone()), shared).await;
        Self { node: node.unwrap(), store, clock, entropy, folder }
    }

    /// What a process finds that starts after a crash which left this image.
    async fn after_crash(self, image: SimImage) -> Self {
        Self::open(image, self.clock, self.folder).await
    }

    async fn call(&self, action: &str, members: Value) -> Result<Value, ApiError> {
        self.call_as(&Node::root(), action, members).await
    }

    async fn call_as(&self, caller: &Caller, action: &str, members: Value) -> Result<Value, ApiError> {
        let target = format!("Keywheel.{action}");
        let answer = self.node.ops.dispatch(caller, &target, members.to_string().as_bytes()).await?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    /// Makes a webhook of this name at `https://NAME.example/`; its signing secret.
    async fn put(&self, name: &str) -> String {
        let put = json!({"Name": name, "Url": format!("https://{name}.example/")});
        let answer = self.call("PutWebhook", put).await.unwrap();
        answer["SigningSecret"].as_str().unwrap().to_owned()
    }

    /// The webhook of this name as it is listed.
    async fn listed(&self, name: &str) -> Value {
        let answer = self.call("ListWebhooks", json!({})).await.unwrap();
        let found = answer["Webhooks"].as_array().unwrap().iter().find(|webhook| webhook["Name"] == name);
        found.unwrap().clone()
    }

    /// Adds rows named `Event0`, `Event1` and so on about a secret of this region, as many actions would.
    async fn add(&self, region: &str, rows: usize) {
        for first in (0..rows).step_by(1000) {
            let numbers = first..rows.min(first + 1000);
            let batch = numbers.fold(Batch::new(), |batch, number| {
                let row = AuditRow {
                    at: Timestamp::from_millis(SimClock::NOON_MS),
                    event: format!("Event{number}"),
                    caller: Node::root().arn().into_owned(),
                    secret_arn: format!("arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:app-AbCdEf"),
                    version_id: None,
                    detail: None,
                };
                batch.append(audit::log(), row.to_bytes())
            });
            self.store.commit(batch).await.unwrap();
        }
    }

    /// The deliveries of a process over this world.
    fn start(&self) -> Process {
        let (sender, arrivals) = mpsc::unbounded_channel();
        let webhooks = self.webhooks(Arc::new(Wire(sender)));
        let (stop, stopped) = watch::channel(false);
        Process { task: tokio::spawn(webhooks.run(stopped)), stop, arrivals }
    }

    fn webhooks(&self, deliver: Arc<dyn Deliver>) -> Arc<Webhooks> {
        Arc::new(Webhooks::new(
            Arc::clone(&self.node.ops),
            Arc::new(self.clock.clone()),
            Arc::clone(&self.entropy) as Arc<dyn Entropy>,
            deliver,
            Arc::clone(&self.node.metrics),
        ))
    }

    /// Lets the time come that somebody waits for first; how long that took, in milliseconds.
    async fn wait_for_next(&self) -> i64 {
        use keywheel::clock::Clock as _;
        turns().await;
        let before = self.clock.now();
        assert!(self.clock.advance_to_next_wake(), "nobody waits for a time");
        self.clock.now().millis_since(before)
    }
}

/// Lets everything happen that can happen now.
async fn turns() {
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
}

/// Hands each request to the test, and its answer back.
struct Wire(mpsc::UnboundedSender<Arrival>);

#[async_trait]
impl Deliver for Wire {
    async fn post(&self, delivery: Delivery) -> Result<u16, DeliverError> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Arrival { delivery, answer }).unwrap();
        match answered.await {
            Ok(answer) => answer,
            // The test has let go of it: it hangs.
            Err(_) => std::future::pending().await,
        }
    }
}

/// A request that waits for its answer.
struct Arrival {
    delivery: Delivery,
    answer: oneshot::Sender<Result<u16, DeliverError>>,
}

impl Arrival {
    fn header(&self, name: &str) -> &str {
        header(&self.delivery.headers, name)
    }

    fn body(&self) -> Value {
        serde_json::from_slice(&self.delivery.body).unwrap()
    }

    /// `HOST ID EVENT`, where the header and the body agree on the id.
    fn told(&self) -> String {
        let body = self.body();
        assert_eq!(self.header(EVENT_ID), body["EventId"].to_string());
        format!("{} {} {}", self.delivery.endpoint.host, body["EventId"], body["Event"].as_str().unwrap())
    }

    fn is_signed_by(&self, secret: &str) -> bool {
        is_signed_by(&self.delivery.headers, &self.delivery.body, secret)
    }

    fn answer(self, status: u16) -> String {
        let told = self.told();
        self.answer.send(Ok(status)).unwrap();
        told
    }
}

fn header<'a>(headers: &'a [(&str, String)], name: &str) -> &'a str {
    &headers.iter().find(|(known, _)| *known == name).unwrap().1
}

/// By the definition of HMAC (RFC 2104), from the hash alone.
fn is_signed_by(headers: &[(&str, String)], body: &[u8], secret: &str) -> bool {
    assert!(secret.len() <= 64, "a longer key would be hashed first");
    let pad = |byte: u8| -> Vec<u8> {
        let mut padded = secret.as_bytes().to_vec();
        padded.resize(64, 0);
        padded.iter().map(|key| key ^ byte).collect()
    };
    let message = [header(headers, TIMESTAMP).as_bytes(), b".", body].concat();
    let inner = Sha256::digest([pad(0x36), message].concat());
    let outer = Sha256::digest([pad(0x5c), inner.to_vec()].concat());
    header(headers, SIGNATURE) == format!("v1={}", hex::encode(outer))
}

/// Deliveries that run.
struct Process {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
}

impl Process {
    /// The next request.
    async fn arrival(&mut self) -> Arrival {
        for _ in 0..TURNS {
            if let Ok(arrival) = self.arrivals.try_recv() {
                return arrival;
            }
            tokio::task::yield_now().await;
        }
        panic!("nothing is delivered");
    }

    /// The next request, which is answered with this status.
    async fn answer(&mut self, status: u16) -> String {
        self.arrival().await.answer(status)
    }

    async fn is_silent(&mut self) {
        turns().await;
        if let Ok(arrival) = self.arrivals.try_recv() {
            panic!("{} is delivered", arrival.told());
        }
    }

    /// As `kill -9`: nothing is polled any more.
    async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }

    /// As SIGTERM.
    async fn stop(self) {
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
    }
}
