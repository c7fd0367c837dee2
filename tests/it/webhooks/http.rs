//! Real requests over loopback, to a receiver that fails, hangs and recovers, in plain HTTP and in TLS.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use keywheel::webhooks::HttpDeliver;
use keywheel_domain::time::SECOND_MS;
use keywheel_host::Resolve;
use keywheel_tests::certificate::{Authority, Certificate};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;

type Headers = Vec<(&'static str, String)>;

/// How a receiver answers.
#[derive(Clone, Copy)]
enum Answer {
    Status(u16),
    /// A redirect to itself.
    Redirect,
    /// Takes the request and says nothing.
    Hangs,
    /// A success with a body that never ends.
    Floods,
    /// A success with a body that stops in the middle.
    Stalls,
    /// Something else than HTTP.
    Garbage,
}

/// What a receiver got.
struct Received {
    method: String,
    target: String,
    headers: Headers,
    body: Bytes,
}

/// A receiver on loopback.
struct Receiver {
    address: SocketAddr,
    requests: mpsc::UnboundedReceiver<Received>,
    answer: Arc<Mutex<Answer>>,
}

impl Receiver {
    async fn start(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::unbounded_channel();
        let answer = Arc::new(Mutex::new(Answer::Status(200)));
        let answers = Arc::clone(&answer);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (answer, sender) = (*answers.lock().unwrap(), sender.clone());
                match &tls {
                    None => drop(tokio::spawn(serve(stream, answer, sender))),
                    Some(tls) => {
                        let accepting = tls.accept(stream);
                        tokio::spawn(async move {
                            if let Ok(stream) = accepting.await {
                                serve(stream, answer, sender).await;
                            }
                        });
                    }
                }
            }
        });
        Self { address, requests, answer }
    }

    fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    async fn next(&mut self) -> Received {
        self.requests.recv().await.unwrap()
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    mut stream: S,
    answer: Answer,
    sender: mpsc::UnboundedSender<Received>,
) {
    if matches!(answer, Answer::Garbage) {
        stream.write_all(b"220 smtp.example ready\r\n").await.unwrap();
        // Until the client has read it and closes.
        let _ = stream.read_to_end(&mut Vec::new()).await;
        return;
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let sender = sender.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let known = ["host", "content-type", "user-agent", EVENT_ID, TIMESTAMP, SIGNATURE];
            let headers = known.map(|name| (name, head.headers[name].to_str().unwrap().to_owned())).to_vec();
            let (method, target) = (head.method.to_string(), head.uri.to_string());
            sender.send(Received { method, target, headers, body }).unwrap();
            Ok::<_, Infallible>(respond(answer).await)
        }
    });
    // The client may close early, which is its right.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(answer: Answer) -> Response<UnsyncBoxBody<Bytes, Infallible>> {
    let chunk = || Ok(Frame::data(Bytes::from(vec![b'x'; 16 * 1024])));
    let body = match answer {
        Answer::Hangs => std::future::pending().await,
        Answer::Floods => StreamBody::new(futures_util::stream::repeat_with(chunk)).boxed_unsync(),
        Answer::Stalls => {
            let one = futures_util::stream::once(async move { chunk() });
            StreamBody::new(one.chain(futures_util::stream::pending())).boxed_unsync()
        }
        _ => Full::new(Bytes::from("taken")).boxed_unsync(),
    };
    let mut response = Response::new(body);
    match answer {
        Answer::Status(status) => *response.status_mut() = status.try_into().unwrap(),
        Answer::Redirect => {
            *response.status_mut() = 307.try_into().unwrap();
            response.headers_mut().insert("location", "/elsewhere".parse().unwrap());
        }
        _ => {}
    }
    response
}

impl World {
    fn http(&self, ca_file: Option<&Path>) -> HttpDeliver {
        HttpDeliver::new(Arc::new(self.clock.clone()), ca_file).unwrap()
    }

    /// Waits until the webhook was tried so often in vain; why it was not delivered.
    async fn failed(&self, failures: u64) -> String {
        let mut changes = self.store.changes();
        loop {
            changes.borrow_and_update();
            let listed = self.listed("ops").await;
            if listed["FailuresInARow"] == failures {
                return listed["LastError"].as_str().unwrap().to_owned();
            }
            changes.changed().await.unwrap();
        }
    }

