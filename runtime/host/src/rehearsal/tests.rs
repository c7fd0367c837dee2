use keywheel_domain::sensitive::Sensitive;

use super::*;
use crate::contract::keywheel::rotation::sql::{ErrorKind, Target, Tls, Value};
use crate::testing::{Passwords, ROTATE, function, invocation};
use crate::{Limits, Outcome};

/// Asks for a password, and fails when it gets none.
const ASKING: &str =
    "(call $password (i32.const 200)) (i32.store8 (i32.const 100) (i32.load8_u (i32.const 200)))
    (i32.store8 (i32.const 104) (i32.const 0)) (i32.store (i32.const 108) (i32.const 16))
    (i32.store (i32.const 112) (i32.const 5)) (i32.const 100)";

async fn rehearse(fault: Option<(usize, Fault)>) -> (Option<Report>, Vec<Call>) {
    let function = function(&format!("({ROTATE} {ASKING})")).await;
    let rehearsal = Rehearsal::with_fault(None, fault);
    let report = function.rehearse(invocation(Passwords::Made, Limits::default()), &rehearsal).await;
    (report, rehearsal.calls())
}

#[tokio::test]
async fn a_call_goes_wrong_as_it_was_told_to() {
    let refused = || Answer::Refused("InternalServiceError".to_owned());
    for (fault, outcome, answer) in [
        (None, Some(true), Answer::Done),
        (Some((1, Fault::KillBefore)), Some(true), Answer::Done),
        (Some((0, Fault::Refuse)), Some(false), refused()),
        (Some((0, Fault::LoseAnswer)), Some(false), refused()),
        (Some((0, Fault::KillBefore)), None, Answer::Lost),
        (Some((0, Fault::KillAfter)), None, Answer::Lost),
    ] {
        let (report, calls) = rehearse(fault).await;
        assert_eq!(report.map(|report| report.outcome == Outcome::Done), outcome, "{fault:?}");
        assert_eq!(calls.len(), 1);
        assert_eq!((calls[0].name, &calls[0].answer), ("secrets.get-random-password", &answer), "{fault:?}");
    }
}

fn address() -> Address {
    Address::new("DB", 5432)
}

fn target(user: &str, host: &str, engine: wit::Engine) -> Target {
    Target {
        engine,
        host: host.to_owned(),
        port: 5432,
        database: None,
        username: user.to_owned(),
        password: String::new(),
        tls: Tls::Disable,
    }
}

fn secret(text: &str) -> Sensitive<String> {
    Sensitive::new(text.to_owned())
}

/// A database with `app` and the admin `root`, whose passwords are `first`.
fn targets(dialect: Dialect) -> Targets {
    let targets = Targets::new();
    targets.add(address(), dialect);
    targets.set_user(&address(), "app", &secret("first"), false);
    targets.set_user(&address(), "root", &secret("first"), true);
    targets
}

fn open(targets: &Targets, user: &str) -> Session {
    let Ok(session) = targets.open(&target(user, "db", wit::Engine::Postgres), &secret("first")) else {
        panic!("the login is refused")
    };
    session
}

#[test]
fn a_login_is_refused_for_its_reason() {
    let targets = targets(Dialect::Postgres);
    let check = |user: &str, host: &str, password: &str, engine, expected: ErrorKind| {
        let error = targets.open(&target(user, host, engine), &secret(password)).err().unwrap();
        assert_eq!((error.kind, error.transient), (expected, false), "{}", error.message);
    };
    check("app", "db", "second", wit::Engine::Postgres, ErrorKind::Authentication);
    check("nobody", "db", "first", wit::Engine::Postgres, ErrorKind::Authentication);
    check("app", "elsewhere", "first", wit::Engine::Postgres, ErrorKind::Egress);
    check("app", "db", "first", wit::Engine::Mysql, ErrorKind::Connection);
    let tried: Vec<bool> = targets.logins(&address()).iter().map(|login| login.accepted).collect();
    assert_eq!(tried, [false, false]);
}

