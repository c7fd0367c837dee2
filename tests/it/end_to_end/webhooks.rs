//! The real binary and a receiver in TLS: events arrive signed, once it is there, and after `kill -9`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use keywheel_tests::canary;
use keywheel_tests::certificate::{Authority, Certificate};
use keywheel_tests::process::{self, Keywheel};
use keywheel_tests::wait;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

/// Answers every request with one status, and hands it to the test.
struct Receiver {
    address: SocketAddr,
    status: Arc<AtomicU16>,
    requests: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
}

impl Receiver {
    async fn start(certificate: &Certificate) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::unbounded_channel();
        let status = Arc::new(AtomicU16::new(200));
        let (answer, tls) = (Arc::clone(&status), acceptor(certificate));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(stream) = tls.accept(stream).await else { continue };
                let service = service_fn(|request: Request<Incoming>| {
                    let (sender, status) = (sender.clone(), answer.load(Ordering::SeqCst));
                    async move {
                        let (head, body) = request.into_parts();
                        let body = body.collect().await.unwrap().to_bytes();
                        sender.send((head.headers, body)).unwrap();
                        let response = Response::builder().status(status);
                        Ok::<_, Infallible>(response.body(Empty::<Bytes>::new()).unwrap())
                    }
                });
                // A client that was killed breaks its connection.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            }
        });
        Self { address, status, requests }
    }

    /// The id and the name of the next event, whose signature is checked.
    async fn next(&mut self, secret: &str) -> (u64, String) {
        let waited = tokio::time::timeout(wait::PATIENCE, self.requests.recv()).await;
        let (headers, body) = waited.expect("nothing was delivered").unwrap();
        let header = |name: &str| headers[name].to_str().unwrap();
        let message = [header("keywheel-timestamp").as_bytes(), b".", &body].concat();
        assert_eq!(header("keywheel-signature"), format!("v1={}", hmac(secret.as_bytes(), &message)));
        let event: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(header("keywheel-event-id"), event["EventId"].to_string());
        (event["EventId"].as_u64().unwrap(), event["Event"].as_str().unwrap().to_owned())
    }

    /// The ids from here to this event, each of which arrives, some perhaps twice.
    async fn until(&mut self, secret: &str, from: u64, last: u64) {
        let mut expected = from;
        while expected <= last {
            let (id, _) = self.next(secret).await;
            assert!(id == expected || id + 1 == expected, "{id} arrived and not {expected}");
            expected = id + 1;
        }
    }
}

fn acceptor(Certificate { certificate, key }: &Certificate) -> TlsAcceptor {
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap()).into()
}

/// By the definition of HMAC (RFC 2104), for a key of at most 64 bytes.
fn hmac(key: &[u8], message: &[u8]) -> String {
    let pad = |byte: u8| -> Vec<u8> {
        (0..64).map(|index| key.get(index).copied().unwrap_or_default() ^ byte).collect()
    };
    let inner = Sha256::digest([&pad(0x36), message].concat());
    hex::encode(Sha256::digest([pad(0x5c), inner.to_vec()].concat()))
}

async fn serve(data: &Path, authority: &Authority) -> Keywheel {
    let mut serve = process::serve(data).unwrap();
    serve.env("KEYWHEEL_WEBHOOK_CA_FILE", authority.file());
    Keywheel::start_with(&mut serve).await.unwrap()
}

/// Waits until the first webhook has got the events up to this one.
async fn until_told(keywheel: &Keywheel, last: u64) {
    let told = wait::until("the event to be delivered", async || {
        let answer = keywheel.client().send("Keywheel.ListWebhooks", &json!({})).await?;
        Ok((answer.body["Webhooks"][0]["LastEventId"] == last).then_some(()))
    });
    told.await.unwrap();
}

#[tokio::test]
async fn events_arrive_in_order_over_a_kill_and_an_outage() {
    let data = process::used_data_folder().await.unwrap();
    let authority = Authority::new("receivers").unwrap();
    let mut receiver = Receiver::start(&authority.issue("localhost").unwrap()).await;
    let mut keywheel = serve(data.path(), &authority).await;
    let url = format!("https://localhost:{}/in", receiver.address.port());
    let put = json!({ "Name": "ops", "Url": url });
    let answer = keywheel.client().send("Keywheel.PutWebhook", &put).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    let secret = answer.body["SigningSecret"].as_str().unwrap().to_owned();
    assert_eq!(receiver.next(&secret).await, (1, "PutWebhook".to_owned()));

    let mut last: u64 = 1;
    for round in 0..3 {
        for number in 0..5 {
            let create = json!({ "Name": format!("app-{round}-{number}"), "SecretString": canary::value() });
            keywheel.client().call("CreateSecret", create).await.unwrap();
        }
        // Killed while events are delivered, or right after.
        let logged = keywheel.kill();
        assert!(!logged.contains(&secret) && !canary::is_in(logged.as_bytes()), "{logged}");
        keywheel = serve(data.path(), &authority).await;
        receiver.until(&secret, last + 1, last + 5).await;
        last += 5;
    }

    // What a process delivered that was killed may come again: the outage begins when nothing is under way.
    until_told(&keywheel, last).await;
    receiver.status.store(503, Ordering::SeqCst);
    let create = json!({ "Name": "in-the-outage", "SecretString": canary::value() });
    keywheel.client().call("CreateSecret", create).await.unwrap();
    let listed = wait::until("the failure to be listed", async || {
        let answer = keywheel.client().send("Keywheel.ListWebhooks", &json!({})).await?;
        let webhook = answer.body["Webhooks"][0].clone();
        Ok((webhook["FailuresInARow"] != 0).then_some(webhook))
    });
    let listed = listed.await.unwrap();
    assert_eq!((&listed["LastStatus"], &listed["LastEventId"]), (&json!(503), &json!(last)), "{listed}");
    assert_eq!(listed["LastError"], "the endpoint answered 503");
    let (_, metrics) = keywheel.get("/metrics").unwrap();
    assert!(metrics.contains("webhook=\"ops\",outcome=\"refused\"") && !metrics.contains("/in"), "{metrics}");

    receiver.status.store(200, Ordering::SeqCst);
    // Set anew, it is tried at once.
    let put = json!({ "Name": "ops", "Url": url, "Events": ["CreateSecret"] });
    keywheel.client().send("Keywheel.PutWebhook", &put).await.unwrap();
    until_told(&keywheel, last + 1).await;
    let (status, logged) = keywheel.stop().await.unwrap();
    assert!(status.success() && !logged.contains(&secret), "{logged}");
}

#[tokio::test]
async fn a_file_of_authorities_that_is_none_stops_the_start() {
    let data = process::used_data_folder().await.unwrap();
    let mut serve = process::serve(data.path()).unwrap();
    serve.env("KEYWHEEL_WEBHOOK_CA_FILE", data.path().join("nowhere.pem"));
    let output = process::output(&mut serve).await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("nowhere.pem") && said.contains("KEYWHEEL_WEBHOOK_CA_FILE"), "{said}");
}
