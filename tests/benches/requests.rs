//! Requests as bytes, and connections that send them and read the answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keywheel::clock::{Clock as _, SystemClock};
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4;
use keywheel_tests::node::{ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Bytes that are read at once.
const READ_BYTES: usize = 4096;

/// What a request is signed with.
pub(crate) struct AccessKey {
    pub(crate) id: String,
    pub(crate) secret: Sensitive<String>,
}

impl AccessKey {
    /// That of the account's root.
    pub(crate) fn root() -> Self {
        Self { id: ACCESS_KEY_ID.to_owned(), secret: Sensitive::new(SECRET_ACCESS_KEY.to_owned()) }
    }
}

/// A request of Secrets Manager's protocol, signed now by root.
pub(crate) fn action(address: SocketAddr, name: &str, body: &str) -> Arc<[u8]> {
    action_of(&AccessKey::root(), address, name, body)
}

/// The same, signed by somebody.
pub(crate) fn action_of(key: &AccessKey, address: SocketAddr, name: &str, body: &str) -> Arc<[u8]> {
    let target = format!("secretsmanager.{name}");
    signed(key, address, "secretsmanager", "/", &[("x-amz-target", &target)], body)
}

/// A request with this body, signed now for a service.
pub(crate) fn signed(
    key: &AccessKey,
    address: SocketAddr,
    service: &str,
    path: &str,
    more: &[(&'static str, &str)],
    body: &str,
) -> Arc<[u8]> {
    let mut headers =
        vec![("host", address.to_string()), ("content-type", "application/x-amz-json-1.1".to_owned())];
    headers.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let borrowed: Vec<(&str, &[u8])> =
        headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let request =
        sigv4::Request { method: "POST", path, query: "", headers: &borrowed, body: body.as_bytes() };
    let credentials =
        sigv4::Credentials { access_key_id: &key.id, secret_access_key: &key.secret, session_token: None };
    let added = sigv4::sign(&request, &credentials, REGION, service, SystemClock.now());
    headers.extend(added);
    let head: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let text = format!("POST {path} HTTP/1.1\r\n{head}content-length: {}\r\n\r\n{body}", body.len());
    text.into_bytes().into()
}

/// Sends a request so many times over so many connections, and returns how long that took.
pub(crate) async fn load(
    address: SocketAddr,
    request: Arc<[u8]>,
    connections: u64,
    requests: u64,
) -> Duration {
    let mut streams = Vec::new();
    for _ in 0..connections {
        streams.push(connected(address).await);
    }
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    let start = Instant::now();
    let clients = streams.into_iter().enumerate().map(|(index, mut stream)| {
        let share = requests / connections + u64::from((index as u64) < requests % connections);
        let request = Arc::clone(&request);
        tokio::spawn(async move {
            for _ in 0..share {
                exchange(&mut stream, &request).await;
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    start.elapsed()
}

/// A connection that sends at once.
pub(crate) async fn connected(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Sends a request and reads the answer, which is a good one; its bytes.
pub(crate) async fn exchange(stream: &mut TcpStream, request: &[u8]) -> Vec<u8> {
    stream.write_all(request).await.unwrap();
    let (mut buffer, mut filled) = (vec![0; READ_BYTES], 0);
    loop {
        if filled == buffer.len() {
            buffer.resize(2 * filled, 0);
        }
        filled += stream.read(&mut buffer[filled..]).await.unwrap();
        let answer = &buffer[..filled];
        assert!(answer.starts_with(b"HTTP/1.1 20") && filled > 0, "{}", String::from_utf8_lossy(answer));
        if has_ended(answer) {
            buffer.truncate(filled);
            return buffer;
        }
    }
}

/// Whether the head and as many bytes of the body as it announces are there.
fn has_ended(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let text = std::str::from_utf8(&answer[..head]).unwrap().to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    answer.len() >= head + 4 + length.trim().parse::<usize>().unwrap()
}
