//! The client against servers that say what a test wants them to say.

use std::net::SocketAddr;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;
use crate::clock::fixed::FixedClock;
use crate::entropy::counting::CountingEntropy;

const ENDPOINT: &str = "http://server:1";

fn settings(endpoint: &str) -> Settings {
    let environment = |name: &str| match name {
        "AWS_ACCESS_KEY_ID" => Some("AKIA".to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some("hunter2".to_owned()),
        "AWS_SESSION_TOKEN" => Some("token".to_owned()),
        _ => None,
    };
    Settings::read(Some(endpoint), &environment).unwrap()
}

fn client(address: SocketAddr, clock: &Arc<FixedClock>) -> Client {
    let settings = settings(&format!("http://{address}"));
    let tls = OnceLock::new();
    Client { settings, tls, clock: Arc::clone(clock) as _, entropy: Arc::new(CountingEntropy::default()) }
}

/// A server that gives these answers, one to each connection, and the requests that it has got.
async fn server(answers: Vec<Vec<u8>>) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            requests.push(request(&mut stream).await);
            // A client that has read enough may have gone.
            let _ = stream.write_all(&answer).await;
        }
        requests
    });
    (address, served)
}

/// One request: its head, and as much as its length says.
async fn request(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece).await.unwrap();
        assert!(length > 0, "the client has gone after {text:?}");
        read.extend_from_slice(&piece[..length]);
    }
}

