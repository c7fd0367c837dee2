//! Two users that take turns: at every moment `AWSCURRENT` logs in.

use keywheel_sdk::Step;
use keywheel_sdk::testing::{Brand, Fault};

use super::admin::{ADMIN, ADMIN_ARN, with_master};
use super::{BRANDS, TOKEN, World};
use crate::MysqlAlternatingUsers;

const GRANTS: [&str; 2] = ["SELECT, INSERT ON `shop`.*", "UPDATE (`a`) ON `shop`.`t`"];

fn world(brand: Brand) -> World {
    let mut world = World::with_secret(brand, &with_master("first"));
    world.rotator = &MysqlAlternatingUsers;
    world.server().admin("root", "master");
    for grant in GRANTS {
        world.server().grant("app", grant);
    }
    assert_eq!(world.host.secret("db/admin", ADMIN), ADMIN_ARN);
    world
}

/// Another rotation, from its start.
fn begin(world: &World, token: &str) {
    world.host.end_rotation(&world.secret);
    world.host.begin_rotation(&world.secret, token);
}

#[test]
fn two_users_take_turns_with_the_same_privileges() {
    for brand in BRANDS {
        let world = world(brand);
        for (token, user) in [(TOKEN, "app_clone"), ("token-2", "app"), ("token-3", "app_clone")] {
            if token != TOKEN {
                begin(&world, token);
            }
            for step in Step::ALL {
                world.steps(&[step, step]);
                assert!(world.logs_in("AWSCURRENT"));
            }
            assert_eq!(world.member("AWSCURRENT", "username").as_deref(), Some(user));
            assert!(world.logs_in("AWSPREVIOUS"));
            assert_eq!(world.server().grants("app_clone"), GRANTS);
            world.check_shown(&world.password("AWSCURRENT").unwrap());
        }
    }
}

#[test]
fn survives_any_fault_at_any_call_and_the_current_value_logs_in_throughout() {
    let run = |world: &World| {
        for step in Step::ALL {
            world.persist(step, || {
                assert!(world.logs_in("AWSCURRENT"));
                // A clone that can log in is whole.
                assert!(!world.logs_in("AWSPENDING") || world.server().grants("app_clone") == GRANTS);
            });
        }
        assert!(world.logs_in("AWSCURRENT") && world.logs_in("AWSPREVIOUS"));
        assert_eq!(world.server().grants("app_clone"), GRANTS);
    };
    let first = {
        let world = world(Brand::MariaDb);
        run(&world);
        world.host.calls().len()
    };
    for call in 0..2 * first {
        for fault in Fault::ALL {
            let world = world(Brand::MariaDb);
            world.host.fault_at(call, fault);
            run(&world);
            begin(&world, "token-2");
            run(&world);
            assert_eq!(world.member("AWSCURRENT", "username").as_deref(), Some("app"));
        }
    }
}

#[test]
fn a_grant_that_the_original_got_since_is_given_to_the_clone() {
    let world = world(Brand::MariaDb);
    world.steps(&Step::ALL);
    begin(&world, "token-2");
    world.steps(&Step::ALL);
    world.server().grant("app", "DELETE ON `shop`.`t`");
    begin(&world, "token-3");
    world.steps(&Step::ALL);
    assert!(world.server().grants("app_clone").contains(&"DELETE ON `shop`.`t`".to_owned()));
}

#[test]
fn roles_of_mysql_are_in_force_after_the_login() {
    let world = world(Brand::Mysql);
    world.server().grant("app", "`reader`@`%`");
    world.steps(&Step::ALL);
    let grants = world.server().grants("app_clone");
    assert!(grants.contains(&"`reader`@`%`".to_owned()) && grants.contains(&"default roles".to_owned()));
}

#[test]
fn who_cannot_log_in_gets_no_copy() {
    let world = world(Brand::MariaDb);
    world.steps(&[Step::CreateSecret]);
    world.server().user("app", "changed by hand");
    world.check_refused(Step::SetSecret, "cannot log in with the current password");
    assert_eq!(world.server().statements(), [""; 0]);
}

#[test]
fn a_copy_of_the_current_value_is_made_good() {
    let world = world(Brand::MariaDb);
    world.steps(&Step::ALL);
    begin(&world, "token-2");
    world.steps(&[Step::CreateSecret]);
    let current = world.host.text(&world.secret, "AWSCURRENT").unwrap();
    world.host.overwrite(&world.secret, "AWSPENDING", &current);
    world.server().user("app_clone", "changed by hand");
    world.steps(&[Step::SetSecret, Step::TestSecret]);
    assert!(world.logs_in("AWSCURRENT"));
}

#[test]
fn what_is_missing_is_told_before_anything_changes() {
    let mut other = World::new(Brand::MariaDb);
    other.rotator = &MysqlAlternatingUsers;
    other.check_refused(Step::CreateSecret, "no key `masterarn`");

    let world = world(Brand::MariaDb);
    world.steps(&[Step::CreateSecret]);
    let pending = world.host.text(&world.secret, "AWSPENDING").unwrap();
    for (from, to, part) in
        [("app_clone", "root", "`username`"), (r#""host":"db""#, r#""host":"evil""#, "`host`")]
    {
        world.host.overwrite(&world.secret, "AWSPENDING", &pending.replace(from, to));
        world.check_refused(Step::SetSecret, part);
    }
    assert!(!world.host.calls().contains(&"open"));

    // The clone is what the secret says, and its original is not there.
    let value = with_master("first").replace(r#""app""#, r#""app_clone""#);
    let mut clone = World::with_secret(Brand::MariaDb, &value);
    clone.rotator = &MysqlAlternatingUsers;
    clone.server().admin("root", "master").user("app_clone", "first").drop_user("app");
    clone.host.secret("db/admin", ADMIN);
    clone.steps(&[Step::CreateSecret]);
    clone.check_refused(Step::SetSecret, "user `app` does not exist");
}
