//! MySQL's side of the interface `sql`: its rotators and its limits on a real MariaDB, and servers that
//! misbehave.

use std::sync::Arc;

use keywheel_domain::rotation::{FailureKind, Step};
use keywheel_host::{Egress, Limits, LogLine, Outcome, Report};
use keywheel_tests::mariadb::Mariadb;
use keywheel_tests::postgres::HOST;
use serde_json::{Value, json};

use super::admin::{ADMIN_ARN, WithAdmin};
use super::in_memory::{InMemory, MADE};
use super::scripted::{Script, Scripted};
use super::{invocation, load};

/// What ends a step whose limit does not.
const WALL_MS_MAX: u64 = 20_000;
/// A limit that a test waits for.
const SHORT_MS: u64 = 100;

/// What MariaDB 10.11 says first: TLS is not on offer, `mysql_native_password`.
const GREETING: &[u8] = b"\x4b\0\0\0\x0a10.11.6\0\x07\0\0\0abcdefgh\0\xfe\xf7\x2d\x02\0\xff\x81\x15\0\0\0\0\0\0\0\0\0\0ijklmnopqrst\0mysql_native_password\0";
/// The login is taken.
const LOGIN: &[u8] = b"\x07\0\0\x02\0\0\0\x02\0\0\0";
/// The server wants the password itself.
const CLEAR: &[u8] = b"\x16\0\0\x02\xfemysql_clear_password\0";
/// A statement is prepared: no parameter, no column.
const PREPARED: &[u8] = b"\x0c\0\0\x01\0\x01\0\0\0\0\0\0\0\0\0\0";
/// The head of a message of sixteen megabytes, and the first of its bytes.
const ENDLESS: &[u8] = &{
    let mut bytes = [0xff; 4096];
    bytes[3] = 0;
    bytes
};

fn limits() -> Limits {
    Limits { wall_ms_max: WALL_MS_MAX, ..Limits::default() }
}

fn builtin(name: &str) -> &'static [u8] {
    let mut builtins = keywheel_functions::builtins().iter();
    builtins.find(|builtin| builtin.name == name).expect("it is built in").wasm
}

/// Runs one step of a guest with this secret; its statement, if it has one, is in its environment.
async fn run(guest: &str, secret: &Value, statement: &str, port: u16, limits: Limits) -> Report {
    let secrets = Arc::new(InMemory::new(&secret.to_string()));
    let function = load(keywheel_guests::component(guest)).await;
    let egress = Egress::deny_all().allow(HOST, port);
    let mut step = invocation(Step::CreateSecret, &secrets, egress, limits);
    step.environment = vec![("STATEMENT".to_owned(), statement.to_owned())];
    function.invoke(step).await
}

#[tokio::test]
async fn rotators_and_limits_hold_on_a_real_server() {
    let server = Mariadb::start().await.unwrap();
    one_user_rotates(&server).await;
    an_admin_repairs(&server).await;
    two_users_take_turns(&server).await;
    what_a_query_returns_is_read_and_bounded(&server).await;
    a_refused_login_and_a_closed_port_are_told_apart(&server).await;
}

async fn one_user_rotates(server: &Mariadb) {
    let old = server.create_user("app").unwrap();
    let secrets = Arc::new(InMemory::new(&server.secret_value("app", &old).to_string()));
    let function = load(builtin("mysql-single-user")).await;
    let mut log: Vec<LogLine> = Vec::new();
    // Each step twice: a repetition changes nothing.
    for step in [Step::CreateSecret, Step::SetSecret, Step::TestSecret, Step::FinishSecret] {
        for _ in 0..2 {
            let egress = Egress::deny_all().allow(HOST, server.port());
            let report = function.invoke(invocation(step, &secrets, egress, Limits::default())).await;
            assert_eq!(report.outcome, Outcome::Done, "{step:?}: {:#?}", report.log);
            log.extend(report.log);
        }
    }
    assert!(server.accepts("app", MADE).unwrap() && !server.accepts("app", &old).unwrap());
    assert!(secrets.value("AWSCURRENT").unwrap().contains(MADE));
    let shown = format!("{log:?}");
    assert!(!shown.contains(MADE) && !shown.contains(&old), "{shown}");
    let logged = server.log().unwrap();
    // The statement is there, so the search would find a password in its place.
    assert!(logged.contains("SET PASSWORD = '*") && logged.contains("SET PASSWORD FOR 'app'@'%'='*"));
    assert!(!logged.contains(MADE) && !logged.contains(&old));
}

/// Runs the first three steps for a secret that names the admin. Returns how they ended and all that was said.
async fn with_admin(server: &Mariadb, function: &str, value: &Value) -> (Vec<Outcome>, String) {
    let mut value = value.clone();
    value["masterarn"] = ADMIN_ARN.into();
    let role = Arc::new(InMemory::new(&value.to_string()));
    let admin = Some(server.admin_secret_value().to_string());
    let secrets = Arc::new(WithAdmin { role: Arc::clone(&role), admin });
    let function = load(builtin(function)).await;
    let (mut outcomes, mut said) = (Vec::new(), String::new());
    for step in [Step::CreateSecret, Step::SetSecret, Step::TestSecret] {
        let egress = Egress::deny_all().allow(HOST, server.port());
        let mut invocation = invocation(step, &role, egress, Limits::default());
        invocation.secrets = Arc::clone(&secrets) as _;
        let report = function.invoke(invocation).await;
        said.push_str(&format!("{report:?}\n"));
        outcomes.push(report.outcome);
    }
    (outcomes, said)
}

