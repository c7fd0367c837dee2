//! The server on a loopback port, spoken to byte by byte: what is well formed, and what is not.

mod bodies;
mod signatures;
mod store;
mod turns;

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response};
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4::{self, Credentials};
use keywheel_domain::time::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use self::store::Stoppable;
use super::*;
use crate::clock::fixed::FixedClock;
use crate::config::{RootAccessKey, RootKeySource};
use crate::entropy::SystemEntropy;
use crate::ops::Functions;
use crate::store::Store;
use crate::vault::{LocalRing, PassphraseCost, Vault, open_root_key};

const ACCESS_KEY: &str = "AKIATEST";
const SECRET: &str = "correct-horse-battery-staple";
const PASSWORD_TARGET: &str = "secretsmanager.GetRandomPassword";

/// A server in the process and what a test turns on it.
struct Made {
    server: Arc<Server>,
    clock: Arc<FixedClock>,
    metrics: Arc<Metrics>,
}

/// The same behind a port.
struct Running {
    address: SocketAddr,
    clock: Arc<FixedClock>,
    metrics: Arc<Metrics>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

async fn start() -> Running {
    start_with(LimitsConfig::default()).await
}

async fn start_with(limits: LimitsConfig) -> Running {
    let Made { server, clock, metrics } = make(Arc::new(Stoppable::new()), limits).await;
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(listener.serve(server, async {
        let _ = stopped.await;
    }));
    Running { address, clock, metrics, stop, ended }
}

async fn make(store: Arc<Stoppable>, limits: LimitsConfig) -> Made {
    let store: Arc<dyn Store> = store;
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let source = RootKeySource::Passphrase(Sensitive::new("x".to_owned()));
    let cost = PassphraseCost { memory_kib: 8, passes: 1, lanes: 1 };
    let root = open_root_key(&*store, &source, cost, &*entropy).await.unwrap();
    let ring = Arc::new(LocalRing::new(Arc::clone(&store), &root, Arc::clone(&entropy)));
    let vault = Arc::new(Vault::new(ring, &root, Arc::clone(&entropy)));
    let access_keys = Arc::new(AccessKeys::new(Arc::clone(&store), Arc::clone(&vault), Arc::clone(&entropy)));
    let given = RootAccessKey { id: ACCESS_KEY.to_owned(), secret: Sensitive::new(SECRET.to_owned()) };
    access_keys.settle_root("123456789012", Some(&given)).await.unwrap();
    let clock = Arc::new(FixedClock::at_noon());
    let metrics = Arc::new(Metrics::new());
    let operations = Operations::new(
        store,
        vault,
        Arc::clone(&clock) as Arc<dyn Clock>,
        Arc::clone(&entropy),
        Functions::default(),
    );
    let server = Server::new(Parts {
        operations: Arc::new(operations),
        access_keys,
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        entropy,
        metrics: Arc::clone(&metrics),
        limits,
    });
    Made { server: Arc::new(server), clock, metrics }
}

/// A request before it is signed, and what is changed afterwards.
struct Call {
    target: Option<&'static str>,
    body: Vec<u8>,
    access_key: &'static str,
    secret: &'static str,
    service: &'static str,
    signed_ms: i64,
    session_token: Option<Sensitive<String>>,
    sent_body: Option<&'static [u8]>,
    leaves_out: &'static str,
    payload_hash: Option<&'static str>,
    content_encoding: Option<&'static str>,
}

impl Default for Call {
    fn default() -> Self {
        Self {
            target: Some(PASSWORD_TARGET),
            body: b"{}".to_vec(),
            access_key: ACCESS_KEY,
            secret: SECRET,
            service: "secretsmanager",
            signed_ms: FixedClock::NOON_MS,
            session_token: None,
            sent_body: None,
            leaves_out: "",
            payload_hash: None,
            content_encoding: None,
        }
    }
}

impl Call {
    /// All headers but those of the body, in the order of their sending.
    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![("host", "127.0.0.1"), ("content-type", "application/x-amz-json-1.1")];
        headers.extend(self.target.map(|target| ("x-amz-target", target)));
        headers.extend(self.payload_hash.map(|hash| ("x-amz-content-sha256", hash)));
        headers.extend(self.content_encoding.map(|encoding| ("content-encoding", encoding)));
        let signed: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let request =
            sigv4::Request { method: "POST", path: "/", query: "", headers: &signed, body: &self.body };
        let secret = Sensitive::new(self.secret.to_owned());
        let credentials = Credentials {
            access_key_id: self.access_key,
            secret_access_key: &secret,
            session_token: self.session_token.as_ref(),
        };
        let at = Timestamp::from_millis(self.signed_ms);
        let added = sigv4::sign(&request, &credentials, "us-east-1", self.service, at);
        let headers = headers.into_iter().map(|(name, value)| (name, value.to_owned()));
        headers.chain(added).filter(|(name, _)| *name != self.leaves_out).collect()
    }

