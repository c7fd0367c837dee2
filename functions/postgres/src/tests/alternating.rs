//! Two roles that take turns: at every moment `AWSCURRENT` logs in.

use keywheel_sdk::Step;
use keywheel_sdk::testing::Fault;

use super::{TOKEN, World};
use crate::PostgresAlternatingUsers;

const ADMIN_ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db/admin-AbCdEf";
const ADMIN: &str =
    r#"{"engine":"postgres","host":"db","port":"5432","username":"admin","password":"master"}"#;

fn secret(username: &str) -> String {
    format!(
        r#"{{"engine":"postgres","host":"db","masterarn":"{ADMIN_ARN}","username":"{username}","password":"first","team":"blue"}}"#
    )
}

fn world() -> World {
    with_secret(&secret("app"))
}

fn with_secret(value: &str) -> World {
    let mut world = World::with_secret(value);
    world.rotator = &PostgresAlternatingUsers;
    world.server().admin("admin", "master");
    assert_eq!(world.host.secret("db/admin", ADMIN), ADMIN_ARN);
    world
}

/// Another rotation, from its start.
fn begin(world: &World, token: &str) {
    world.host.end_rotation(&world.secret);
    world.host.begin_rotation(&world.secret, token);
}

fn username(world: &World, stage: &str) -> Option<String> {
    let text = world.host.text(&world.secret, stage)?;
    let (_, rest) = text.split_once(r#""username":""#)?;
    Some(rest.split_once('"')?.0.to_owned())
}

fn logs_in(world: &World, stage: &str) -> bool {
    let login = username(world, stage).zip(world.password(stage));
    login.is_some_and(|(user, password)| world.server().accepts(&user, &password))
}

#[test]
fn two_roles_take_turns() {
    let world = world();
    for (token, role) in [(TOKEN, "app_clone"), ("token-2", "app"), ("token-3", "app_clone")] {
        if token != TOKEN {
            begin(&world, token);
        }
        for step in Step::ALL {
            world.steps(&[step, step]);
            assert!(logs_in(&world, "AWSCURRENT"));
        }
        assert_eq!(username(&world, "AWSCURRENT").as_deref(), Some(role));
        assert!(logs_in(&world, "AWSPREVIOUS"));
        assert_eq!(
            (world.server().grants("app_clone"), world.server().grants("app")),
            (vec!["app".to_owned()], Vec::new())
        );
        let current = world.password("AWSCURRENT").unwrap();
        for line in world.host.log_lines().iter().chain(&world.server().statements()) {
            assert!(!line.contains(&current) && !line.contains("first"), "{line}");
        }
    }
    let statements = world.server().statements();
    assert!(
        statements.contains(&r#"ALTER ROLE "app_clone" SET role TO 'app'"#.to_owned()),
        "{statements:#?}"
    );
}

#[test]
fn survives_any_fault_at_any_call_and_the_current_value_logs_in_throughout() {
    let run = |world: &World| {
        for step in Step::ALL {
            world.retry(step, || {
                assert!(logs_in(world, "AWSCURRENT"));
                // A clone that can log in is whole.
                assert!(!logs_in(world, "AWSPENDING") || world.server().grants("app_clone") == ["app"]);
            });
        }
        assert!(logs_in(world, "AWSCURRENT") && logs_in(world, "AWSPREVIOUS"));
        assert_eq!(world.server().grants("app_clone"), ["app"]);
    };
    let first = {
        let world = world();
        run(&world);
        world.host.calls().len()
    };
    for call in 0..2 * first {
        for fault in Fault::ALL {
            let world = world();
            world.host.fault_at(call, fault);
            run(&world);
            begin(&world, "token-2");
            run(&world);
            assert_eq!(username(&world, "AWSCURRENT").as_deref(), Some("app"));
        }
    }
}

#[test]
fn who_cannot_log_in_gets_no_copy() {
    let world = world();
    world.steps(&[Step::CreateSecret]);
    world.server().user("app", "changed by hand");
    world.check_refused(Step::SetSecret, "cannot log in with the current password");
    assert_eq!(world.server().statements(), [""; 0]);
}

#[test]
fn a_copy_of_the_current_value_is_made_good() {
    let world = world();
    world.steps(&Step::ALL);
    begin(&world, "token-2");
    world.steps(&[Step::CreateSecret]);
    let current = world.host.text(&world.secret, "AWSCURRENT").unwrap();
    world.host.overwrite(&world.secret, "AWSPENDING", &current);
    world.server().user("app_clone", "changed by hand");
    world.steps(&[Step::SetSecret, Step::TestSecret]);
    assert!(logs_in(&world, "AWSCURRENT"));
}

#[test]
fn what_is_missing_is_told_before_anything_changes() {
    let mut other = World::new();
    other.rotator = &PostgresAlternatingUsers;
    other.check_refused(Step::CreateSecret, "no key `masterarn`");
    let long = "a".repeat(60);
    with_secret(&secret(&long)).check_refused(Step::CreateSecret, "a name has at most 63 bytes");

    let world = world();
    world.steps(&[Step::CreateSecret]);
    let pending = world.host.text(&world.secret, "AWSPENDING").unwrap();
    for (from, to, part) in
        [("app_clone", "admin", "`username`"), (r#""host":"db""#, r#""host":"evil""#, "`host`")]
    {
        world.host.overwrite(&world.secret, "AWSPENDING", &pending.replace(from, to));
        world.check_refused(Step::SetSecret, part);
    }
    assert!(!world.host.calls().contains(&"open"));

    // The clone is what the secret says, and its original is not there.
    let clone = with_secret(&secret("app_clone"));
    clone.server().user("app_clone", "first").drop_user("app");
    clone.steps(&[Step::CreateSecret]);
    clone.check_refused(Step::SetSecret, "role `app` does not exist");
}
