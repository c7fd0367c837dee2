//! The limits of the interface `sql`, each tried by a guest: against a real server where rows count, and
//! against one that falls silent where time does. That time is real, because the sockets are.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use keywheel_domain::rotation::Step;
use keywheel_host::{Egress, Limits, Report, Resolve};
use keywheel_tests::postgres::{HOST, Postgres};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use super::in_memory::InMemory;
use super::scripted::{ENDLESS, LOGIN, NO_TLS, PREPARED, Script, Scripted, TLS, TWO_ROWS};
use super::{invocation, load};

/// A limit that a test waits for.
const SHORT_MS: u64 = 100;
/// What ends a step whose limit does not.
const WALL_MS_MAX: u64 = 20_000;
/// Connections that wait for a server to accept them.
const QUEUE_MAX: u32 = 1;
/// A system may round the length of a queue up, but not to so many.
const QUEUED_MAX: usize = 64;

/// Runs one step of a guest with this secret; its statement, if it has one, is in its environment.
async fn run(guest: &str, secret: &Value, statement: &str, egress: Egress, limits: Limits) -> Report {
    let secrets = Arc::new(InMemory::new(&secret.to_string()));
    let function = load(keywheel_guests::component(guest)).await;
    let mut step = invocation(Step::CreateSecret, &secrets, egress, limits);
    step.environment = vec![("STATEMENT".to_owned(), statement.to_owned())];
    function.invoke(step).await
}

/// A secret for a server that does not look at it.
fn secret(host: &str, port: u16) -> Value {
    json!({ "engine": "postgres", "host": host, "port": port, "username": "app", "password": "any-will-do" })
}

/// Limits that no test reaches but by a mistake of the host.
fn limits() -> Limits {
    Limits { wall_ms_max: WALL_MS_MAX, ..Limits::default() }
}

async fn check_query(server: &Postgres, secret: &Value, statement: &str, limits: Limits, expected: &str) {
    let egress = Egress::deny_all().allow(HOST, server.port());
    let report = run("gulps", secret, statement, egress, limits).await;
    assert_eq!(report.outcome.to_string(), expected, "{statement}");
}

#[tokio::test]
async fn the_rows_of_a_query_are_bounded() {
    let server = Postgres::start().await.unwrap();
    let secret = server.secret_value("app", &server.create_role("app").await.unwrap());
    let three = || Limits { rows_max: 3, ..limits() };
    let kilobyte = || Limits { rows_bytes_max: 1000, ..limits() };
    let answer = || Limits { answer_bytes_max: 100_000, ..limits() };
    let too_many = "failed: limit of the sandbox: the query returns more than 3 rows";
    let too_long = "failed: limit of the sandbox: the query returns more than 1000 bytes";
    let too_much = "failed: limit of the sandbox: the server sent more than 100000 bytes in answer to one call: \
                    the connection is closed";
    for (statement, limits, expected) in [
        ("SELECT generate_series(1, 3)", three(), "done"),
        ("SELECT generate_series(1, 4)", three(), too_many),
        // Nobody reads to the end of these.
        ("SELECT generate_series(1, 1000000000000)", three(), too_many),
        // A type that the driver has to ask for: asking behind rows under way, it waited for ever.
        (
            "SELECT a FROM pg_attribute a",
            limits(),
            "failed: statement refused: column `a` has the type `pg_attribute`: cast it to `text` in the statement",
        ),
        ("SELECT repeat('x', 900)", kilobyte(), "done"),
        ("SELECT repeat('x', 1001)", kilobyte(), too_long),
        ("SELECT repeat('x', 100) FROM generate_series(1, 11)", kilobyte(), too_long),
        // An empty value takes memory too.
        ("SELECT '', '', '', '' FROM generate_series(1, 100)", kilobyte(), too_long),
        // Twice so much is sent: the limit is that of each call.
        ("SELECT repeat('x', 90000)", answer(), "done"),
        // The driver would hold such a value whole before it could be refused.
        ("SELECT repeat('x', 50000000)", answer(), too_much),
        (
            "DO $$ BEGIN FOR i IN 1..3000 LOOP RAISE NOTICE 'all work and no play'; END LOOP; END $$",
            answer(),
            too_much,
        ),
    ] {
        check_query(&server, &secret, statement, limits, expected).await;
    }
}