    /// Waits until the webhook has got this event.
    async fn has_got(&self, event_id: u64) {
        let mut changes = self.store.changes();
        loop {
            changes.borrow_and_update();
            if self.listed("ops").await["LastEventId"] == event_id {
                return;
            }
            changes.changed().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_receiver_that_fails_hangs_and_recovers_gets_everything() {
    let world = World::new().await;
    let mut receiver = Receiver::start(None).await;
    let url = format!("http://{}/in?from=keywheel", receiver.address);
    let answer = world.call("PutWebhook", json!({"Name": "ops", "Url": url})).await.unwrap();
    let secret = answer["SigningSecret"].as_str().unwrap().to_owned();
    let told_by = format!("http://{}", receiver.address);
    let (_stop, stopped) = watch::channel(false);
    receiver.answers(Answer::Status(503));
    let run = tokio::spawn(world.webhooks(Arc::new(world.http(None))).run(stopped));

    let first = receiver.next().await;
    assert_eq!((first.method.as_str(), first.target.as_str()), ("POST", "/in?from=keywheel"));
    assert_eq!(header(&first.headers, "host"), receiver.address.to_string());
    assert_eq!(header(&first.headers, EVENT_ID), "1");
    assert!(is_signed_by(&first.headers, &first.body, &secret));
    assert!(!is_signed_by(&first.headers, &first.body, "kwsec_other"));
    assert_eq!(serde_json::from_slice::<Value>(&first.body).unwrap()["Event"], "PutWebhook");
    assert_eq!(world.failed(1).await, "the endpoint answered 503");

    // Redirects are no way to somewhere else.
    receiver.answers(Answer::Redirect);
    world.wait_for_next().await;
    assert_eq!(receiver.next().await.target, "/in?from=keywheel");
    assert_eq!(world.failed(2).await, "the endpoint answered 307: redirects are not followed");

    // It hangs: the clock says when that has lasted too long, and nothing else does.
    receiver.answers(Answer::Hangs);
    world.wait_for_next().await;
    receiver.next().await;
    turns().await;
    world.clock.advance(10 * SECOND_MS - 1);
    turns().await;
    assert_eq!(world.listed("ops").await["FailuresInARow"], 2);
    world.clock.advance(1);
    assert_eq!(world.failed(3).await, format!("`{told_by}` did not answer within 10 s"));

    receiver.answers(Answer::Garbage);
    world.wait_for_next().await;
    let said = world.failed(4).await;
    assert!(said.starts_with(&format!("`{told_by}` did not answer in HTTP: ")), "{said}");

    receiver.answers(Answer::Floods);
    world.wait_for_next().await;
    let again = receiver.next().await;
    assert_eq!((header(&again.headers, EVENT_ID), &again.body), ("1", &first.body), "the same event");
    assert!(is_signed_by(&again.headers, &again.body, &secret), "signed anew");
    assert_ne!(header(&again.headers, TIMESTAMP), header(&first.headers, TIMESTAMP));
    world.has_got(1).await;

    // A success counts though its body never ends; it is only waited for.
    receiver.answers(Answer::Stalls);
    world.add(REGION, 2).await;
    assert_eq!(header(&receiver.next().await.headers, EVENT_ID), "2");
    receiver.answers(Answer::Status(200));
    round_trips().await;
    assert_eq!(world.listed("ops").await["LastEventId"], 1);
    world.clock.advance(10 * SECOND_MS);
    world.has_got(3).await;
    assert_eq!(header(&receiver.next().await.headers, EVENT_ID), "3");
    run.abort();
}

#[tokio::test]
async fn nobody_listens() {
    let world = World::new().await;
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{address}/token");
    world.call("PutWebhook", json!({"Name": "ops", "Url": url})).await.unwrap();
    let (_stop, stopped) = watch::channel(false);
    let run = tokio::spawn(world.webhooks(Arc::new(world.http(None))).run(stopped));
    let said = world.failed(1).await;
    assert!(said.starts_with(&format!("no connection to `http://{address}`: Connection refused")), "{said}");
    assert!(!said.contains("token"));
    run.abort();
}

/// Lets everything arrive that was written to a socket: each of these waits until the system was asked.
async fn round_trips() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for _ in 0..20 {
        let (_near, _far) =
            tokio::try_join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept()).unwrap();
        turns().await;
    }
}

/// Answers each question with the next of its answers.
struct Answers(Mutex<Vec<&'static [&'static str]>>);

#[async_trait]
impl Resolve for Answers {
    async fn resolve(&self, _: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let answer = self.0.lock().unwrap().remove(0);
        Ok(answer.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), port)).collect())
    }
}

/// One that never answers.
struct Silence;

#[async_trait]
impl Resolve for Silence {
    async fn resolve(&self, _: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        std::future::pending().await
    }
}

/// What the receiver wants, and no event.
fn delivery(url: &str) -> Delivery {
    let names = ["content-type", "user-agent", EVENT_ID, TIMESTAMP, SIGNATURE];
    let headers = names.map(|name| (name, "1".to_owned())).to_vec();
    Delivery { endpoint: url.parse().unwrap(), headers, body: b"{}".to_vec() }
}