    fn bytes(&self) -> Vec<u8> {
        let body = self.sent_body.unwrap_or(&self.body);
        let mut text = format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in self.headers() {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        [text.as_bytes(), b"\r\n", body].concat()
    }

    /// The same for a server in the process, with a body that comes in its own way.
    fn request<B>(&self, body: B) -> Request<B> {
        let request = Request::post("/");
        let with =
            self.headers().into_iter().fold(request, |request, (name, value)| request.header(name, value));
        with.body(body).unwrap()
    }
}

/// An answer, as much of it as a test looks at.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        body["__type"].as_str().unwrap_or("OK").to_owned()
    }
}

/// Sends bytes and reads one answer; `None` when the server closes without one.
async fn exchange(stream: &mut TcpStream, bytes: &[u8]) -> Option<Answer> {
    // The server may close before it has read all; what it said by then still counts.
    let _ = stream.write_all(bytes).await;
    read_answer(stream).await
}

async fn read_answer(stream: &mut TcpStream) -> Option<Answer> {
    let mut received = Vec::new();
    loop {
        if let Some(answer) = parse(&received) {
            return Some(answer);
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => received.extend_from_slice(&chunk[..count]),
        }
    }
}

fn parse(received: &[u8]) -> Option<Answer> {
    let text = String::from_utf8(received.to_vec()).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let head = head.to_ascii_lowercase();
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |text| text.parse().unwrap());
    (body.len() >= length).then(|| Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        body: body[..length].to_owned(),
        head: head.clone(),
    })
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn call(&self, call: &Call) -> Answer {
        self.send(&call.bytes()).await.unwrap()
    }

    async fn send(&self, bytes: &[u8]) -> Option<Answer> {
        exchange(&mut self.connect().await, bytes).await
    }

    async fn refuses(&self, call: Call, code: &str, sentence: &str) {
        let answer = self.call(&call).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{answer:?}");
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        let message = body["message"].as_str().unwrap();
        assert!(message.contains(sentence), "{message}");
        assert!(!answer.body.contains(SECRET));
    }
}

#[tokio::test]
async fn a_signed_request_is_answered_as_the_protocol_says() {
    let server = start().await;
    let answer = server.call(&Call::default()).await;
    assert_eq!((answer.status, answer.code().as_str()), (200, "OK"), "{answer:?}");
    assert!(answer.body.contains("RandomPassword"), "{answer:?}");
    assert!(answer.head.contains("content-type: application/x-amz-json-1.1"), "{answer:?}");
    assert!(answer.head.contains("x-amzn-requestid: "), "{answer:?}");
}

#[tokio::test]
async fn a_connection_takes_many_requests_also_after_a_refusal() {
    let server = start().await;
    let mut stream = server.connect().await;
    let wrong = Call { secret: "another-secret-altogether", ..Call::default() };
    for (call, code) in
        [(Call::default(), "OK"), (wrong, "InvalidSignatureException"), (Call::default(), "OK")]
    {
        let answer = exchange(&mut stream, &call.bytes()).await.unwrap();
        assert_eq!(answer.code(), code);
    }
}

#[tokio::test]
async fn who_did_not_sign_is_refused_before_anything_else() {
    let server = start().await;
    let window_ms = 5 * 60 * 1000;
    let noon = FixedClock::NOON_MS;
    let good = Call::default;
    let missing = "Missing Authentication Token";
    server
        .refuses(
            Call { leaves_out: "authorization", ..good() },
            "MissingAuthenticationTokenException",
            missing,
        )
        .await;
    server.refuses(Call { leaves_out: "x-amz-date", ..good() }, "IncompleteSignatureException", "Date").await;
    let invalid = "The security token included in the request is invalid.";
    server.refuses(Call { access_key: "AKIAOTHER", ..good() }, "UnrecognizedClientException", invalid).await;
    let token = Some(Sensitive::new("a-session-token".to_owned()));
    server.refuses(Call { session_token: token, ..good() }, "UnrecognizedClientException", invalid).await;
    let service = "scoped to correct service";
    server.refuses(Call { service: "kms", ..good() }, "IncompleteSignatureException", service).await;
    let differs = "The request signature we calculated does not match";
    server.refuses(Call { secret: "another-secret", ..good() }, "InvalidSignatureException", differs).await;
    server.refuses(Call { sent_body: Some(b"[]"), ..good() }, "InvalidSignatureException", differs).await;
    let expired = "Signature expired: 20251123T115459Z is now earlier than 20251123T115500Z (20251123T120000Z - 5 min.)";
    let early = Call { signed_ms: noon - window_ms - 1000, ..good() };
    server.refuses(early, "InvalidSignatureException", expired).await;
    let late = Call { signed_ms: noon + window_ms + 1000, ..good() };
    server.refuses(late, "InvalidSignatureException", "Signature not yet current").await;
    // A stranger learns nothing about operations: the signature comes first.
    let unknown = Call { target: Some("secretsmanager.NoSuch"), leaves_out: "authorization", ..good() };
    server.refuses(unknown, "MissingAuthenticationTokenException", missing).await;

    for signed_ms in [noon - window_ms, noon + window_ms] {
        assert_eq!(server.call(&Call { signed_ms, ..good() }).await.code(), "OK");
    }
}

