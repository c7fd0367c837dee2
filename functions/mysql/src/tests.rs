//! The functions on an in-memory host: whole rotations, faults at every call, refusals.

use keywheel_sdk::testing::{Brand, Fault, InMemory, Outcome, Reach, Server};
use keywheel_sdk::{Failure, Rotator, Step};

use crate::MysqlSingleUser;

mod admin;
mod alternating;

const TOKEN: &str = "token-1";
/// How often a step is tried before a test gives up on it.
const ATTEMPTS_MAX: usize = 4;
const BRANDS: [Brand; 2] = [Brand::MariaDb, Brand::Mysql];
const VALUE: &str =
    r#"{"engine":"mariadb","host":"db","port":3306,"username":"app","password":"first","team":"blue"}"#;

struct World {
    host: InMemory,
    secret: String,
    rotator: &'static dyn Rotator,
    brand: Brand,
}

impl World {
    fn new(brand: Brand) -> Self {
        Self::with_secret(brand, VALUE)
    }

    fn with_secret(brand: Brand, value: &str) -> Self {
        let host = InMemory::new();
        host.mysql_server("db", 3306, brand).user("app", "first");
        let secret = host.secret("db/app", value);
        host.begin_rotation(&secret, TOKEN);
        Self { host, secret, rotator: &MysqlSingleUser, brand }
    }

    fn server(&self) -> Server {
        self.host.mysql_server("db", 3306, self.brand)
    }

    fn step(&self, step: Step) -> Outcome {
        self.host.invoke(self.rotator, &self.secret, step)
    }

    fn steps(&self, steps: &[Step]) {
        for step in steps {
            assert_eq!(self.step(*step), Outcome::Done, "{step:?}");
        }
    }

    /// As the host does: the step again, as long as it may pass.
    fn persist(&self, step: Step, check: impl Fn()) {
        for _ in 0..ATTEMPTS_MAX {
            match self.step(step) {
                Outcome::Done => return,
                Outcome::Killed | Outcome::Failed(Failure::Retry(_)) => check(),
                outcome => panic!("{step:?}: {outcome:?}"),
            }
        }
        panic!("{step:?} does not end");
    }