#[test]
fn everybody_changes_their_own_password_and_an_admin_any() {
    let targets = targets(Dialect::Postgres);
    let run = |user: &str, statement: &str| {
        let answer = open(&targets, user).execute(statement, &[]);
        answer.err().and_then(|error| error.sqlstate).unwrap_or_default()
    };
    assert_eq!(run("app", "ALTER ROLE root PASSWORD 'x'"), "42501");
    assert_eq!(run("app", "CREATE ROLE clone LOGIN PASSWORD 'x'"), "42501");
    assert_eq!(run("root", "CREATE ROLE clone LOGIN PASSWORD 'x'"), "");
    assert_eq!(run("root", "GRANT app TO clone"), "");
    assert_eq!(run("root", "ALTER ROLE nobody PASSWORD 'x'"), "42704");
    assert_eq!(run("app", "CREATE TABLE t (n int)"), "");
    assert_eq!(run("app", "CREATE TABLE t (n int)"), "42710");
    assert_eq!(run("app", "ALTER ROLE app PASSWORD 'second'"), "");
    assert!(targets.accepts(&address(), "app", &secret("second")));
    assert!(!targets.accepts(&address(), "app", &secret("first")));
    let inventory = ["user app", "user clone", "user root", "table t", "grant APP TO CLONE"];
    assert_eq!(targets.inventory(&address()), inventory);
}

#[test]
fn a_transaction_is_seen_when_it_commits() {
    let targets = targets(Dialect::Postgres);
    let fork = targets.fork();
    for (end, accepted) in [("ROLLBACK", false), ("", false), ("COMMIT", true)] {
        let session = open(&targets, "app");
        session.execute("BEGIN", &[]).unwrap();
        session.execute("ALTER USER app PASSWORD 'second'", &[]).unwrap();
        assert!(!targets.accepts(&address(), "app", &secret("second")));
        if !end.is_empty() {
            session.execute(end, &[]).unwrap();
        }
        assert_eq!(targets.accepts(&address(), "app", &secret("second")), accepted, "{end}");
    }
    assert!(fork.accepts(&address(), "app", &secret("first")), "a fork goes its own way");
}

#[test]
fn reading_is_answered_plausibly() {
    let targets = targets(Dialect::Postgres);
    let check = |statement: &str, parameters: &[Value], expected: &str| {
        let rows = open(&targets, "app").query(statement, parameters).unwrap();
        assert_eq!(format!("{:?}", rows.rows), expected, "{statement}");
    };
    check("SELECT 1", &[], "[[Value::Integer(1)]]");
    check("SELECT current_user", &[], "[[Value::Text(\"app\")]]");
    let asked = "SELECT 1 FROM pg_roles WHERE rolname = $1";
    check(asked, &[Value::Text("app".to_owned())], "[[Value::Integer(1)]]");
    check(asked, &[Value::Text("app_clone".to_owned())], "[]");
}

#[test]
fn mysql_tells_who_it_is_and_whom_it_knows() {
    let targets = targets(Dialect::Mysql);
    let session = targets.open(&target("app", "db", wit::Engine::Mysql), &secret("first")).ok().unwrap();
    let check = |statement: &str, parameters: &[Value], expected: &str| {
        let rows = session.query(statement, parameters).unwrap().rows;
        let cells = rows.into_iter().flatten().map(|value| match value {
            Value::Text(text) => text,
            other => format!("{other:?}"),
        });
        assert_eq!(cells.collect::<Vec<_>>().join(" | "), expected, "{statement}");
    };
    let mode = "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION";
    check("SELECT VERSION(), @@SESSION.sql_mode, CURRENT_USER()", &[], &format!("8.4.0 | {mode} | app@%"));
    check("SELECT Host FROM mysql.user WHERE User = ?", &[Value::Text("app".to_owned())], "%");
    check("SELECT Host FROM mysql.user WHERE User = ?", &[Value::Text("clone".to_owned())], "");
    check("SHOW GRANTS FOR `app`@`%`", &[], "GRANT USAGE ON *.* TO `app`@`%`");
    check("SHOW SESSION STATUS LIKE 'Ssl_cipher'", &[], "Ssl_cipher | TLS_AES_256_GCM_SHA384");
    session.execute("ALTER USER CURRENT_USER() IDENTIFIED BY 'it''s'", &[]).unwrap();
    assert!(targets.accepts(&address(), "app", &secret("it's")));
}
