//! A restart of the real binary with 200 deployed functions whose code is compiled already: until it listens, and
//! until it says that it is healthy.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use criterion::Criterion;
use keywheel_tests::node::ACCOUNT;
use serde_json::json;

use crate::requests::{connected, exchange, signed};
use crate::started::Started;

const FUNCTIONS: usize = 200;
const GUEST: &str = "noop";
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
                    last = Some((started.listening, started.healthy, started.resident_mib()));
                    started.healthy
                })
                .sum()
        });
    });
    group.finish();
    if let Some((listening, healthy, resident_mib)) = last {
        println!(
            "restart_functions: listening after {listening:?}, healthy after {healthy:?}, {resident_mib} MiB \
             resident with {FUNCTIONS} functions\n"
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
        let request = signed(started.address, "lambda", PATH, &[], &members.to_string());
        exchange(&mut stream, &request).await;
    }
    let compiled = data.join("compiled").read_dir().unwrap().count();
    assert!(compiled >= FUNCTIONS, "{compiled} files of compiled code");
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
