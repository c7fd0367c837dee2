//! GetSecretValue over loopback HTTP, with SigV4, decryption and the trail, beside a bare hyper server in the
//! same run, over one connection and over many: by the account's root, and by a user whose policy has ten statements.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use criterion::{Criterion, SamplingMode, Throughput};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper::{Response, server::conn::http1};
use hyper_util::rt::TokioIo;
use keywheel::clock::SystemClock;
use keywheel::entropy::SystemEntropy;
use keywheel::server::Listener;
use keywheel::store::RedbStore;
use keywheel_domain::api::query::{Form, IAM};
use keywheel_domain::sensitive::Sensitive;
use keywheel_tests::node::Node;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::requests::{AccessKey, action_of, load};

const CONNECTIONS: [u64; 3] = [1, 16, 64];
/// Shorter samples measure the connections that they open.
const REQUESTS_COUNTED_MIN: u64 = 500;
const SECRET: &str = "prod/TwitterApp/Database";
const USER: &str = "reader";
/// In the policy of the user.
const STATEMENTS: usize = 10;
const VALUE: &str =
    r#"{"engine":"postgres","host":"db.example","port":5432,"username":"app","password":"EXAMPLE-PASSWORD"}"#;

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (keywheel, reader) = runtime.block_on(keywheel(folder.path()));
    let bare = runtime.block_on(bare());
    let subjects = [("keywheel", AccessKey::root()), ("keywheel, policy of ten statements", reader)];
    let body = json!({ "SecretId": SECRET }).to_string();
    let mut group = criterion.benchmark_group("get_secret_value");
    group.throughput(Throughput::Elements(1)).sample_size(20).measurement_time(Duration::from_secs(8));
    group.sampling_mode(SamplingMode::Flat);
    for connections in CONNECTIONS {
        for (name, key) in &subjects {
            let (mut rates, mut ratios) = (Vec::new(), Vec::new());
            group.bench_function(format!("{name}, {connections} connections"), |bencher| {
                bencher.iter_custom(|requests| {
                    let run = |address| {
                        let request = action_of(key, address, "GetSecretValue", &body);
                        runtime.block_on(load(address, request, connections, requests))
                    };
                    // In turns: what else goes on meanwhile slows both down.
                    let (beside, took) = (run(bare), run(keywheel));
                    if requests >= REQUESTS_COUNTED_MIN {
                        rates.push(requests as f64 / took.as_secs_f64());
                        ratios.push(beside.as_secs_f64() / took.as_secs_f64());
                    }
                    took
                });
            });
            if !rates.is_empty() {
                println!(
                    "{name}, {connections} connections: {:.0}/s, {:.2} of what bare hyper does beside it\n",
                    median(&mut rates),
                    median(&mut ratios)
                );
            }
        }
    }
    group.finish();
}

fn median(samples: &mut [f64]) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// A server with a secret, and the key of a user who may read it.
async fn keywheel(folder: &Path) -> (SocketAddr, AccessKey) {
    let store = Arc::new(RedbStore::open(folder.join("store.redb")).unwrap());
    let node = Node::open(store, folder, &[], Arc::new(SystemClock), Arc::new(SystemEntropy)).await.unwrap();
    let create = json!({ "Name": SECRET, "SecretString": VALUE, "ClientRequestToken": "1".repeat(32) });
    node.call("CreateSecret", &create).await.unwrap();
    let made = node.call("Keywheel.CreateApprover", &json!({ "UserName": USER })).await.unwrap();
    let text = |member: &str| made[member].as_str().unwrap().to_owned();
    let reader = AccessKey { id: text("AccessKeyId"), secret: Sensitive::new(text("SecretAccessKey")) };
    let document: String = policy().to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
    let form = format!(
        "Action=PutUserPolicy&Version={}&UserName={USER}&PolicyName=reads&PolicyDocument={document}",
        IAM.version
    );
    let form = Form::parse(form.as_bytes()).unwrap();
    node.ops.query(&Node::root(), &IAM, form, "").await.unwrap();
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.address();
    let (server, trail) = node.server_with_trail();
    tokio::spawn(async move { trail.run(std::future::pending()).await });
    tokio::spawn(listener.serve(server, std::future::pending()));
    (address, reader)
}

/// Each statement has to be looked at: no one denies, and only the first one allows.
fn policy() -> Value {
    let statement = |index: usize| {
        json!({
            "Effect": if index.is_multiple_of(2) { "Allow" } else { "Deny" },
            "Action": "secretsmanager:Get*",
            "Resource": "arn:aws:secretsmanager:*:*:secret:prod/*",
            "Condition": { "StringLike": { "aws:username": if index == 0 { USER.into() } else { format!("other-{index}*") } } },
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