const DONE: [Outcome; 3] = [Outcome::Done, Outcome::Done, Outcome::Done];

async fn an_admin_repairs(server: &Mariadb) {
    let old = server.create_user("repaired").unwrap();
    server.change_password("repaired").unwrap();
    let value = server.secret_value("repaired", &old);
    let (outcomes, said) = with_admin(server, "mysql-single-user", &value).await;
    assert_eq!(outcomes, DONE, "{said}");
    assert!(server.accepts("repaired", MADE).unwrap());
    assert!(!said.contains(MADE) && !said.contains(&old), "{said}");
}

async fn two_users_take_turns(server: &Mariadb) {
    let first = server.create_user("turns").unwrap();
    server
        .run(
            "CREATE TABLE shop.orders (id INT, note TEXT); GRANT INSERT, UPDATE (note) ON shop.orders TO turns@'%'; \
             CREATE ROLE readers; GRANT SELECT ON mysql.help_topic TO readers; GRANT readers TO turns@'%'; \
             SET DEFAULT ROLE readers FOR turns@'%'; GRANT USAGE ON *.* TO turns@'%' WITH MAX_USER_CONNECTIONS 7",
        )
        .unwrap();
    let (outcomes, said) =
        with_admin(server, "mysql-alternating-users", &server.secret_value("turns", &first)).await;
    assert_eq!(outcomes, DONE, "{said}");
    assert!(server.accepts("turns_clone", MADE).unwrap() && server.accepts("turns", &first).unwrap());
    let grants = |user: &str| {
        let lines = server.run(&format!("SHOW GRANTS FOR {user}@'%'")).unwrap();
        let mut lines: Vec<String> = lines
            .lines()
            .map(|line| {
                let line = line.replace("turns_clone", "turns");
                match line.split_once(" IDENTIFIED BY PASSWORD '") {
                    Some((before, after)) => format!("{before}{}", &after[after.find('\'').unwrap() + 1..]),
                    None => line,
                }
            })
            .collect();
        lines.sort();
        lines
    };
    assert_eq!(grants("turns_clone"), grants("turns"));
    assert_eq!(grants("turns").len(), 5, "{:#?}", grants("turns"));

    // The next turn is that of the original, which keeps what it has.
    let (outcomes, said) =
        with_admin(server, "mysql-alternating-users", &server.secret_value("turns_clone", MADE)).await;
    assert_eq!(outcomes, DONE, "{said}");
    assert!(server.accepts("turns_clone", MADE).unwrap() && server.accepts("turns", MADE).unwrap());
    assert!(!server.accepts("turns", &first).unwrap());
}

async fn what_a_query_returns_is_read_and_bounded(server: &Mariadb) {
    let secret = server.secret_value("reader", &server.create_user("reader").unwrap());
    let three = || Limits { rows_max: 3, ..limits() };
    let kilobyte = || Limits { rows_bytes_max: 1000, ..limits() };
    let answer = || Limits { answer_bytes_max: 100_000, ..limits() };
    let too_many = "failed: limit of the sandbox: the query returns more than 3 rows";
    let too_long = "failed: limit of the sandbox: the query returns more than 1000 bytes";
    let too_much = "failed: limit of the sandbox: the server sent more than 100000 bytes in answer to one call: \
                    the connection is closed";
    for (statement, limits, expected) in [
        ("SELECT seq FROM seq_1_to_3", three(), "done"),
        ("SELECT seq FROM seq_1_to_4", three(), too_many),
        // Nobody reads to the end of these.
        ("SELECT seq FROM seq_1_to_1000000000000", three(), too_many),
        ("SELECT 1.5, 2.5e0, -3, X'00ff', 'text', NULL, JSON_OBJECT()", limits(), "done"),
        (
            "SELECT NOW() AS moment",
            limits(),
            "failed: statement refused: column `moment` has the type `datetime`: cast it to `char` in the statement",
        ),
        ("SELECT repeat('x', 900)", kilobyte(), "done"),
        ("SELECT repeat('x', 1001)", kilobyte(), too_long),
        ("SELECT repeat('x', 100) FROM seq_1_to_11", kilobyte(), too_long),
        // An empty value takes memory too.
        ("SELECT '', '', '', '' FROM seq_1_to_100", kilobyte(), too_long),
        // Twice so much is sent: the limit is that of each call.
        ("SELECT repeat('x', 90000)", answer(), "done"),
        ("SELECT repeat('x', 5000000)", answer(), too_much),
        // One statement is one statement.
        ("SELECT 1; SELECT 2", limits(), "failed: statement refused: You have an error in your SQL syntax"),
        // A file of this machine is no business of the server's.
        (
            "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE shop.orders",
            limits(),
            "failed: statement refused: ",
        ),
        ("SELECT ?", limits(), "failed: statement refused: the statement has 1 parameters, and got 0"),
    ] {
        let report = run("gulps", &secret, statement, server.port(), limits).await;
        let outcome = report.outcome.to_string();
        assert!(outcome.starts_with(expected), "{statement}: {outcome}");
    }
    let report = run("hoards", &secret, "", server.port(), Limits { connections_max: 3, ..limits() }).await;
    assert_eq!(
        report.outcome.to_string(),
        "failed: opened 3, then limit of the sandbox: no more than 3 connections may be open at once"
    );
}

