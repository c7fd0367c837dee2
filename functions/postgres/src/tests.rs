//! The function on an in-memory host: whole rotations, faults at every call, refusals.

use keywheel_sdk::testing::{Fault, InMemory, Outcome, Reach, Server};
use keywheel_sdk::{Failure, Rotator, Step};

use crate::PostgresSingleUser;

mod admin;
mod alternating;

const TOKEN: &str = "token-1";
/// How often a step is tried before a test gives up on it.
const ATTEMPTS_MAX: usize = 4;

struct World {
    host: InMemory,
    secret: String,
    rotator: &'static dyn Rotator,
}

impl World {
    fn new() -> Self {
        Self::with_secret(
            r#"{"engine":"postgres","host":"db","port":5432,"username":"app","password":"first","team":"blue"}"#,
        )
    }

    fn with_secret(value: &str) -> Self {
        let host = InMemory::new();
        host.server("db", 5432).user("app", "first");
        let secret = host.secret("db/app", value);
        host.begin_rotation(&secret, TOKEN);
        Self { host, secret, rotator: &PostgresSingleUser }
    }

    fn server(&self) -> Server {
        self.host.server("db", 5432)
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
    fn persist(&self, step: Step) {
        self.retry(step, || self.check_nobody_is_locked_out());
    }

    fn retry(&self, step: Step, check: impl Fn()) {
        for _ in 0..ATTEMPTS_MAX {
            match self.step(step) {
                Outcome::Done => return,
                Outcome::Killed | Outcome::Failed(Failure::Retry(_)) => check(),
                outcome => panic!("{step:?}: {outcome:?}"),
            }
        }
        panic!("{step:?} does not end");
    }

    fn password(&self, stage: &str) -> Option<String> {
        let text = self.host.text(&self.secret, stage)?;
        let (_, rest) = text.split_once(r#""password":""#)?;
        let (json, _) = rest.split_once(r#"","team""#)?;
        Some(json.replace(r#"\""#, "\"").replace(r"\\", r"\"))
    }

    fn check_nobody_is_locked_out(&self) {
        let stored = ["AWSCURRENT", "AWSPENDING"].into_iter().filter_map(|stage| self.password(stage));
        assert!(stored.into_iter().any(|password| self.server().accepts("app", &password)));
    }

    fn check_rotated(&self) {
        let current = self.password("AWSCURRENT").unwrap();
        assert!(self.server().accepts("app", &current) && current != "first");
        assert!(!self.server().accepts("app", "first"));
        assert!(self.host.stages(&self.secret, TOKEN).contains(&"AWSCURRENT".to_owned()));
        assert_eq!(self.password("AWSPREVIOUS").as_deref(), Some("first"));
        for line in self.host.log_lines().iter().chain(&self.server().statements()) {
            assert!(!line.contains(&current) && !line.contains("first"), "{line}");
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
    let world = World::new();
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
    assert_eq!(statements.iter().filter(|statement| statement.starts_with("ALTER")).count(), 1);
}

#[test]
fn creating_touches_no_server() {
    let world = World::new();
    world.steps(&[Step::CreateSecret]);
    assert_eq!(
        world.host.calls(),
        ["get-secret-value", "get-secret-value", "get-random-password", "put-secret-value"]
    );
    assert!(world.server().accepts("app", "first"));
}

#[test]
fn survives_any_fault_at_any_call() {
    let calls_max = {
        let world = World::new();
        world.steps(&Step::ALL);
        world.host.calls().len()
    };
    for call in 0..calls_max {
        for fault in Fault::ALL {
            let world = World::new();
            world.host.fault_at(call, fault);
            Step::ALL.into_iter().for_each(|step| world.persist(step));
            world.check_rotated();
        }
    }
}

#[test]
fn survives_two_deaths_or_lost_answers() {
    for first in 0..12 {
        for second in first + 1..first + 6 {
            for fault in [Fault::KillAfter, Fault::LoseAnswer] {
                let world = World::new();
                world.host.fault_at(first, fault);
                world.host.fault_at(second, fault);
                Step::ALL.into_iter().for_each(|step| world.persist(step));
                world.check_rotated();
            }
        }
    }
}

#[test]
fn a_pending_value_for_another_login_is_refused_before_any_connection() {
    let check = |from: &str, to: &str, part: &str| {
        let world = World::new();
        world.steps(&[Step::CreateSecret]);
        let pending = world.host.text(&world.secret, "AWSPENDING").unwrap();
        world.host.overwrite(&world.secret, "AWSPENDING", &pending.replace(from, to));
        world.check_refused(Step::SetSecret, part);
        assert!(!world.host.calls().contains(&"open"));
        assert!(world.server().accepts("app", "first"));
    };
    check(r#""host":"db""#, r#""host":"evil""#, "`host`");
    check(r#""port":5432"#, r#""port":5433"#, "`port`");
    check(r#""username":"app""#, r#""username":"admin""#, "`username`");
    check(r#""engine":"postgres""#, r#""engine":"mysql""#, "`engine`");
}

#[test]
fn a_password_that_was_changed_outside_is_reported_and_left_alone() {
    let world = World::new();
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
        let world = World::new();
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
    assert!(world.server().accepts("app", &world.password("AWSCURRENT").unwrap()));

    let world = rotated();
    let previous = world.host.text(&world.secret, "AWSPREVIOUS").unwrap();
    world.host.overwrite(&world.secret, "AWSPREVIOUS", &previous.replace("\"db\"", "\"other\""));
    world.check_refused(Step::SetSecret, "neither");
}

#[test]
fn a_server_out_of_reach_has_not_refused_a_password() {
    let check = |reach: Reach, expected: fn(&Failure) -> bool| {
        let world = World::new();
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
fn a_secret_of_the_wrong_shape_is_named_by_its_key() {
    let check = |value: &str, part: &str| {
        World::with_secret(value).check_refused(Step::CreateSecret, part);
    };
    check("hunter2", "not a JSON object");
    check(
        r#"{"engine":"mysql","host":"db","username":"app","password":"first"}"#,
        "`engine` must be `postgres`",
    );
    check(r#"{"engine":"postgres","username":"app","password":"first"}"#, "no key `host`");
    World::new().check_refused(Step::SetSecret, "createSecret has not stored one");
}

#[test]
fn finishing_late_does_not_bring_an_old_value_back() {
    let world = World::new();
    world.steps(&[Step::CreateSecret, Step::SetSecret, Step::TestSecret]);
    let late = world.host.event(&world.secret, Step::FinishSecret);
    world.host.end_rotation(&world.secret);
    world.host.begin_rotation(&world.secret, "token-2");
    let outcome = keywheel_sdk::testing::invoke(world.host.clone(), &PostgresSingleUser, &late);
    assert!(matches!(outcome, Outcome::Failed(Failure::Permanent(_))), "{outcome:?}");
    assert_eq!(world.password("AWSCURRENT").as_deref(), Some("first"));
}
