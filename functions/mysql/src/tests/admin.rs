//! The order in which `setSecret` tries what it has, and the admin user as its last resort.

use keywheel_sdk::Step;
use keywheel_sdk::testing::{Brand, Fault};

use super::{BRANDS, World};

pub(super) const ADMIN_ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db/admin-AbCdEf";
pub(super) const ADMIN: &str =
    r#"{"engine":"mysql","host":"db","port":"3306","username":"root","password":"master"}"#;

pub(super) fn with_master(password: &str) -> String {
    format!(
        r#"{{"engine":"mysql","host":"db","masterarn":"{ADMIN_ARN}","username":"app","password":"{password}","team":"blue"}}"#
    )
}

/// A user whose password somebody has changed, an admin, and a pending value that is not yet in force.
fn locked_out(brand: Brand, value: &str, admin: Option<&str>) -> World {
    let world = World::with_secret(brand, value);
    world.server().user("app", "changed by hand").admin("root", "master");
    if let Some(admin) = admin {
        assert_eq!(world.host.secret("db/admin", admin), ADMIN_ARN);
    }
    world.steps(&[Step::CreateSecret]);
    world
}

#[test]
fn the_admin_sets_what_no_password_of_the_secret_can() {
    for brand in BRANDS {
        let world = locked_out(brand, &with_master("first"), Some(ADMIN));
        world.steps(&[Step::SetSecret, Step::SetSecret, Step::TestSecret, Step::FinishSecret]);
        world.check_rotated();
        assert!(world.server().accepts("root", "master"));
        let told = world.host.log_lines().join("\n");
        assert!(told.contains("the admin user of `masterarn`") && !told.contains("master\""), "{told}");
    }
}

#[test]
fn a_repair_survives_any_fault_at_any_call() {
    let calls_max = {
        let world = locked_out(Brand::MariaDb, &with_master("first"), Some(ADMIN));
        world.steps(&[Step::SetSecret]);
        world.host.calls().len()
    };
    for call in 0..calls_max {
        for fault in Fault::ALL {
            let world = World::with_secret(Brand::MariaDb, &with_master("first"));
            world.server().user("app", "changed by hand").admin("root", "master");
            world.host.secret("db/admin", ADMIN);
            world.host.fault_at(call, fault);
            Step::ALL.into_iter().for_each(|step| world.persist(step, || {}));
            world.check_rotated();
        }
    }
}

#[test]
fn without_an_admin_that_works_the_step_says_what_is_missing() {
    let check = |value: &str, admin: Option<&str>, part: &str| {
        let world = locked_out(Brand::MariaDb, value, admin);
        world.check_refused(Step::SetSecret, part);
        assert!(world.server().accepts("app", "changed by hand"));
        assert_eq!(world.server().statements(), [""; 0]);
    };
    let value = with_master("first");
    check(super::VALUE, Some(ADMIN), "name the secret of an admin user under the key `masterarn`");
    check(&value, None, "cannot be read (ResourceNotFoundException: ");
    check(&value, Some("x"), "reading the secret that `masterarn` names: the secret value is not a JSON");
    check(
        &value,
        Some(&ADMIN.replace("master\"", "wrong\"")),
        "it refused the admin user of `masterarn` too",
    );
    for (from, to) in [
        (r#""host":"db""#, r#""host":"elsewhere""#),
        (r#""3306""#, "3307"),
        (r#""engine":"mysql""#, r#""engine":"postgres""#),
    ] {
        check(&value, Some(&ADMIN.replace(from, to)), "`mysql` or `mariadb`, `db` and 3306");
    }
    let world = locked_out(Brand::MariaDb, &value, Some(ADMIN));
    world.host.deny_reading(ADMIN_ARN);
    world.check_refused(Step::SetSecret, "`ReadableSecretIds` of the secret's rotation policy must name it");
}

#[test]
fn an_account_that_is_gone_is_told() {
    let world = locked_out(Brand::MariaDb, &with_master("first"), Some(ADMIN));
    world.server().drop_user("app");
    world.check_refused(Step::SetSecret, "there is no account of that name");
}
