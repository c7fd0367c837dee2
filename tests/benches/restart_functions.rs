//! A restart of the real binary with 200 deployed functions whose code is compiled already: until it listens, until
//! it says that it is healthy, and how long the first call of one of them takes then.

use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use criterion::Criterion;
use keywheel_tests::node::ACCOUNT;
use serde_json::json;

use crate::requests::{AccessKey, action, connected, exchange, signed};
use crate::started::Started;

const FUNCTIONS: usize = 200;
const GUEST: &str = "noop";
/// The secret that they are called for.
const SECRET: &str = "bench";
const PATH: &str = "/2015-03-31/functions";

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut is_filled = false;
    let mut last = None;
    let mut group = criterion.benchmark_group("restart_functions");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    group.bench_function(format!("{FUNCTIONS} functions, healthy"), |bencher| {
        bencher.iter_custom(|times| {
            if !is_filled {
                runtime.block_on(deploy(folder.path()));
                is_filled = true;
            }
            (0..times)
                .map(|_| {
                    let started = runtime.block_on(Started::on(folder.path()));
                    let call = runtime.block_on(call(&started));
                    last = Some((started.listening, started.healthy, call, started.resident_mib()));
                    started.healthy
                })
                .sum()
        });
    });
    group.finish();
    if let Some((listening, healthy, call, resident_mib)) = last {
        println!(
            "restart_functions: listening after {listening:?}, healthy after {healthy:?}, first call in {call:?}, \
             {resident_mib} MiB resident with {FUNCTIONS} functions\n"
        );
    }
}

/// Deploys the functions through the API, each with code of its own, so that all of it is compiled and kept.
async fn deploy(data: &Path) {
    let started = Started::on(data).await;
    let mut stream = connected(started.address).await;
    for index in 0..FUNCTIONS {
        let code = STANDARD.encode(with_section(keywheel_guests::component(GUEST), &index.to_string()));
        let members = json!({
            "FunctionName": format!("bench-{index}"),
            "Role": format!("arn:aws:iam::{ACCOUNT}:role/rotate"),
            "Code": { "ZipFile": code },
        });
        let request = signed(&AccessKey::root(), started.address, "lambda", PATH, &[], &members.to_string());
        exchange(&mut stream, &request).await;
    }
    let create = json!({ "Name": SECRET, "SecretString": "{}", "ClientRequestToken": "1".repeat(32) });
    exchange(&mut stream, &action(started.address, "CreateSecret", &create.to_string())).await;
    let compiled = data.join("compiled").read_dir().unwrap().count();
    assert!(compiled >= FUNCTIONS, "{compiled} files of compiled code");
}

/// Calls one of the functions for the first time in this process.
async fn call(started: &Started) -> Duration {
    let event = json!({ "Step": "setSecret", "SecretId": SECRET, "ClientRequestToken": "0".repeat(32) });
    let path = format!("{PATH}/bench-{}/invocations", FUNCTIONS / 2);
    let request = signed(&AccessKey::root(), started.address, "lambda", &path, &[], &event.to_string());
    let mut stream = connected(started.address).await;
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    let start = Instant::now();
    let answer = exchange(&mut stream, &request).await;
    let took = start.elapsed();
    let answer = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    assert!(!answer.contains("x-amz-function-error"), "{answer}");
    took
}

/// The component with one custom section more: the same function, and another digest.
fn with_section(component: &[u8], content: &str) -> Vec<u8> {
    const CUSTOM: u8 = 0;
    const NAME: &str = "bench";
    let section = [&[NAME.len() as u8], NAME.as_bytes(), content.as_bytes()].concat();
    let length = u8::try_from(section.len()).unwrap();
    // Lengths of less than 128 are one byte of LEB128.
    assert!(length < 128);
    [component, &[CUSTOM, length], &section].concat()
}
