//! PutSecretValue over loopback HTTP, with SigV4, encryption, audit and the trail, each answered when the disk has it:
//! over one connection and over many, beside a bare redb that commits an entry of about that size at a time.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use keywheel::clock::SystemClock;
use keywheel::entropy::SystemEntropy;
use keywheel::server::Listener;
use keywheel::store::RedbStore;
use keywheel_tests::node::Node;
use redb::{Database, TableDefinition};
use serde_json::json;

use crate::requests::{action, connected, exchange};
use crate::timed_disk::{Syncs, TimedDisk};

const CONNECTIONS: [u64; 3] = [1, 16, 64];
/// So many that none comes near the most versions that a secret may have.
const SECRETS: u64 = 1024;
const VALUE: &str =
    r#"{"engine":"postgres","host":"db.example","port":5432,"username":"app","password":"EXAMPLE-PASSWORD"}"#;
/// What a bare commit writes.
const BARE: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("bare");
const BARE_BYTES: usize = 1024;

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("writes");
    group.throughput(Throughput::Elements(1)).sample_size(10).measurement_time(Duration::from_secs(8));
    let mut bare = Rate::default();
    let database = Database::create(folder.path().join("bare.redb")).unwrap();
    group.bench_function("bare redb, one at a time", |bencher| {
        bencher.iter_custom(|commits| bare.note(commits, commit(&database, commits)));
    });
    for connections in CONNECTIONS {
        let folder = tempfile::tempdir().unwrap();
        let (syncs, sent) = (Syncs::default(), Arc::new(AtomicU64::new(0)));
        // Made when the benchmark runs: a filter may leave it out.
        let (mut server, mut set_up) = (None, Duration::ZERO);
        let mut rate = Rate::default();
        group.bench_function(format!("{connections} connections"), |bencher| {
            let address = *server.get_or_insert_with(|| {
                let address = runtime.block_on(start(folder.path(), syncs.clone()));
                set_up = syncs.took();
                address
            });
            bencher.iter_custom(|writes| {
                rate.note(writes, runtime.block_on(load(address, &sent, connections, writes)))
            });
        });
        if server.is_some() {
            let share = 100.0 * (syncs.took() - set_up).as_secs_f64() / rate.took.as_secs_f64();
            let (writes, commits) = (rate.per_second(), bare.per_second());
            println!(
                "writes, {connections} connections: {writes:.0}/s, {share:.0} % of the time in fsync, bare redb \
                 {commits:.0}/s, ratio {:.2}\n",
                writes / commits
            );
        }
    }
    group.finish();
}

/// How many in which time.
#[derive(Default)]
struct Rate {
    done: u64,
    took: Duration,
}

impl Rate {
    fn note(&mut self, done: u64, took: Duration) -> Duration {
        self.done += done;
        self.took += took;
        took
    }

    fn per_second(&self) -> f64 {
        self.done as f64 / self.took.as_secs_f64()
    }
}

fn commit(database: &Database, commits: u64) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    let start = Instant::now();
    for index in 0..commits {
        let transaction = database.begin_write().unwrap();
        transaction.open_table(BARE).unwrap().insert(index % SECRETS, [1; BARE_BYTES].as_slice()).unwrap();
        transaction.commit().unwrap();
    }
    start.elapsed()
}

/// A server with the secrets.
async fn start(folder: &Path, syncs: Syncs) -> SocketAddr {
    let disk = TimedDisk::create(&folder.join("store.redb"), syncs);
    let store = Arc::new(RedbStore::with_backend(disk).unwrap());
    let node = Node::open(store, folder, &[], Arc::new(SystemClock), Arc::new(SystemEntropy)).await.unwrap();
    for index in 0..SECRETS {
        let token = format!("{index:032}");
        node.call("CreateSecret", &json!({ "Name": name(index), "ClientRequestToken": token }))
            .await
            .unwrap();
    }
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.address();
    let (server, trail) = node.server_with_trail();
    tokio::spawn(async move { trail.run(std::future::pending()).await });
    tokio::spawn(listener.serve(server, std::future::pending()));
    address
}

fn name(index: u64) -> String {
    format!("bench/{}", index % SECRETS)
}

/// Stores so many values over so many connections, each under a token of its own.
async fn load(address: SocketAddr, sent: &Arc<AtomicU64>, connections: u64, writes: u64) -> Duration {
    let mut streams = Vec::new();
    for _ in 0..connections {
        streams.push(connected(address).await);
    }
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    let start = Instant::now();
    let clients = streams.into_iter().zip(0..).map(|(mut stream, index)| {
        let share = writes / connections + u64::from(index < writes % connections);
        let sent = Arc::clone(sent);
        tokio::spawn(async move {
            for _ in 0..share {
                let number = sent.fetch_add(1, Ordering::Relaxed);
                let body = json!({
                    "SecretId": name(number),
                    "ClientRequestToken": format!("{number:032}"),
                    "SecretString": VALUE,
                });
                exchange(&mut stream, &action(address, "PutSecretValue", &body.to_string())).await;
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    start.elapsed()
}
