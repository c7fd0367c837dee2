//! `GET /events`: what a stream carries, how it goes on after a break, and when it ends.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response};
use keywheel::server::{AnswerBody, Listener, Server};
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4::{self, Credentials};
use keywheel_domain::time::{HOUR_MS, SECOND_MS};
use keywheel_tests::node::{ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::Watched;

/// Turns that the runtime gets before something counts as not happening.
const TURNS: usize = 20;

/// The headers of a signed request for the stream.
fn headers(world: &Watched, query: &str, last_event_id: Option<&str>) -> Vec<(&'static str, String)> {
    use keywheel::clock::Clock as _;
    let mut headers = vec![("host", "127.0.0.1".to_owned())];
    headers.extend(last_event_id.map(|id| ("last-event-id", id.to_owned())));
    let signed: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let request = sigv4::Request { method: "GET", path: "/events", query, headers: &signed, body: b"" };
    let credentials = Credentials {
        access_key_id: ACCESS_KEY_ID,
        secret_access_key: &Sensitive::new(SECRET_ACCESS_KEY.to_owned()),
        session_token: None,
    };
    let added = sigv4::sign(&request, &credentials, REGION, "secretsmanager", world.clock.now());
    headers.extend(added);
    headers
}

fn request(path: &str, headers: Vec<(&'static str, String)>) -> Request<Full<Bytes>> {
    let request = Request::get(path);
    let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    request.body(Full::default()).unwrap()
}

async fn get(
    world: &Watched,
    server: &Server,
    query: &str,
    last_event_id: Option<&str>,
) -> Response<AnswerBody> {
    let path = if query.is_empty() { "/events".to_owned() } else { format!("/events?{query}") };
    server.answer(request(&path, headers(world, query, last_event_id))).await
}

/// A stream that was opened.
struct Opened(AnswerBody);

impl Opened {
    async fn new(world: &Watched, server: &Server, query: &str, last_event_id: Option<&str>) -> Self {
        let answer = get(world, server, query, last_event_id).await;
        assert_eq!(answer.status().as_u16(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self(answer.into_body())
    }

    /// What comes next, as `id name` of each event or as the comment; `None` when the stream has ended.
    async fn next(&mut self) -> Option<String> {
        for _ in 0..TURNS {
            if let Some(frame) = self.0.frame().now_or_never() {
                return Some(told(str::from_utf8(&frame?.unwrap().into_data().unwrap()).unwrap()));
            }
            tokio::task::yield_now().await;
        }
        panic!("nothing comes");
    }

    /// Nothing comes by itself.
    async fn is_silent(&mut self) {
        for _ in 0..TURNS {
            assert!(self.0.frame().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
    }
}

/// `id name` of each event of a stream, or a comment's text.
fn told(text: &str) -> String {
    let events = text.split_terminator("\n\n").map(|event| {
        let lines: Vec<&str> = event.lines().collect();
        let [id, name, data] = lines[..] else { return event.to_owned() };
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        let told = format!("{} {}", data["EventId"], data["Event"].as_str().unwrap());
        let head = format!("{} {}", id.strip_prefix("id: ").unwrap(), name.strip_prefix("event: ").unwrap());
        assert_eq!(head, told, "the fields say what the data says");
        told
    });
    events.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn a_stream_follows_the_log() {
    let world = Watched::new().await;
    let server = world.node.server();
    world.create("us-east-1", "one").await;
    world.create("eu-west-1", "elsewhere").await;
    world.create("us-east-1", "two").await;
    let mut all = Opened::new(&world, &server, "from=1", None).await;
    let mut coming = Opened::new(&world, &server, "", None).await;
    let mut seen = Opened::new(&world, &server, "from=1", Some("1")).await;
    assert_eq!(all.next().await.unwrap(), "1 CreateSecret, 3 CreateSecret");
    assert_eq!(seen.next().await.unwrap(), "3 CreateSecret", "what was seen is not sent again");
    for stream in [&mut all, &mut coming, &mut seen] {
        stream.is_silent().await;
    }
    world.create("eu-west-1", "elsewhere-2").await;
    for stream in [&mut all, &mut coming, &mut seen] {
        stream.is_silent().await;
    }
    world.create("us-east-1", "three").await;
    for stream in [&mut all, &mut coming, &mut seen] {
        assert_eq!(stream.next().await.unwrap(), "5 CreateSecret");
        stream.is_silent().await;
    }
    let mut early = Opened::new(&world, &server, "from=7", None).await;
    world.add("us-east-1", 3).await;
    assert_eq!(
        early.next().await.unwrap(),
        "7 Event1, 8 Event2",
        "a place that is not reached is waited for"
    );
}

/// Nothing is read ahead of who takes it: a page is made when it is asked for.
#[tokio::test]
async fn a_stream_is_made_page_by_page() {
    let world = Watched::new().await;
    let server = world.node.server();
    world.add("us-east-1", 150).await;
    let mut stream = Opened::new(&world, &server, "from=1", None).await;
    let page = stream.next().await.unwrap();
    assert_eq!(page.split(", ").count(), 100);
    assert!(page.ends_with(", 100 Event99"), "{page}");
    world.add("us-east-1", 1).await;
    let page = stream.next().await.unwrap();
    assert!(page.starts_with("101 Event100, ") && page.ends_with(", 151 Event0"), "{page}");
    stream.is_silent().await;
    // Through many rows of others too, of which a page reads so many at most.
    world.add("eu-west-1", 2500).await;
    world.add("us-east-1", 1).await;
    assert_eq!(stream.next().await.unwrap(), "2652 Event0");
}

#[tokio::test]
async fn a_silent_stream_is_kept_alive_and_ends_after_an_hour() {
    let world = Watched::new().await;
    let server = world.node.server();
    let mut stream = Opened::new(&world, &server, "", None).await;
    for _ in 0..239 {
        stream.is_silent().await;
        world.clock.advance(15 * SECOND_MS - 1);
        stream.is_silent().await;
        world.clock.advance(1);
        assert_eq!(stream.next().await.unwrap(), ": keep-alive");
    }
    world.create("us-east-1", "one").await;
    assert_eq!(stream.next().await.unwrap(), "1 CreateSecret");
    world.clock.advance(15 * SECOND_MS);
    assert_eq!(stream.next().await, None);
    // A new one begins with its own hour.
    let mut stream = Opened::new(&world, &server, "from=1", None).await;
    assert_eq!(stream.next().await.unwrap(), "1 CreateSecret");
    stream.is_silent().await;
    world.clock.advance(2 * HOUR_MS);
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn streams_are_bounded() {
    let world = Watched::new().await;
    let server = world.node.server();
    let mut streams = Vec::new();
    for _ in 0..64 {
        streams.push(Opened::new(&world, &server, "", None).await);
    }
    let answer = get(&world, &server, "", None).await;
    assert_eq!(answer.status().as_u16(), 503);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(str::from_utf8(&body).unwrap().contains("too many streams of events at once"), "{body:?}");
    streams.pop();
    streams.push(Opened::new(&world, &server, "", None).await);
}

#[tokio::test]
async fn who_did_not_sign_gets_no_stream() {
    let world = Watched::new().await;
    let server = world.node.server();
    let check = async |request: Request<Full<Bytes>>, code: &str| {
        let answer = server.answer(request).await;
        assert_eq!(answer.status().as_u16(), 400);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["__type"], code, "{body}");
    };
    check(request("/events", Vec::new()), "MissingAuthenticationTokenException").await;
    // The query is signed, and so is the header.
    check(request("/events?from=2", headers(&world, "from=1", None)), "InvalidSignatureException").await;
    check(request("/events?from=1", headers(&world, "", None)), "InvalidSignatureException").await;
    let mut changed = headers(&world, "", Some("1"));
    changed[1].1 = "2".to_owned();
    check(request("/events", changed), "InvalidSignatureException").await;
    for query in ["from=x", "from=", "from=-1", "from=99999999999999999999"] {
        let path = format!("/events?{query}");
        check(request(&path, headers(&world, query, None)), "ValidationException").await;
    }
    check(request("/events", headers(&world, "", Some("x"))), "ValidationException").await;
}

/// A stream over a port.
struct Connected {
    socket: TcpStream,
    received: String,
}

impl Connected {
    async fn new(world: &Watched, listener: std::net::SocketAddr, last_event_id: Option<&str>) -> Self {
        let mut head = "GET /events?from=1 HTTP/1.1\r\n".to_owned();
        for (name, value) in headers(world, "from=1", last_event_id) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut socket = TcpStream::connect(listener).await.unwrap();
        socket.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        Self { socket, received: String::new() }
    }

    /// Reads until this text is there, and forgets all up to its end.
    async fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.received.find(text) {
                let rest = self.received.split_off(at + text.len());
                return std::mem::replace(&mut self.received, rest);
            }
            let mut chunk = [0; 4096];
            let count = self.socket.read(&mut chunk).await.unwrap();
            assert!(count > 0, "`{text}` is not in `{}`", self.received);
            self.received.push_str(str::from_utf8(&chunk[..count]).unwrap());
        }
    }

    async fn rest(mut self) -> String {
        self.socket.read_to_string(&mut self.received).await.unwrap();
        self.received
    }
}

#[tokio::test]
async fn a_client_goes_on_from_the_last_id_and_a_stop_ends_its_stream() {
    let world = Watched::new().await;
    let server = world.node.server();
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(listener.serve(Arc::clone(&server), async {
        let _ = stopped.await;
    }));
    world.create("us-east-1", "one").await;
    let mut first = Connected::new(&world, address, None).await;
    first.until("HTTP/1.1 200 OK\r\n").await;
    first.until("id: 1\nevent: CreateSecret\ndata: {").await;
    world.create("us-east-1", "two").await;
    first.until("id: 2\n").await;
    drop(first);
    world.create("us-east-1", "three").await;
    let mut second = Connected::new(&world, address, Some("2")).await;
    let before = second.until("id: 3\n").await;
    assert!(!before.contains("id: 1\n") && !before.contains("id: 2\n"), "{before}");
    stop.send(()).unwrap();
    // The last chunk: the stream has ended, and was not cut off.
    assert!(second.rest().await.ends_with("0\r\n\r\n"));
    ended.await.unwrap();
    let mut late = Opened::new(&world, &server, "", None).await;
    assert_eq!(late.next().await, None, "a server that stops opens no stream");
}