    /// A text in a value.
    fn member(&self, stage: &str, key: &str) -> Option<String> {
        let text = self.host.text(&self.secret, stage)?;
        let (_, rest) = text.split_once(&format!(r#""{key}":""#))?;
        // A password is followed by `team`, and may hold what ends a JSON text.
        let end = if key == "password" { r#"","team""# } else { "\"" };
        let (json, _) = rest.split_once(end)?;
        Some(json.replace(r#"\""#, "\"").replace(r"\\", r"\"))
    }

    fn password(&self, stage: &str) -> Option<String> {
        self.member(stage, "password")
    }

    fn logs_in(&self, stage: &str) -> bool {
        let (user, password) = (self.member(stage, "username"), self.password(stage));
        user.zip(password).is_some_and(|(user, password)| self.server().accepts(&user, &password))
    }

    fn check_nobody_is_locked_out(&self) {
        assert!(["AWSCURRENT", "AWSPENDING"].into_iter().any(|stage| self.logs_in(stage)));
    }

    fn check_rotated(&self) {
        let current = self.password("AWSCURRENT").unwrap();
        assert!(self.server().accepts("app", &current) && current != "first");
        assert!(!self.server().accepts("app", "first"));
        assert!(self.host.stages(&self.secret, TOKEN).contains(&"AWSCURRENT".to_owned()));
        assert_eq!(self.password("AWSPREVIOUS").as_deref(), Some("first"));
        self.check_shown(&current);
    }

    /// No log of ours and no log of the server shows the password.
    fn check_shown(&self, password: &str) {
        for line in self.host.log_lines().iter().chain(&self.server().statements()) {
            assert!(!line.contains(password) && !line.contains("first"), "{line}");
        }
    }

    fn check_refused(&self, step: Step, part: &str) {
        match self.step(step) {
            Outcome::Failed(Failure::Permanent(message)) => assert!(message.contains(part), "{message}"),
            other => panic!("{other:?} instead of a refusal with {part:?}"),
        }
    }
}

#[test]
fn rotates_with_every_step_run_twice() {
    for brand in BRANDS {
        let world = World::new(brand);
        for step in Step::ALL {
            world.steps(&[step]);
            let (value, stages) =
                (world.host.text(&world.secret, "AWSPENDING"), world.host.stages(&world.secret, TOKEN));
            world.steps(&[step]);
            assert_eq!(world.host.text(&world.secret, "AWSPENDING"), value);
            assert_eq!(world.host.stages(&world.secret, TOKEN), stages);
        }
        world.check_rotated();
        let statements = world.server().statements();
        let changes =
            statements.iter().filter(|text| text.starts_with("SET PASSWORD") || text.starts_with("ALTER"));
        assert_eq!(changes.count(), 1, "{statements:#?}");
    }
}

#[test]
fn creating_touches_no_server() {
    let world = World::new(Brand::MariaDb);
    world.steps(&[Step::CreateSecret]);
    assert_eq!(
        world.host.calls(),
        ["get-secret-value", "get-secret-value", "get-random-password", "put-secret-value"]
    );
    assert!(world.server().accepts("app", "first"));
}

#[test]
fn survives_any_fault_at_any_call() {
    for brand in BRANDS {
        let calls_max = {
            let world = World::new(brand);
            world.steps(&Step::ALL);
            world.host.calls().len()
        };
        for call in 0..calls_max {
            for fault in Fault::ALL {
                let world = World::new(brand);
                world.host.fault_at(call, fault);
                Step::ALL
                    .into_iter()
                    .for_each(|step| world.persist(step, || world.check_nobody_is_locked_out()));
                world.check_rotated();
            }
        }
    }
}

#[test]
fn survives_two_deaths_or_lost_answers() {
    for first in 0..14 {
        for second in first + 1..first + 7 {
            for fault in [Fault::KillAfter, Fault::LoseAnswer] {
                let world = World::new(Brand::MariaDb);
                world.host.fault_at(first, fault);
                world.host.fault_at(second, fault);
                Step::ALL
                    .into_iter()
                    .for_each(|step| world.persist(step, || world.check_nobody_is_locked_out()));
                world.check_rotated();
            }
        }
    }
}

#[test]
fn a_pending_value_for_another_login_is_refused_before_any_connection() {
    let check = |from: &str, to: &str, part: &str| {
        let world = World::new(Brand::MariaDb);
        world.steps(&[Step::CreateSecret]);
        let pending = world.host.text(&world.secret, "AWSPENDING").unwrap();
        world.host.overwrite(&world.secret, "AWSPENDING", &pending.replace(from, to));
        world.check_refused(Step::SetSecret, part);
        assert!(!world.host.calls().contains(&"open"));
        assert!(world.server().accepts("app", "first"));
    };
    check(r#""host":"db""#, r#""host":"evil""#, "`host`");
    check(r#""port":3306"#, r#""port":3307"#, "`port`");
    check(r#""username":"app""#, r#""username":"root""#, "`username`");
    check(r#""engine":"mariadb""#, r#""engine":"postgres""#, "`engine`");
}

#[test]
fn a_password_that_was_changed_outside_is_reported_and_left_alone() {
    let world = World::new(Brand::MariaDb);
    world.server().user("app", "changed by hand");
    world.steps(&[Step::CreateSecret]);
    world.check_refused(Step::SetSecret, "neither the pending, the current nor the previous password");
    world.check_refused(Step::SetSecret, "under the key `masterarn`");
    let tested = world.step(Step::TestSecret);
    assert!(
        matches!(&tested, Outcome::Failed(Failure::Refused(told)) if told.contains("refused the pending")),
        "{tested:?}"
    );
    assert!(world.server().accepts("app", "changed by hand"));
}

#[test]
fn the_previous_password_is_tried_last_and_only_for_the_same_login() {
    let rotated = || {
        let world = World::new(Brand::MariaDb);
        world.steps(&Step::ALL);
        world.host.end_rotation(&world.secret);
        // The target was restored from a backup of the time before the rotation.
        world.server().user("app", "first");
        world.host.begin_rotation(&world.secret, "token-2");
        world.steps(&[Step::CreateSecret]);
        world
    };
    let world = rotated();
    world.steps(&[Step::SetSecret, Step::TestSecret, Step::FinishSecret]);
    assert!(world.logs_in("AWSCURRENT"));

    let world = rotated();
    let previous = world.host.text(&world.secret, "AWSPREVIOUS").unwrap();
    world.host.overwrite(&world.secret, "AWSPREVIOUS", &previous.replace("\"db\"", "\"other\""));
    world.check_refused(Step::SetSecret, "neither");
}

#[test]
fn a_server_out_of_reach_has_not_refused_a_password() {
    let check = |reach: Reach, expected: fn(&Failure) -> bool| {
        let world = World::new(Brand::MariaDb);
        world.steps(&[Step::CreateSecret]);
        world.server().set_reach(reach);
        for step in [Step::SetSecret, Step::TestSecret] {
            let Outcome::Failed(failure) = world.step(step) else { panic!("{step:?} succeeded") };
            assert!(expected(&failure), "{failure:?}");
            assert!(failure.to_string().starts_with("connecting to the server"), "{failure}");
        }
        assert_eq!(world.host.calls().iter().filter(|call| **call == "open").count(), 2);
    };
    check(Reach::Stopped, |failure| matches!(failure, Failure::Retry(_)));
    check(Reach::Forbidden, |failure| matches!(failure, Failure::Permanent(_)));
}

#[test]
fn mysql_is_not_sent_a_password_in_clear_text() {
    let world = World::new(Brand::UnencryptedMysql);
    world.steps(&[Step::CreateSecret]);
    world.check_refused(Step::SetSecret, "the connection is not encrypted");
    assert!(world.server().accepts("app", "first"));
}

#[test]
fn a_secret_of_the_wrong_shape_is_named_by_its_key() {
    let check = |value: &str, part: &str| {
        World::with_secret(Brand::MariaDb, value).check_refused(Step::CreateSecret, part);
    };
    check("hunter2", "not a JSON object");
    check(
        r#"{"engine":"postgres","host":"db","username":"app","password":"first"}"#,
        "`engine` must be `mysql` or `mariadb`",
    );
    check(r#"{"engine":"mysql","username":"app","password":"first"}"#, "no key `host`");
    World::new(Brand::MariaDb).check_refused(Step::SetSecret, "createSecret has not stored one");
}