#[tokio::test]
async fn every_changed_byte_of_a_signed_request_refuses() {
    let server = start().await;
    let bytes = Call { body: br#"{"PasswordLength":20}"#.to_vec(), ..Call::default() }.bytes();
    let head_end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let target = bytes.windows(6).position(|window| window == b"Random").unwrap();
    let signature = bytes.windows(10).position(|window| window == b"Signature=").unwrap() + 10;
    let mut places: Vec<usize> = (head_end + 4..bytes.len()).collect();
    places.extend(target..target + 6);
    places.extend(signature..signature + 64);
    for place in places {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        let answer = server.send(&changed).await.unwrap();
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "InvalidSignatureException"),
            "byte {place}"
        );
    }
}

#[tokio::test]
async fn what_is_asked_for_must_exist() {
    let server = start().await;
    for target in
        [Some("secretsmanager.NoSuch"), Some("GetRandomPassword"), Some("Other.GetRandomPassword"), None]
    {
        server.refuses(Call { target, ..Call::default() }, "UnknownOperationException", "").await;
    }
    // A name that a client made up is no label.
    let text = server.metrics.render();
    assert!(text.contains(r#"operation="none",code="UnknownOperationException"} 4"#), "{text}");
    assert!(!text.contains("NoSuch"), "{text}");
}

#[tokio::test]
async fn a_body_must_be_json_of_the_right_shape() {
    let server = start().await;
    for body in ["no json", "[]", "{\"PasswordLength\":\"long\"}", "{\"PasswordLength\":", "\u{fffd}"] {
        let answer = server.call(&Call { body: body.into(), ..Call::default() }).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "SerializationException"),
            "{body}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_its_sender_hears_why() {
    let server = start_with(LimitsConfig { body_bytes_max: 1000, ..LimitsConfig::default() }).await;
    let exact = Call { body: [b"{", " ".repeat(998).as_bytes(), b"}"].concat(), ..Call::default() };
    assert_eq!(server.call(&exact).await.code(), "OK");
    for length in [1001, 1_000_000] {
        let answer = server.call(&Call { body: vec![b' '; length], ..Call::default() }).await;
        assert_eq!((answer.status, answer.code().as_str()), (413, "SerializationException"));
        assert!(answer.body.contains("longer than 1000 bytes"), "{answer:?}");
        assert!(answer.head.contains("connection: close"), "{answer:?}");
    }
    // A length that nobody will wait for is refused at its announcement.
    let head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n";
    assert_eq!(server.send(head).await.unwrap().status, 413);
    // Without a length, by chunks.
    let chunk = format!("3e9\r\n{}\r\n0\r\n\r\n", " ".repeat(1001));
    let chunked = format!("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{chunk}");
    assert_eq!(server.send(chunked.as_bytes()).await.unwrap().status, 413);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = start().await;
    let mut stream = server.connect().await;
    stream.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{").await.unwrap();
    while !server.clock.has_sleepers() {
        tokio::task::yield_now().await;
    }
    server.clock.advance(30_000);
    let answer = read_answer(&mut stream).await.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (408, "SerializationException"));
    assert!(answer.body.contains("did not arrive within 30 seconds"), "{answer:?}");
}

#[tokio::test]
async fn a_head_that_does_not_come_closes_the_connection() {
    let server = start_with(LimitsConfig { head_read_ms_max: 20, ..LimitsConfig::default() }).await;
    assert!(server.send(b"POST / HTTP/1.1\r\nhost:").await.is_none_or(|answer| answer.status == 408));
    assert_eq!(server.call(&Call::default()).await.code(), "OK");
}

#[tokio::test]
async fn a_body_that_ends_early_changes_nothing() {
    let server = start().await;
    let mut stream = server.connect().await;
    let bytes = Call { body: br#"{"PasswordLength":20}"#.to_vec(), ..Call::default() }.bytes();
    stream.write_all(&bytes[..bytes.len() - 1]).await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = read_answer(&mut stream).await;
    assert!(answer.as_ref().is_none_or(|answer| answer.status == 400), "{answer:?}");
    assert_eq!(server.call(&Call::default()).await.code(), "OK");
}

#[tokio::test]
async fn garbage_is_no_request() {
    let server = start().await;
    let long_head = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(100_000));
    let many_heads = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(200));
    let cases: [&[u8]; 6] = [
        b"\0\0\0\0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        long_head.as_bytes(),
        many_heads.as_bytes(),
    ];
    for case in cases {
        let answer = server.send(case).await;
        let refused = answer.as_ref().is_none_or(|answer| (400..500).contains(&answer.status));
        assert!(refused, "{answer:?} to {:?}", String::from_utf8_lossy(&case[..case.len().min(40)]));
    }
    assert_eq!(server.call(&Call::default()).await.code(), "OK");
}

#[tokio::test]
async fn health_and_metrics_need_no_signature_and_all_else_is_not_found() {
    let server = start().await;
    let get = async |path: &str| {
        let answer = server.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        (answer.status, answer.body)
    };
    server.call(&Call::default()).await;
    assert_eq!(get("/healthz").await, (200, "ok\n".to_owned()));
    let (status, metrics) = get("/metrics").await;
    assert_eq!(status, 200);
    assert!(
        metrics.contains(r#"keywheel_requests_total{operation="GetRandomPassword",code="OK"} 1"#),
        "{metrics}"
    );
    for path in ["/", "/other", "/healthz/", "//healthz"] {
        let (status, body) = get(path).await;
        assert!(status == 404 && body.contains("Keywheel answers POST /"), "{path}: {status} {body}");
    }
}

#[tokio::test]
async fn a_store_that_takes_no_writes_is_not_healthy() {
    let store = Arc::new(Stoppable::new());
    let made = make(Arc::clone(&store), LimitsConfig::default()).await;
    let check = async |expected: (u16, &str)| {
        let request = Request::get("/healthz").body(Full::<Bytes>::default()).unwrap();
        let answer = made.server.answer(request).await;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!((status, str::from_utf8(&body).unwrap()), expected);
    };
    check((200, "ok\n")).await;
    store.feed.lock().unwrap().take();
    let what_to_do =
        "the store takes no writes since one failed: look at the log, free space on the disk, restart\n";
    check((503, what_to_do)).await;
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let server = start().await;
    let refused = Listener::bind(server.address).await.err().unwrap();
    assert!(matches!(refused, BindError::InUse { .. }), "{refused}");
    let refused = Listener::bind("192.0.2.1:0".parse().unwrap()).await.err().unwrap();
    assert!(matches!(refused, BindError::NotHere { .. }), "{refused}");
}

#[tokio::test]
async fn stopping_ends_idle_connections_and_waits_for_running_requests() {
    let server = start().await;
    let mut idle = server.connect().await;
    assert_eq!(exchange(&mut idle, &Call::default().bytes()).await.unwrap().code(), "OK");
    let mut running = server.connect().await;
    let bytes = Call::default().bytes();
    let (most, last) = bytes.split_at(bytes.len() - 1);
    running.write_all(most).await.unwrap();
    while !server.clock.has_sleepers() {
        tokio::task::yield_now().await;
    }
    server.stop.send(()).unwrap();
    assert!(read_answer(&mut idle).await.is_none(), "the idle connection is closed");
    assert!(TcpStream::connect(server.address).await.is_err(), "no new connection is taken");
    let answer = exchange(&mut running, last).await.unwrap();
    assert_eq!(answer.code(), "OK");
    server.ended.await.unwrap();
}

#[tokio::test]
async fn stopping_cuts_off_who_does_not_end() {
    let server = start().await;
    let mut stuck = server.connect().await;
    stuck.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{").await.unwrap();
    while !server.clock.has_sleepers() {
        tokio::task::yield_now().await;
    }
    server.stop.send(()).unwrap();
    // The body's own limit is longer than the time to drain.
    while !server.ended.is_finished() {
        server.clock.advance(1_000);
        tokio::task::yield_now().await;
    }
    server.ended.await.unwrap();
}

#[tokio::test]
async fn connections_over_the_limit_wait_for_their_turn() {
    let server = start_with(LimitsConfig { connections_max: 1, ..LimitsConfig::default() }).await;
    let mut first = server.connect().await;
    assert_eq!(exchange(&mut first, &Call::default().bytes()).await.unwrap().code(), "OK");
    let mut second = server.connect().await;
    second.write_all(&Call::default().bytes()).await.unwrap();
    assert_eq!(exchange(&mut first, &Call::default().bytes()).await.unwrap().code(), "OK");
    drop(first);
    assert_eq!(read_answer(&mut second).await.unwrap().code(), "OK");
}