async fn a_refused_login_and_a_closed_port_are_told_apart(server: &Mariadb) {
    let old = server.create_user("told").unwrap();
    let function = load(builtin("mysql-single-user")).await;
    // Nothing listens on the port of `discard`.
    for (port, user, expected, kind) in [
        (
            server.port(),
            "told",
            "neither the pending, the current nor the previous password",
            FailureKind::Permanent,
        ),
        (
            server.port(),
            "nobody",
            "neither the pending, the current nor the previous password",
            FailureKind::Permanent,
        ),
        (9, "told", "connecting to the server", FailureKind::Retry),
    ] {
        let mut value = server.secret_value(user, "wrong");
        value["port"] = port.into();
        let secrets = Arc::new(InMemory::new(&value.to_string()));
        let mut last = Outcome::Done;
        for step in [Step::CreateSecret, Step::SetSecret] {
            let egress = Egress::deny_all().allow(HOST, port);
            last = function.invoke(invocation(step, &secrets, egress, Limits::default())).await.outcome;
        }
        let Outcome::Failed { kind: failed, message } = last else { panic!("{last}") };
        assert!(message.contains(expected) && !message.contains(MADE), "{message}");
        assert_eq!(failed, kind, "{message}");
    }
    assert!(server.accepts("told", &old).unwrap());
}

#[tokio::test]
async fn the_other_rotators_have_no_more_powers_than_that_of_postgres() {
    let postgres = load(builtin("postgres-single-user")).await;
    let known = postgres.imports();
    for name in ["mysql-single-user", "mysql-alternating-users", "postgres-alternating-users"] {
        let function = load(builtin(name)).await;
        let more: Vec<_> = function.imports().iter().filter(|import| !known.contains(import)).collect();
        assert!(more.is_empty(), "{name}: {more:?}");
    }
}

/// A secret for a server that does not look at it.
fn scripted_secret(port: u16) -> Value {
    json!({ "engine": "mysql", "host": HOST, "port": port, "username": "app", "password": "any-will-do" })
}

async fn check_scripted(guest: &str, script: Script, limits: Limits, expected: &str) {
    let mut server = Scripted::start_talking(script).await.expect("a port is free");
    let report = run(guest, &scripted_secret(server.port()), "SELECT 1", server.port(), limits).await;
    let expected = expected.replace("PORT", &server.port().to_string());
    assert_eq!(report.outcome.to_string(), expected);
    assert_eq!(server.all_closed().await.expect("no connection outlives its step"), 1);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    let silent = format!(
        "failed, may be retried: no connection: `{HOST}:PORT` did not take a login within {SHORT_MS} ms"
    );
    let connect = || Limits { connect_ms_max: SHORT_MS, ..limits() };
    check_scripted("knocks", &[], connect(), &silent).await;
    check_scripted("knocks", &[GREETING], connect(), &silent).await;
    let step = Limits { wall_ms_max: 5 * SHORT_MS, ..limits() };
    let expected = "limit on wall time exceeded: the step took longer than 500 ms: it was in the call \
                    `sql.connection.query`";
    check_scripted("gulps", &[GREETING, LOGIN], step.clone(), expected).await;
    check_scripted("gulps", &[GREETING, LOGIN, PREPARED], step, expected).await;
}

#[tokio::test]
async fn what_a_server_says_before_the_login_is_bounded_and_judged() {
    let limits = || Limits { answer_bytes_max: 1000, ..limits() };
    let too_much = "failed: limit of the sandbox: the server sent more than 1000 bytes in answer to one call: the \
                    connection is closed";
    check_scripted("knocks", &[ENDLESS], limits(), too_much).await;
    let other = "failed: no connection: the server does not speak MySQL's protocol";
    check_scripted("knocks", &[b"\x0c\0\0\0SSH-2.0-test\r\n"], limits(), other).await;
    // It asks for the password itself, on a connection that is not encrypted.
    let refused = "failed: no connection: the account logs in by the plugin `mysql_clear_password`; this host speaks \
                   `mysql_native_password` and `caching_sha2_password`";
    check_scripted("knocks", &[GREETING, CLEAR], limits(), refused).await;
    // It asks for a file of this machine.
    let file = "failed: no connection: the server does not speak MySQL's protocol";
    check_scripted("gulps", &[GREETING, LOGIN, PREPARED, b"\x0c\0\0\x01\xfb/etc/passwd"], limits(), file)
        .await;
}
