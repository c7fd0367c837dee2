use keywheel_sdk::Step;
use keywheel_sdk::testing::{Fault, InMemory, Outcome};

use super::Rotation;

const TOKEN: &str = "6b4c4a5e-6d2f-4f0e-9d5b-0c8f7a1e2b3c";
const FIRST: &str = r#"{"engine":"postgres","host":"db","username":"app","password":"first"}"#;

/// A host with one secret, whose rotation has begun, and the server that it is for.
fn rotating() -> (InMemory, String) {
    let host = InMemory::new();
    host.server("db", 5432).user("app", "first");
    let secret = host.secret("app", FIRST);
    host.begin_rotation(&secret, TOKEN);
    (host, secret)
}

/// Whether the value with this label logs in.
fn logs_in(host: &InMemory, secret: &str, stage: &str) -> bool {
    let Some(text) = host.text(secret, stage) else { return false };
    let password = text.split(r#""password":""#).nth(1).and_then(|rest| rest.split('"').next());
    password.is_some_and(|password| host.server("db", 5432).accepts("app", password))
}

#[test]
fn a_rotation_changes_the_password() {
    let (host, secret) = rotating();
    // Each step twice: a repetition changes nothing.
    for step in Step::ALL.into_iter().flat_map(|step| [step, step]) {
        assert_eq!(host.invoke(&Rotation, &secret, step), Outcome::Done, "{step:?}");
    }
    assert!(logs_in(&host, &secret, "AWSCURRENT"));
    assert!(!host.server("db", 5432).accepts("app", "first"));
}

#[test]
fn a_death_at_any_call_locks_nobody_out() {
    for fault in [Fault::KillBefore, Fault::KillAfter] {
        for call in 0.. {
            let (host, secret) = rotating();
            host.fault_at(call, fault);
            for step in Step::ALL {
                if host.invoke(&Rotation, &secret, step) != Outcome::Done {
                    assert!(logs_in(&host, &secret, "AWSCURRENT") || logs_in(&host, &secret, "AWSPENDING"));
                    assert_eq!(host.invoke(&Rotation, &secret, step), Outcome::Done, "{fault:?} at call {call}");
                }
            }
            assert!(logs_in(&host, &secret, "AWSCURRENT"), "{fault:?} at call {call}");
            if host.calls().len() <= call {
                break;
            }
        }
    }
}