#[tokio::test]
async fn open_connections_are_bounded_and_end_with_the_step() {
    let mut server = Scripted::start(&[NO_TLS, LOGIN]).await.unwrap();
    let limits = Limits { connections_max: 3, ..limits() };
    let egress = Egress::deny_all().allow(HOST, server.port());
    let report = run("hoards", &secret(HOST, server.port()), "", egress, limits).await;
    assert_eq!(
        report.outcome.to_string(),
        "failed: opened 3, then limit of the sandbox: no more than 3 connections may be open at once"
    );
    // What is refused is not dialled: three, and one for that which was closed.
    assert_eq!(server.all_closed().await.unwrap(), 4);
}

async fn check_connect(host: &str, port: u16, egress: Egress) {
    let limits = Limits { connect_ms_max: SHORT_MS, ..limits() };
    let report = run("knocks", &secret(host, port), "", egress, limits).await;
    let expected = format!(
        "failed, may be retried: no connection: `{host}:{port}` did not take a login within {SHORT_MS} ms"
    );
    assert_eq!(report.outcome.to_string(), expected);
}

#[tokio::test]
async fn a_server_that_falls_silent_before_the_login_is_given_up() {
    let scripts: [Script; 3] = [&[], &[TLS], &[NO_TLS]];
    for script in scripts {
        let mut server = Scripted::start(script).await.unwrap();
        check_connect(HOST, server.port(), Egress::deny_all().allow(HOST, server.port())).await;
        assert_eq!(server.all_closed().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_server_whose_queue_is_full_is_given_up() {
    let (listener, _queued) = full_queue().await.unwrap();
    let port = listener.local_addr().unwrap().port();
    check_connect(HOST, port, Egress::deny_all().allow(HOST, port)).await;
}

/// A listener that accepts nothing, and the connections that wait for it.
async fn full_queue() -> io::Result<(TcpListener, Vec<TcpStream>)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(HOST.parse().expect("it is an address"), 0))?;
    let listener = socket.listen(QUEUE_MAX)?;
    let mut queued = Vec::new();
    while let Ok(stream) =
        timeout(Duration::from_millis(SHORT_MS), TcpStream::connect(listener.local_addr()?)).await
    {
        queued.push(stream?);
        assert!(queued.len() < QUEUED_MAX, "the queue does not fill");
    }
    Ok((listener, queued))
}

/// Does not answer.
struct Unanswered;

#[async_trait]
impl Resolve for Unanswered {
    async fn resolve(&self, _: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_name_without_an_answer_is_given_up() {
    let egress = Egress::deny_all().allow("db.internal", 5432).with_resolver(Arc::new(Unanswered));
    check_connect("db.internal", 5432, egress).await;
}

#[tokio::test]
async fn what_a_server_says_before_the_login_is_bounded() {
    let mut server = Scripted::start(&[NO_TLS, ENDLESS]).await.unwrap();
    let limits = Limits { answer_bytes_max: 1000, ..limits() };
    let egress = Egress::deny_all().allow(HOST, server.port());
    let report = run("knocks", &secret(HOST, server.port()), "", egress, limits).await;
    assert_eq!(
        report.outcome.to_string(),
        "failed: limit of the sandbox: the server sent more than 1000 bytes in answer to one call: the \
         connection is closed"
    );
    assert_eq!(server.all_closed().await.unwrap(), 1);
}

async fn check_silent(script: Script, limits: Limits, expected: &str) {
    let mut server = Scripted::start(script).await.expect("a port is free");
    let egress = Egress::deny_all().allow(HOST, server.port());
    let report = run("gulps", &secret(HOST, server.port()), "SELECT 1", egress, limits).await;
    assert_eq!(report.outcome.to_string(), expected);
    assert_eq!(server.all_closed().await.expect("no connection outlives its step"), 1);
}

#[tokio::test]
async fn a_statement_without_an_end_ends_with_the_step() {
    let limits = Limits { wall_ms_max: 5 * SHORT_MS, ..limits() };
    let expected = "limit on wall time exceeded: the step took longer than 500 ms: it was in the call \
                    `sql.connection.query`";
    check_silent(&[NO_TLS, LOGIN], limits.clone(), expected).await;
    check_silent(&[NO_TLS, LOGIN, PREPARED, TWO_ROWS], limits, expected).await;
}

#[tokio::test]
async fn a_server_that_does_not_take_the_goodbye_is_left_without_one() {
    // The driver waits for the end of the answer, of which the guest wants no more.
    let limits = Limits { rows_max: 1, goodbye_ms_max: SHORT_MS, ..limits() };
    let expected = "failed: limit of the sandbox: the query returns more than 1 rows";
    check_silent(&[NO_TLS, LOGIN, PREPARED, TWO_ROWS], limits, expected).await;
}
