//! What a guest may hand to `sql`, `approvals` and `wasi:http`: wild numbers through the contract, and texts that no
//! driver, log or server should see.

use std::sync::Arc;

use keywheel_domain::sensitive::Sensitive;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::Pollable as _;
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::p2::bindings::http::types::{
    HostFields, HostFutureIncomingResponse, HostOutgoingRequest, Method, Scheme,
};

use super::{Numbers, assert_host_is_well, limits, shared_catalog};
use crate::contract::keywheel::rotation::approvals::Host as _;
use crate::contract::keywheel::rotation::sql::{Engine, ErrorKind, HostConnection as _, Target, Tls, Value};
use crate::imports::approvals::Approvals;
use crate::rehearsal::{Address, Dialect, Rehearsal, Targets};
use crate::state::State;
use crate::testing::{Passwords, ROTATE, TYPES, invocation};
use crate::transcript::SharedTranscript;
use crate::{Egress, Limits, Outcome, wasi};

const HOST: &str = "db";
const PORT: u16 = 5432;
const USER: &str = "app";
const PASSWORD: &str = "first-of-all";

/// A component that may call `$open`, `$execute`, `$query` and `$require` with any numbers. Its memory begins
/// with the names of a database that is there.
fn component(body: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
  {TYPES}
  (import "keywheel:rotation/sql@0.1.0" (instance $sql
    (type $e (enum "postgres" "mysql"))
    (export "engine" (type $engine (eq $e)))
    (type $l (enum "disable" "prefer" "verify-full"))
    (export "tls" (type $tls (eq $l)))
    (type $t (record (field "engine" $engine) (field "host" string) (field "port" u16)
      (field "database" (option string)) (field "username" string) (field "password" string)
      (field "tls" $tls)))
    (export "target" (type $target (eq $t)))
    (type $v (variant (case "null") (case "boolean" bool) (case "integer" s64) (case "float" f64)
      (case "text" string) (case "bytes" (list u8))))
    (export "value" (type $value (eq $v)))
    (type $r (record (field "columns" (list string)) (field "rows" (list (list $value)))))
    (export "rows" (type $rows (eq $r)))
    (type $k (enum "egress" "connection" "authentication" "statement" "limit"))
    (export "error-kind" (type $kind (eq $k)))
    (type $x (record (field "kind" $kind) (field "sqlstate" (option string)) (field "message" string)
      (field "transient" bool)))
    (export "error" (type $error (eq $x)))
    (export "connection" (type $connection (sub resource)))
    (export "[static]connection.open"
      (func (param "target" $target) (result (result (own $connection) (error $error)))))
    (export "[method]connection.execute" (func (param "self" (borrow $connection))
      (param "statement" string) (param "parameters" (list $value)) (result (result u64 (error $error)))))
    (export "[method]connection.query" (func (param "self" (borrow $connection))
      (param "statement" string) (param "parameters" (list $value)) (result (result $rows (error $error)))))))
  (import "keywheel:rotation/approvals@0.1.0" (instance $approvals
    (export "require" (func (param "summary" string) (result bool)))))
  (core module $libc
    (memory (export "memory") 1)
    (data (i32.const 16) "{HOST}{USER}{PASSWORD}SELECT 1")
    (global $top (mut i32) (i32.const 4096))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $top (i32.and (i32.add (global.get $top) (i32.const 15)) (i32.const -16)))
      (global.get $top)
      (global.set $top (i32.add (global.get $top) (local.get 3)))))
  (core instance $libc (instantiate $libc))
  (core func $open (canon lower (func $sql "[static]connection.open")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core func $execute (canon lower (func $sql "[method]connection.execute")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core func $query (canon lower (func $sql "[method]connection.query")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core func $require (canon lower (func $approvals "require") (memory (core memory $libc "memory"))))
  (core module $main
    (import "libc" "memory" (memory 1))
    (import "host" "open" (func $open (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "host" "execute" (func $execute (param i32 i32 i32 i32 i32 i32)))
    (import "host" "query" (func $query (param i32 i32 i32 i32 i32 i32)))
    (import "host" "require" (func $require (param i32 i32) (result i32)))
    ({ROTATE} {body}))
  (core instance $main (instantiate $main (with "libc" (instance $libc)) (with "host" (instance
    (export "open" (func $open)) (export "execute" (func $execute)) (export "query" (func $query))
    (export "require" (func $require))))))
  (func (export "rotate") (param "event" $event) (result (result (error $failure)))
    (canon lift (core func $main "rotate") (memory (core memory $libc "memory"))
      (realloc (core func $libc "realloc")))))"#
    );
    wat::parse_str(text).unwrap()
}

/// Logs in as the host of the test allows, and leaves the handle at 208.
fn good_login() -> String {
    let (host, user) = (16, 16 + HOST.len());
    let password = user + USER.len();
    let (host_len, user_len, password_len) = (HOST.len(), USER.len(), PASSWORD.len());
    let numbers = [0, host, host_len, PORT.into(), 0, 0, 0, user, user_len, password, password_len, 0, 204];
    format!("(call $open {})", numbers.map(|number| format!("(i32.const {number})")).join(" "))
}

/// A stage with one database, which lets [`USER`] in.
fn stage(dialect: Dialect) -> Rehearsal {
    let (targets, address) = (Targets::new(), Address::new(HOST, PORT));
    targets.add(address.clone(), dialect);
    targets.set_user(&address, USER, &Sensitive::new(PASSWORD.to_owned()), true);
    Rehearsal::new(Some(targets))
}

#[tokio::test]
async fn wild_arguments_of_sql_and_approvals_end_the_step_at_most() {
    let (mut ended, mut trapped, mut logged_in) = (0, 0, 0);
    for seed in 1..=300_u64 {
        let mut numbers = Numbers(seed.wrapping_mul(0xd134_2543_de82_ef95));
        let mut body = good_login();
        for _ in 0..=numbers.below(6) {
            let mut number = || match numbers.below(4) {
                0 => numbers.edge(),
                1 => numbers.below(50) as i32,
                _ => numbers.below(2) as i32,
            };
            let mut wild =
                |count| (0..count).map(|_| format!("(i32.const {})", number())).collect::<Vec<_>>().join(" ");
            let session = "(i32.load (i32.const 208))";
            body.push_str(&match seed % 5 {
                0 => format!("(call $open {})", wild(13)),
                1 => format!("(drop (call $require {}))", wild(2)),
                2 => format!("(call $execute {session} {} (i32.const 400))", wild(4)),
                3 => format!("(call $query {session} (i32.const 33) (i32.const 8) {})", wild(3)),
                _ => format!("(call $query {})", wild(6)),
            });
        }
        let function = shared_catalog().load(&component(&format!("{body} (i32.const 0)"))).await;
        let function = function.expect("the component is valid");
        let stage = stage(Dialect::Postgres);
        let report = function.rehearse(invocation(Passwords::Made, limits()), &stage).await;
        let report = report.expect("no fault was asked for");
        assert_host_is_well(&report, &format!("seed {seed}: {body}"));
        match report.outcome {
            Outcome::Trapped { .. } => trapped += 1,
            _ => ended += 1,
        }
        logged_in +=
            usize::from(stage.calls().first().is_some_and(|call| call.name == "sql.connection.open"));
    }
    assert_eq!(logged_in, 300, "each begins with a session");
    assert!(ended > 20 && trapped > 100, "both are found: {ended} ended, {trapped} trapped");
}

fn state(limits: Limits, egress: Egress) -> State {
    let transcript = SharedTranscript::new(&limits);
    let wasi = wasi::context(&[], &transcript);
    State::new(limits, Arc::new(Passwords::Made), egress, wasi, transcript, Approvals::new(false))
}

/// Far more than one step may do, so that one state serves many cases.
fn patient() -> Limits {
    Limits { host_calls_max: u64::MAX, connections_max: 2_000, ..Limits::default() }
}

fn value(numbers: &mut Numbers) -> Value {
    match numbers.below(6) {
        0 => Value::Null,
        1 => Value::Boolean(numbers.below(2) == 0),
        2 => Value::Integer(numbers.next() as i64),
        3 => Value::Float([0.0, -0.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE][numbers.below(5)]),
        4 => Value::Text(numbers.text()),
        _ => Value::Bytes(numbers.text().into_bytes()),
    }
}

/// Pieces of statements, in any order, with texts that are cut off in between.
fn statement(numbers: &mut Numbers) -> String {
    let pieces = [
        "SELECT 1",
        "SELECT current_user",
        "ALTER ROLE",
        "ALTER USER",
        "CREATE USER",
        "DROP ROLE IF EXISTS",
        "GRANT",
        "SET PASSWORD",
        "IDENTIFIED BY",
        "PASSWORD",
        "'",
        "''",
        "\\'",
        "\"",
        "`",
        "$$",
        "--",
        "/*",
        ";",
        "@'%'",
        "(",
        ")",
        ",",
        "=",
        "app",
        "BEGIN",
        "ROLLBACK",
        "\0",
        "é\u{202e}",
    ];
    let mut statement = String::new();
    for _ in 0..numbers.below(14) {
        statement.push_str(pieces[numbers.below(pieces.len())]);
        if numbers.below(3) > 0 {
            statement.push(' ');
        }
    }
    statement
}

fn target(engine: Engine, numbers: &mut Numbers) -> Target {
    let tls = [Tls::Disable, Tls::Prefer, Tls::VerifyFull][numbers.below(3)];
    let database = (numbers.below(2) == 0).then(|| numbers.text());
    Target {
        engine,
        host: numbers.text(),
        port: numbers.next() as u16,
        database,
        username: numbers.text(),
        password: numbers.text(),
        tls,
    }
}

#[tokio::test]
async fn no_target_that_is_made_up_is_dialled() {
    let mut state = state(patient(), Egress::deny_all());
    let mut numbers = Numbers(0x6469_616c_2121_2121);
    for case in 0..400 {
        let engine = if numbers.below(2) == 0 { Engine::Postgres } else { Engine::Mysql };
        let answer = state.open(target(engine, &mut numbers)).await.expect("the step goes on");
        let error = answer.err().unwrap_or_else(|| panic!("case {case} is connected"));
        assert!(matches!(error.kind, ErrorKind::Egress | ErrorKind::Connection), "case {case}: {error:?}");
        assert!(error.message.len() <= state.limits.message_bytes_max + 64, "case {case}");
    }
    assert_eq!(state.connections, 0);
}

#[tokio::test]
async fn any_statement_is_answered_and_no_answer_repeats_a_password() {
    for (engine, dialect) in [(Engine::Postgres, Dialect::Postgres), (Engine::Mysql, Dialect::Mysql)] {
        let mut state = state(patient(), Egress::deny_all());
        state.rehearsal = Some(stage(dialect));
        let mut numbers = Numbers(0x7374_6174_656d_656e);
        let login = Target {
            host: HOST.to_owned(),
            port: PORT,
            database: None,
            username: USER.to_owned(),
            password: PASSWORD.to_owned(),
            tls: Tls::Disable,
            ..target(engine, &mut numbers)
        };
        let session = state.open(login).await.unwrap().expect("the password is right");
        let borrowed = || Resource::new_borrow(session.rep());
        let (mut done, mut refused) = (0, 0);
        for case in 0..2_000 {
            let mut sent = statement(&mut numbers);
            if numbers.below(10) == 0 {
                sent.push_str(PASSWORD);
            }
            let parameters = (0..numbers.below(4)).map(|_| value(&mut numbers)).collect();
            let error = match numbers.below(2) {
                0 => state.execute(borrowed(), sent, parameters).await.expect("the step goes on").err(),
                _ => state.query(borrowed(), sent, parameters).await.expect("the step goes on").err(),
            };
            match error {
                None => done += 1,
                Some(error) => {
                    assert!(!error.message.contains(PASSWORD), "{dialect:?}, case {case}: {error:?}");
                    refused += 1;
                }
            }
        }
        assert!(done > 50 && refused > 50, "{dialect:?}: {done} done, {refused} refused");
        let told = state.rehearsal.as_ref().map(Rehearsal::calls).unwrap_or_default();
        assert!(told.iter().all(|call| !format!("{call:?}").contains(PASSWORD)), "{dialect:?}");
    }
}

#[tokio::test]
async fn a_summary_is_cut_cleaned_and_the_first_one_kept() {
    let mut numbers = Numbers(0x7375_6d6d_6172_7921);
    for case in 0..200 {
        let mut state = state(patient(), Egress::deny_all());
        state.transcript.lock().redactor().learn(PASSWORD);
        let first = format!("{}{PASSWORD}{}", numbers.text(), numbers.text());
        assert!(!state.require(first).await.unwrap());
        let kept = state.approvals.asked().expect("it asked").to_owned();
        assert!(kept.len() <= 2 * 1024 + 64 && !kept.contains(PASSWORD), "case {case}: {} bytes", kept.len());
        let is_hidden = |character: char| character.is_control() && character != '\n';
        assert!(!kept.contains(is_hidden), "case {case}: {kept:?}");
        assert!(!state.require(numbers.text()).await.unwrap());
        assert_eq!(state.approvals.asked(), Some(kept.as_str()), "case {case}");
    }
}

#[tokio::test]
async fn no_request_that_is_made_up_leaves_the_sandbox() {
    let mut state = state(patient(), Egress::deny_all());
    let mut numbers = Numbers(0x7265_7175_6573_7473);
    let (mut unsent, mut denied) = (0, 0);
    for case in 0..600 {
        let mut entries = Vec::new();
        for _ in 0..numbers.below(4) {
            let name = ["x-a", "host", "content-length", "connection", "transfer-encoding", "", "a b"];
            let name = name[numbers.below(name.len())].to_owned();
            entries.push((name, numbers.text().into_bytes()));
        }
        let fields = match HostFields::from_list(&mut state.http(), entries) {
            Ok(fields) => fields,
            Err(_) => HostFields::new(&mut state.http()).unwrap(),
        };
        let request = HostOutgoingRequest::new(&mut state.http(), fields).unwrap();
        let borrowed = || Resource::new_borrow(request.rep());
        let method = if numbers.below(2) == 0 { Method::Get } else { Method::Other(numbers.text()) };
        let scheme = [Scheme::Http, Scheme::Https, Scheme::Other(numbers.text())];
        let scheme = scheme.into_iter().nth(numbers.below(3));
        let authorities =
            ["169.254.169.254", "[::ffff:127.0.0.1]:80", "localhost:1", "a@b", "db:99999", "x..y"];
        let authority = match numbers.below(2) {
            0 => authorities[numbers.below(authorities.len())].to_owned(),
            _ => numbers.text(),
        };
        // What makes no sense is refused here already; the request is what it was.
        let _ = state.http().set_method(borrowed(), method).unwrap();
        let _ = state.http().set_scheme(borrowed(), scheme).unwrap();
        let _ = state.http().set_authority(borrowed(), Some(authority)).unwrap();
        let _ = state.http().set_path_with_query(borrowed(), Some(numbers.text())).unwrap();
        let Ok(pending) = state.handle(request, None) else {
            unsent += 1;
            continue;
        };
        state.table.get_mut(&pending).unwrap().ready().await;
        let answer =
            HostFutureIncomingResponse::get(&mut state.http(), Resource::new_borrow(pending.rep())).unwrap();
        let answer = answer.expect("it is ready").expect("it is taken once");
        assert!(answer.is_err(), "case {case} was answered");
        state.table.delete(pending).unwrap();
        denied += 1;
    }
    assert!(unsent > 50 && denied > 50, "both are found: {unsent} were not sent, {denied} denied");
}
