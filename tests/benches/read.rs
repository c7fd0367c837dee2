//! GetSecretValue over loopback HTTP, with SigV4 and decryption, beside a bare hyper server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{Criterion, Throughput};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper::{Response, server::conn::http1};
use hyper_util::rt::TokioIo;
use keywheel::clock::{Clock as _, SystemClock};
use keywheel::entropy::SystemEntropy;
use keywheel::server::Listener;
use keywheel::store::RedbStore;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4;
use keywheel_tests::node::{ACCESS_KEY_ID, Node, REGION, SECRET_ACCESS_KEY};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const CONNECTIONS: u64 = 16;
/// Shorter samples measure the connections that they open.
const REQUESTS_COUNTED_MIN: u64 = 500;
const BODY: &str = r#"{"SecretId":"prod/TwitterApp/Database"}"#;
const VALUE: &str =
    r#"{"engine":"postgres","host":"db.example","port":5432,"username":"app","password":"EXAMPLE-PASSWORD"}"#;

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let keywheel = runtime.block_on(keywheel(folder.path()));
    let bare = runtime.block_on(bare());
    let mut group = criterion.benchmark_group("get_secret_value");
    group.throughput(Throughput::Elements(1)).sample_size(20).measurement_time(Duration::from_secs(8));
    let mut best = Vec::new();
    for (name, address) in [("bare hyper", bare), ("keywheel", keywheel)] {
        let mut shortest = f64::INFINITY;
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|requests| {
                let took = runtime.block_on(load(address, requests));
                if requests >= REQUESTS_COUNTED_MIN {
                    shortest = shortest.min(took.as_secs_f64() / requests as f64);
                }
                took
            });
        });
        best.push(1.0 / shortest);
    }
    group.finish();
    if best.iter().all(|rate| *rate > 0.0) {
        println!(
            "get_secret_value: {:.0}/s, bare hyper {:.0}/s, ratio {:.2}\n",
            best[1],
            best[0],
            best[1] / best[0]
        );
    }
}

async fn keywheel(folder: &std::path::Path) -> SocketAddr {
    let store = Arc::new(RedbStore::open(folder.join("store.redb")).unwrap());
    let node = Node::open(store, folder, &[], Arc::new(SystemClock), Arc::new(SystemEntropy)).await.unwrap();
    let token = "11111111-1111-1111-1111-111111111111";
    let create =
        json!({"Name": "prod/TwitterApp/Database", "SecretString": VALUE, "ClientRequestToken": token});
    node.call("CreateSecret", &create).await.unwrap();
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.address();
    tokio::spawn(listener.serve(node.server(), std::future::pending()));
    address
}

/// What HTTP itself costs: the same connections, the same request, an answer of the same size.
async fn bare() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let hello = service_fn(|_| async {
                Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from_static(&[b'x'; 400]))))
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), hello));
        }
    });
    address
}

/// Sends so many requests over the connections, and returns how long that took.
async fn load(address: SocketAddr, requests: u64) -> Duration {
    let request = signed(address);
    let mut streams = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        streams.push(stream);
    }
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    let start = Instant::now();
    let clients = streams.into_iter().enumerate().map(|(index, stream)| {
        let share = requests / CONNECTIONS + u64::from((index as u64) < requests % CONNECTIONS);
        tokio::spawn(client(stream, Arc::clone(&request), share))
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    start.elapsed()
}

async fn client(mut stream: TcpStream, request: Arc<[u8]>, requests: u64) {
    let mut buffer = vec![0; 4096];
    for _ in 0..requests {
        stream.write_all(&request).await.unwrap();
        let mut filled = 0;
        loop {
            filled += stream.read(&mut buffer[filled..]).await.unwrap();
            let answer = &buffer[..filled];
            assert!(answer.starts_with(b"HTTP/1.1 200") && filled > 0, "{}", String::from_utf8_lossy(answer));
            if answer_ended(answer) {
                break;
            }
        }
    }
}

/// Whether the head and as many bytes of the body as it announces are there.
fn answer_ended(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let text = std::str::from_utf8(&answer[..head]).unwrap().to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    answer.len() >= head + 4 + length.trim().parse::<usize>().unwrap()
}

fn signed(address: SocketAddr) -> Arc<[u8]> {
    let host = address.to_string();
    let mut headers = vec![
        ("host", host),
        ("content-type", "application/x-amz-json-1.1".to_owned()),
        ("x-amz-target", "secretsmanager.GetSecretValue".to_owned()),
    ];
    let borrowed: Vec<(&str, &[u8])> =
        headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let request =
        sigv4::Request { method: "POST", path: "/", query: "", headers: &borrowed, body: BODY.as_bytes() };
    let secret = Sensitive::new(SECRET_ACCESS_KEY.to_owned());
    let credentials =
        sigv4::Credentials { access_key_id: ACCESS_KEY_ID, secret_access_key: &secret, session_token: None };
    let added = sigv4::sign(&request, &credentials, REGION, "secretsmanager", SystemClock.now());
    headers.extend(added);
    let head: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let text = format!("POST / HTTP/1.1\r\n{head}content-length: {}\r\n\r\n{BODY}", BODY.len());
    text.into_bytes().into()
}
