//! The order in which `setSecret` tries what it has, and the admin user as its last resort.

use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::secrets::Value;
use keywheel_sdk::sql::{Engine, Tls};
use keywheel_sdk::testing::{Fault, Outcome};
use keywheel_sdk::{Failure, Step, admin};

use super::{TOKEN, World};

const ADMIN_ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db/admin-AbCdEf";
const ADMIN: &str =
    r#"{"engine":"postgres","host":"db","port":"5432","username":"admin","password":"master"}"#;

/// The secret of the role, with more members.
fn secret(password: &str, more: &str) -> String {
    format!(
        r#"{{"engine":"postgres","host":"db"{more},"username":"app","password":"{password}","team":"blue"}}"#
    )
}

fn with_master(password: &str) -> String {
    secret(password, &format!(r#","masterarn":"{ADMIN_ARN}""#))
}

/// A role whose password somebody has changed, an admin, and a pending value that is not yet in force.
fn locked_out(value: &str, admin: Option<&str>) -> World {
    let world = World::with_secret(value);
    world.server().user("app", "changed by hand").admin("admin", "master");
    if let Some(admin) = admin {
        assert_eq!(world.host.secret("db/admin", admin), ADMIN_ARN);
    }
    world.steps(&[Step::CreateSecret]);
    world
}

/// How many logins were tried.
fn opened(world: &World) -> usize {
    world.host.calls().iter().filter(|call| **call == "open").count()
}

#[test]
fn the_admin_sets_what_no_password_of_the_secret_can() {
    let world = locked_out(&with_master("first"), Some(ADMIN));
    world.steps(&[Step::SetSecret, Step::SetSecret, Step::TestSecret, Step::FinishSecret]);
    world.check_rotated();
    assert!(world.server().accepts("admin", "master"));
    let told = world.host.log_lines().join("\n");
    assert!(told.contains("the admin user of `masterarn`") && !told.contains("master\""), "{told}");
}

#[test]
fn the_admin_is_not_asked_before_everything_else_is_refused() {
    // The password in force, and how many logins it takes: pending, current, previous, admin.
    let check = |in_force: Option<&str>, logins: usize| {
        let world = World::with_secret(&with_master("older"));
        world.server().user("app", "older").admin("admin", "master");
        world.host.secret("db/admin", ADMIN);
        world.steps(&Step::ALL);
        world.host.end_rotation(&world.secret);
        world.host.begin_rotation(&world.secret, "token-2");
        world.steps(&[Step::CreateSecret]);
        let in_force =
            in_force.map_or_else(|| "changed by hand".to_owned(), |stage| world.password(stage).unwrap());
        world.server().user("app", &in_force);
        let before = opened(&world);
        world.steps(&[Step::SetSecret]);
        assert_eq!(opened(&world) - before, logins, "{in_force}");
        assert!(world.server().accepts("app", &world.password("AWSPENDING").unwrap()));
    };
    check(Some("AWSPENDING"), 1);
    check(Some("AWSCURRENT"), 2);
    check(Some("AWSPREVIOUS"), 3);
    check(None, 4);
}

#[test]
fn without_an_admin_that_works_the_step_says_what_is_missing() {
    let check = |value: &str, admin: Option<&str>, part: &str| {
        let world = locked_out(value, admin);
        world.check_refused(Step::SetSecret, part);
        assert!(world.server().accepts("app", "changed by hand"));
        assert_eq!(world.server().statements(), [""; 0]);
    };
    let value = with_master("first");
    check(&secret("first", ""), Some(ADMIN), "name the secret of an admin user under the key `masterarn`");
    check(
        &value,
        None,
        "cannot be read (ResourceNotFoundException: Secrets Manager can't find the specified secret.)",
    );
    check(
        &value,
        Some("master"),
        "reading the secret that `masterarn` names: the secret value is not a JSON",
    );
    check(
        &value,
        Some(&ADMIN.replace(r#""master""#, r#""wrong""#)),
        "it refused the admin user of `masterarn` too",
    );
    for (from, to) in [
        (r#""host":"db""#, r#""host":"elsewhere""#),
        (r#""5432""#, "5433"),
        (r#""engine":"postgres""#, r#""engine":"mysql""#),
    ] {
        let other = ADMIN.replace(from, to);
        check(
            &value,
            Some(&other),
            "`engine`, `host` and `port` of the secret that is rotated, `postgres`, `db`",
        );
    }
}

#[test]
fn what_the_admins_secret_leaves_open_is_as_for_the_role() {
    let check = |admin_more: &str, role: &str, database: Option<&str>, tls: Tls| {
        let parse = |text: &str| DatabaseSecret::parse(&Value::Text(text.into())).unwrap();
        let with = |more: &str| parse(&secret("first", more));
        let target = admin::target(&with(admin_more), &with(role), Engine::Postgres).unwrap();
        assert_eq!((target.database.as_deref(), target.tls), (database, tls), "{admin_more} {role}");
    };
    check("", "", None, Tls::Prefer);
    check("", r#","dbname":"app","ssl":true"#, Some("app"), Tls::VerifyFull);
    check(
        r#","dbname":"postgres","ssl":false"#,
        r#","dbname":"app","ssl":true"#,
        Some("postgres"),
        Tls::Disable,
    );
    check(r#","ssl":true"#, r#","ssl":false"#, None, Tls::VerifyFull);
}

#[test]
fn a_secret_that_may_not_be_read_is_named_with_what_would_allow_it() {
    let world = locked_out(&with_master("first"), Some(ADMIN));
    world.host.deny_reading(ADMIN_ARN);
    world.check_refused(Step::SetSecret, "`ReadableSecretIds` of the secret's rotation policy must name it");
    world.check_refused(Step::SetSecret, "neither the pending, the current nor the previous password");
}

#[test]
fn a_role_that_is_gone_is_told() {
    let world = locked_out(&with_master("first"), Some(ADMIN));
    world.server().drop_user("app");
    world.check_refused(
        Step::SetSecret,
        r#"changing the password: statement refused: role "app" does not exist"#,
    );
}

#[test]
fn an_admin_who_may_not_is_told() {
    let world = locked_out(&with_master("first"), Some(&ADMIN.replace("admin", "guest")));
    world.server().user("guest", "master");
    world.check_refused(Step::SetSecret, "changing the password: statement refused: permission denied");
}

#[test]
fn a_server_that_stops_before_the_admin_logs_in_is_tried_again() {
    let world = locked_out(&with_master("first"), Some(ADMIN));
    // The reads of three values, and two logins; then the admin's secret is read and the admin logs in.
    for (call, part) in [(5, "reading the secret"), (6, "logging in as the admin user")] {
        world.host.fault_at(world.host.calls().len() + call, Fault::Refuse);
        let outcome = world.step(Step::SetSecret);
        assert!(
            matches!(&outcome, Outcome::Failed(Failure::Retry(told)) if told.starts_with(part)),
            "{outcome:?}"
        );
    }
    world.steps(&[Step::SetSecret, Step::TestSecret]);
}

#[test]
fn survives_any_fault_on_the_way_to_the_admin() {
    let calls_max = {
        let world = locked_out(&with_master("first"), Some(ADMIN));
        world.steps(&[Step::SetSecret, Step::TestSecret, Step::FinishSecret]);
        world.host.calls().len()
    };
    for call in 4..calls_max {
        for fault in Fault::ALL {
            let world = locked_out(&with_master("first"), Some(ADMIN));
            world.host.fault_at(call, fault);
            for step in [Step::SetSecret, Step::TestSecret, Step::FinishSecret] {
                world.retry(step, || ());
            }
            world.check_rotated();
        }
    }
}

#[test]
fn a_copy_of_a_value_that_is_stored_is_brought_into_force() {
    // The target's password, and the pending value: a copy of the current one, of one before `masterarn`.
    let check = |in_force: &str, pending: &str| {
        let world = locked_out(&with_master("first"), Some(ADMIN));
        world.host.overwrite(&world.secret, "AWSPENDING", pending);
        world.server().user("app", in_force);
        world.steps(&[Step::SetSecret, Step::SetSecret, Step::TestSecret]);
        assert!(world.server().accepts("app", &world.password("AWSPENDING").unwrap()));
    };
    check("changed by hand", &with_master("first"));
    check("first", &with_master("first"));
    check("changed by hand", &secret("older", ""));
    check("first", &secret("older", r#","port":5432"#));
    check("older", &secret("older", r#","port":"5432","ssl":false"#));
}

#[test]
fn a_roll_back_brings_the_previous_value_into_force() {
    let check = |in_force: Option<&str>| {
        let world = World::with_secret(&with_master("first"));
        world.server().admin("admin", "master");
        world.host.secret("db/admin", ADMIN);
        world.steps(&Step::ALL);
        world.host.end_rotation(&world.secret);
        if let Some(password) = in_force {
            world.server().user("app", password);
        }
        // The initial version is previous, and becomes pending too.
        world.host.begin_rotation(&world.secret, "initial");
        world.steps(&[Step::SetSecret, Step::TestSecret, Step::FinishSecret]);
        assert_eq!(world.password("AWSCURRENT").as_deref(), Some("first"));
        assert!(world.server().accepts("app", "first"));
        assert_eq!(world.host.stages(&world.secret, TOKEN), ["AWSPREVIOUS"]);
    };
    check(None);
    check(Some("first"));
    check(Some("changed by hand"));
}