fn answer(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// What becomes of one call whose answer is this, with the address of the server written as [`ENDPOINT`].
async fn called(answer: Vec<u8>) -> Result<String, String> {
    let (address, served) = server(vec![answer]).await;
    let clock = Arc::new(FixedClock::at_noon());
    let called = client(address, &clock).call("Keywheel.ListApprovals", &json!({})).await;
    served.await.unwrap();
    let told = |error: ClientError| error.to_string().replace(&format!("http://{address}"), ENDPOINT);
    called.and_then(|answer| answer.text().map(str::to_owned)).map_err(told)
}

#[tokio::test]
async fn an_answer_is_given_as_it_came() {
    assert_eq!(called(answer("200 OK", "{\"A\" : 1.50}")).await.as_deref(), Ok("{\"A\" : 1.50}"));
    assert_eq!(called(answer("200 OK", "")).await.as_deref(), Ok(""));
}

#[tokio::test]
async fn what_is_no_good_answer_is_told_in_one_line() {
    let check = async |answer: Vec<u8>, expected: &str| {
        assert_eq!(called(answer).await, Err(expected.to_owned()));
    };
    let refusal = r#"{"__type": "ResourceNotFoundException", "Message": "There\nis\u001bnone."}"#;
    check(answer("400 Bad Request", refusal), "ResourceNotFoundException: There is none.").await;
    let refusal = r#"{"__type": "ValidationException", "message": "No."}"#;
    check(answer("400 Bad Request", refusal), "ValidationException: No.").await;
    let other = "http://server:1 answered with the HTTP status 404 and not as a keywheel does";
    check(answer("404 Not Found", "<html>"), other).await;
    check(answer("404 Not Found", r#"{"__type": 7}"#), other).await;
    let broken = "the connection to http://server:1 broke before the answer had come";
    check(Vec::new(), broken).await;
    check(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx".to_vec(), broken).await;
    check(b"SSH-2.0-OpenSSH\r\n".to_vec(), broken).await;
    let long = format!("the answer is longer than {ANSWER_BYTES_MAX} bytes");
    let announced = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", ANSWER_BYTES_MAX + 1);
    check(announced.into_bytes(), &long).await;
    let mut unannounced = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    unannounced.resize(unannounced.len() + ANSWER_BYTES_MAX + 1, b' ');
    check(unannounced, &long).await;
}

#[tokio::test]
async fn a_request_is_signed_and_holds_no_secret() {
    let (address, served) = server(vec![answer("200 OK", "{}")]).await;
    let clock = Arc::new(FixedClock::at_noon());
    client(address, &clock).call("Keywheel.Approve", &json!({ "ApprovalId": "7" })).await.unwrap();
    let request = served.await.unwrap().remove(0);
    let signed = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, ";
    let parts = [
        "POST / HTTP/1.1\r\n",
        &format!("host: {address}\r\n"),
        "x-amz-target: Keywheel.Approve\r\n",
        "x-amz-date: 20251123T120000Z\r\n",
        "x-amz-security-token: token\r\n",
        "Credential=AKIA/20251123/us-east-1/secretsmanager/aws4_request, ",
        signed,
        "{\"ApprovalId\":\"7\"}",
    ];
    for part in parts {
        assert!(request.contains(part), "{part:?} is not in {request}");
    }
    assert!(!request.contains("hunter2"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = client(address, &Arc::new(FixedClock::at_noon()));
    let error = client.call("Keywheel.ListApprovals", &json!({})).await.unwrap_err();
    assert!(error.may_pass());
    let expected = format!(
        "no server answers at http://{address}: start one by `keywheel serve`, or name another by --endpoint"
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let clock = Arc::new(FixedClock::at_noon());
    let client = client(address, &clock);
    let called = tokio::spawn(async move { client.call("Keywheel.ListApprovals", &json!({})).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    request(&mut stream).await;
    clock.advance(ANSWER_MS_MAX - 1);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!called.is_finished() && clock.has_sleepers());
    clock.advance(1);
    let error = called.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), format!("http://{address} did not answer within 30 s"));
}

#[tokio::test]
async fn a_listing_is_one_object_however_many_pages_it_has() {
    let listed = async |pages: &[&str]| {
        let answers = pages.iter().map(|page| answer("200 OK", page)).collect();
        let (address, served) = server(answers).await;
        let clock = Arc::new(FixedClock::at_noon());
        let listing =
            client(address, &clock).list("Keywheel.List", "Items", json!({ "A": 1 })).await.unwrap();
        let requests = served.await.unwrap();
        let bodies: Vec<_> =
            requests.iter().map(|request| request.split("\r\n\r\n").nth(1).unwrap().to_owned()).collect();
        let items: Vec<Value> = listing.read().unwrap();
        (listing.json, items, bodies)
    };
    let (json, items, bodies) = listed(&[r#"{ "Items": [{"T": 1.50}], "More": 1 }"#]).await;
    assert_eq!(json, r#"{ "Items": [{"T": 1.50}], "More": 1 }"#);
    assert_eq!((items, bodies), (vec![json!({ "T": 1.5 })], vec![r#"{"A":1}"#.to_owned()]));

    let pages = [
        r#"{"Items":[{"T": 1.50}],"NextToken":"n\"1"}"#,
        r#"{"Items":[],"NextToken":"n2"}"#,
        r#"{"Items":[2]}"#,
    ];
    let (json, items, bodies) = listed(&pages).await;
    assert_eq!(json, r#"{"Items":[{"T": 1.50},2]}"#);
    assert_eq!(items.len(), 2);
    assert_eq!(bodies[1..], [r#"{"A":1,"NextToken":"n\"1"}"#, r#"{"A":1,"NextToken":"n2"}"#]);
}

#[tokio::test]
async fn a_listing_without_an_end_is_cut() {
    let (address, served) =
        server(vec![answer("200 OK", r#"{"Items":[1],"NextToken":"n"}"#); PAGES_MAX]).await;
    let clock = Arc::new(FixedClock::at_noon());
    let listing = client(address, &clock).list("Keywheel.List", "Items", json!({})).await.unwrap();
    assert_eq!(served.await.unwrap().len(), PAGES_MAX);
    assert!(listing.is_cut && listing.items.len() == PAGES_MAX);
    assert!(listing.json.ends_with(r#",1],"NextToken":"n"}"#), "{}", listing.json);
}

#[tokio::test]
async fn a_stream_is_asked_for_where_it_ended() {
    let events =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nid: 7\ndata: {}\n\n: keep-alive\n\n";
    let (address, served) = server(vec![events.as_bytes().to_vec(); 3]).await;
    let clock = Arc::new(FixedClock::at_noon());
    let client = client(address, &clock);
    for (seen, from) in [(None, None), (None, Some(3)), (Some(7), Some(3))] {
        let mut stream = client.follow(seen, from).await.unwrap();
        let message = Message { id: Some(7), data: "{}".to_owned() };
        assert_eq!(stream.next().await.unwrap(), Next::Message(message));
        assert_eq!(stream.next().await.unwrap(), Next::Ended);
    }
    let requests = served.await.unwrap();
    let starts = ["GET /events HTTP/1.1\r\n", "GET /events?from=3 HTTP/1.1\r\n", "GET /events HTTP/1.1\r\n"];
    for (request, start) in requests.iter().zip(starts) {
        assert!(request.starts_with(start), "{request}");
    }
    let seen: Vec<_> = requests.iter().map(|request| request.contains("last-event-id: 7\r\n")).collect();
    assert_eq!(seen, [false, false, true]);
}

#[tokio::test]
async fn a_stream_that_breaks_is_not_one_that_has_ended() {
    let chunked =
        |rest: &str| format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n: x\r\n{rest}");
    for (rest, expected) in [("", Next::Broken), ("0\r\n\r\n", Next::Ended)] {
        let (address, served) = server(vec![chunked(rest).into_bytes()]).await;
        let mut stream = client(address, &Arc::new(FixedClock::at_noon())).follow(None, None).await.unwrap();
        assert_eq!(stream.next().await.unwrap(), expected);
        served.await.unwrap();
    }
}

#[tokio::test]
async fn a_silent_stream_is_broken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let clock = Arc::new(FixedClock::at_noon());
    let client = client(address, &clock);
    let opened = tokio::spawn(async move { client.follow(None, None).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    request(&mut stream).await;
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let mut events = opened.await.unwrap().unwrap();
    let next = tokio::spawn(async move { events.next().await });
    while !clock.has_sleepers() {
        tokio::task::yield_now().await;
    }
    clock.advance(60 * SECOND_MS);
    assert_eq!(next.await.unwrap().unwrap(), Next::Broken);
}