/// What a name leads to is asked for each delivery, and where it must not lead is never dialled.
#[tokio::test]
async fn a_name_that_changes_its_address_wins_nothing() {
    let world = World::new().await;
    let receiver = Receiver::start(None).await;
    let port = receiver.address.port();
    let answers: Vec<&'static [&'static str]> =
        vec![&["169.254.169.254"], &["127.0.0.1"], &["fd00:ec2::254", "0.0.0.0"], &["::ffff:127.0.0.1"], &[]];
    let resolver = Arc::new(Answers(Mutex::new(answers)));
    let deliver = world.http(None).with_resolver(resolver);
    for expected in [
        "`hooks.example` leads to an address of cloud metadata, which no webhook may reach",
        "`hooks.example` leads to a loopback address: a URL must name such an address itself, or `localhost`",
        "`hooks.example` leads to an unspecified, multicast or reserved address, which no webhook may reach",
        "`hooks.example` leads to a loopback address: a URL must name such an address itself, or `localhost`",
        "no address is known for `hooks.example`",
    ] {
        let error = deliver.post(delivery(&format!("https://hooks.example:{port}/"))).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let answers: Vec<&'static [&'static str]> = vec![&["10.0.0.1"], &["169.254.169.254", "127.0.0.1"]];
    let deliver = world.http(None).with_resolver(Arc::new(Answers(Mutex::new(answers))));
    let url = format!("http://localhost:{port}/");
    let error = deliver.post(delivery(&url)).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "`localhost` leads to a private address, and plain http goes to loopback addresses only"
    );
    // Of two addresses, the one that may be dialled is.
    assert_eq!(deliver.post(delivery(&url)).await.unwrap(), 200);
}

#[tokio::test]
async fn a_resolver_that_hangs_is_waited_for_five_seconds() {
    let world = World::new().await;
    let deliver = world.http(None).with_resolver(Arc::new(Silence));
    let post = tokio::spawn(async move { deliver.post(delivery("https://hooks.example/")).await });
    turns().await;
    world.clock.advance(5 * SECOND_MS - 1);
    turns().await;
    assert!(!post.is_finished());
    world.clock.advance(1);
    let error = post.await.unwrap().unwrap_err().to_string();
    assert_eq!(error, "`https://hooks.example` did not take a connection within 5 s");
}

fn acceptor(Certificate { certificate, key }: &Certificate) -> TlsAcceptor {
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap()).into()
}

#[tokio::test]
async fn certificates_must_be_trusted_and_name_the_host() {
    let world = World::new().await;
    let trusted = Authority::new("trusted").unwrap();
    let deliver = world.http(Some(&trusted.file()));
    let check = async |certificate: Certificate, host: &str, expected: Result<u16, &str>| {
        let receiver = Receiver::start(Some(acceptor(&certificate))).await;
        let url = format!("https://{host}:{}/", receiver.address.port());
        let posted = deliver.post(delivery(&url)).await;
        let posted = posted.map_err(|error| std::error::Error::source(&error).unwrap().to_string());
        match (&posted, expected) {
            (Ok(status), Ok(expected)) => assert_eq!(*status, expected),
            (Err(said), Err(expected)) => assert!(said.contains(expected), "{said}"),
            _ => panic!("{posted:?} and not {expected:?}"),
        }
    };
    check(trusted.issue("localhost").unwrap(), "localhost", Ok(200)).await;
    check(trusted.issue("localhost").unwrap(), "127.0.0.1", Err("not valid for name")).await;
    check(trusted.issue("hooks.example").unwrap(), "localhost", Err("not valid for name")).await;
    let other = Authority::new("other").unwrap();
    check(other.issue("localhost").unwrap(), "localhost", Err("UnknownIssuer")).await;
    check(Certificate::self_signed("localhost").unwrap(), "localhost", Err("invalid peer certificate")).await;
}

/// A listener that takes connections and never speaks TLS is left after five seconds.
#[tokio::test]
async fn a_handshake_that_hangs_is_waited_for_five_seconds() {
    let world = World::new().await;
    let authority = Authority::new("trusted").unwrap();
    let deliver = world.http(Some(&authority.file()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let post = tokio::spawn(async move { deliver.post(delivery(&url)).await });
    let (stream, _): (TcpStream, _) = listener.accept().await.unwrap();
    turns().await;
    world.clock.advance(5 * SECOND_MS);
    let error = post.await.unwrap().unwrap_err().to_string();
    assert!(error.ends_with("did not take a connection within 5 s"), "{error}");
    drop(stream);
}

#[test]
fn a_file_of_authorities_must_be_one() {
    let folder = tempfile::tempdir().unwrap();
    let check = |content: &str, said: &str| {
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, content).unwrap();
        let clock = Arc::new(SimClock::at_noon());
        let error = HttpDeliver::new(clock, Some(&file)).err().unwrap().to_string();
        assert!(error.contains(said) && error.contains("KEYWHEEL_WEBHOOK_CA_FILE"), "{error}");
    };
    check("", "holds no certificate");
    check("no certificate\n", "holds no certificate");
    check("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n", "cannot be read");
}
