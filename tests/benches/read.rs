//! GetSecretValue over loopback HTTP, with SigV4, decryption and the trail, beside a bare hyper server in the
//! same run, over one connection and over many; and the same of a secret with a resource policy.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use criterion::{Criterion, Throughput};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper::{Response, server::conn::http1};
use hyper_util::rt::TokioIo;
use keywheel::clock::SystemClock;
use keywheel::entropy::SystemEntropy;
use keywheel::server::Listener;
use keywheel::store::RedbStore;
use keywheel_tests::node::{ACCOUNT, Node};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::requests::{action, load};

const CONNECTIONS: [u64; 3] = [1, 16, 64];
/// Shorter samples measure the connections that they open.
const REQUESTS_COUNTED_MIN: u64 = 500;
const SECRET: &str = "prod/TwitterApp/Database";
/// The same with a resource policy of [`STATEMENTS`].
const SECRET_WITH_POLICY: &str = "prod/TwitterApp/Shared";
const STATEMENTS: usize = 10;
const VALUE: &str =
    r#"{"engine":"postgres","host":"db.example","port":5432,"username":"app","password":"EXAMPLE-PASSWORD"}"#;

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let keywheel = runtime.block_on(keywheel(folder.path()));
    let bare = runtime.block_on(bare());
    let subjects = [
        ("bare hyper", bare, SECRET),
        ("keywheel", keywheel, SECRET),
        ("keywheel, resource policy", keywheel, SECRET_WITH_POLICY),
    ];
    let mut group = criterion.benchmark_group("get_secret_value");
    group.throughput(Throughput::Elements(1)).sample_size(20).measurement_time(Duration::from_secs(8));
    for connections in CONNECTIONS {
        let mut best = Vec::new();
        for (name, address, secret) in subjects {
            let body = json!({ "SecretId": secret }).to_string();
            let mut shortest = f64::INFINITY;
            group.bench_function(format!("{name}, {connections} connections"), |bencher| {
                bencher.iter_custom(|requests| {
                    let request = action(address, "GetSecretValue", &body);
                    let took = runtime.block_on(load(address, request, connections, requests));
                    if requests >= REQUESTS_COUNTED_MIN {
                        shortest = shortest.min(took.as_secs_f64() / requests as f64);
                    }
                    took
                });
            });
            best.push(1.0 / shortest);
        }
        if best.iter().all(|rate| *rate > 0.0) {
            println!(
                "get_secret_value, {connections} connections: {:.0}/s, with a resource policy {:.0}/s, bare hyper \
                 {:.0}/s, ratios {:.2} and {:.2}\n",
                best[1],
                best[2],
                best[0],
                best[1] / best[0],
                best[2] / best[0]
            );
        }
    }
    group.finish();
}

async fn keywheel(folder: &Path) -> SocketAddr {
    let store = Arc::new(RedbStore::open(folder.join("store.redb")).unwrap());
    let node = Node::open(store, folder, &[], Arc::new(SystemClock), Arc::new(SystemEntropy)).await.unwrap();
    for (name, token) in [(SECRET, '1'), (SECRET_WITH_POLICY, '2')] {
        let token = token.to_string().repeat(32);
        let create = json!({ "Name": name, "SecretString": VALUE, "ClientRequestToken": token });
        node.call("CreateSecret", &create).await.unwrap();
    }
    let put = json!({ "SecretId": SECRET_WITH_POLICY, "ResourcePolicy": policy().to_string() });
    node.call("PutResourcePolicy", &put).await.unwrap();
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.address();
    let (server, trail) = node.server_with_trail();
    tokio::spawn(async move { trail.run(std::future::pending()).await });
    tokio::spawn(listener.serve(server, std::future::pending()));
    address
}

/// Statements none of which decides about the account's root: each has to be looked at.
fn policy() -> Value {
    let statement = |index: usize| {
        json!({
            "Sid": format!("Statement{index}"),
            "Effect": if index.is_multiple_of(2) { "Allow" } else { "Deny" },
            "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:user/reader-{index}") },
            "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
            "Resource": "*",
            "Condition": { "StringLike": { "secretsmanager:VersionStage": ["AWSCURRENT", "AWSPREV*"] } },
        })
    };
    json!({ "Version": "2012-10-17", "Statement": (0..STATEMENTS).map(statement).collect::<Vec<_>>() })
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
