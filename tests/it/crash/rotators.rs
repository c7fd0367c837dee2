//! Rotation functions that do it wrong: each is refused by the engine, or a rule notices it.

use keywheel_function_postgres::PostgresSingleUser;
use keywheel_sdk::database::DatabaseSecret;
use keywheel_sdk::secrets::{self, CURRENT, PENDING, PasswordRules, Value};
use keywheel_sdk::sql::{Connection, Engine, quote_literal};
use keywheel_sdk::{Event, Failure, Rotator, log, scram};
use keywheel_tests::sim::{Ends, Plan, ROLE, Report, Rule, Scenario, run};

use super::scenarios::ROTATE;
use super::{calls_of, one_death_each};

type Step = fn(&Event) -> Result<(), Failure>;

/// A function of four steps; those of [`GOOD`] are the real ones.
struct Made {
    create: Step,
    set: Step,
    test: Step,
    finish: Step,
}

impl Rotator for Made {
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        (self.create)(event)
    }

    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        (self.set)(event)
    }

    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        (self.test)(event)
    }

    fn finish_secret(&self, event: &Event) -> Result<(), Failure> {
        (self.finish)(event)
    }
}

const GOOD: Made = Made {
    create: |event| PostgresSingleUser.create_secret(event),
    set: |event| PostgresSingleUser.set_secret(event),
    test: |event| PostgresSingleUser.test_secret(event),
    finish: |event| PostgresSingleUser.finish_secret(event),
};

/// What is to notice it.
enum Caught {
    /// The engine: a failure with this in it is stored, and no rule is broken.
    Engine(&'static str),
    /// A rule.
    Rule(Rule),
}

const fn nothing(_: &Event) -> Result<(), Failure> {
    Ok(())
}

fn current(event: &Event) -> Result<DatabaseSecret, Failure> {
    Ok(DatabaseSecret::parse(&event.current()?.value)?)
}

/// The current value with another password.
fn renewed(event: &Event) -> Result<DatabaseSecret, Failure> {
    let password = secrets::get_random_password(&PasswordRules::default())?;
    Ok(current(event)?.with_password(&password))
}

/// Changes the password in the database, logged in with the current value.
fn give(event: &Event, wanted: &DatabaseSecret) -> Result<(), Failure> {
    let mut connection = Connection::open(&current(event)?.target(Engine::Postgres))?;
    let verifier = quote_literal(&scram::verifier(wanted.password()))?;
    connection.execute(&format!("ALTER ROLE \"{ROLE}\" PASSWORD {verifier}"), &[])?;
    Ok(())
}

fn put(event: &Event, token: &str, value: &Value, stage: &str) -> Result<(), Failure> {
    secrets::put_secret_value(&event.secret_id, token, value, &[stage], &event.rotation_token)?;
    Ok(())
}

fn finish_early(event: &Event) -> Result<(), Failure> {
    let description = secrets::describe_secret(&event.secret_id)?;
    let (to, from) = (event.client_request_token.as_str(), description.holder(CURRENT));
    Ok(secrets::update_secret_version_stage(&event.secret_id, CURRENT, Some(to), from)?)
}

static ROTATORS: [(&str, Made, Caught); 12] = [
    (
        "makes a new password in each attempt",
        Made { create: |event| Ok(event.put_pending(&renewed(event)?.to_value())?), ..GOOD },
        Caught::Engine("already in use for a version"),
    ),
    (
        "changes the target before the value is stored",
        Made {
            create: |event| {
                let wanted = renewed(event)?;
                give(event, &wanted)?;
                Ok(event.put_pending(&wanted.to_value())?)
            },
            ..GOOD
        },
        Caught::Rule(Rule::LockedOut),
    ),
    (
        "gives the target another password than the pending one",
        Made { set: |event| give(event, &renewed(event)?), ..GOOD },
        Caught::Rule(Rule::LockedOut),
    ),
    ("neither sets nor tests", Made { set: nothing, test: nothing, ..GOOD }, Caught::Rule(Rule::LockedOut)),
    (
        "finishes in createSecret",
        Made {
            create: |event| PostgresSingleUser.create_secret(event).and_then(|()| finish_early(event)),
            ..GOOD
        },
        Caught::Engine("moves labels in finishSecret only"),
    ),
    (
        "finishes before the test",
        Made { test: finish_early, ..GOOD },
        Caught::Engine("moves labels in finishSecret only"),
    ),
    (
        "says that it has finished",
        Made { finish: nothing, ..GOOD },
        Caught::Engine("returned from finishSecret without moving AWSCURRENT"),
    ),
    (
        "says that it has created",
        Made { create: nothing, ..GOOD },
        Caught::Engine("returned from createSecret without storing a value"),
    ),
    (
        "stores the new value as the current one",
        Made {
            create: |event| put(event, &event.client_request_token, &renewed(event)?.to_value(), CURRENT),
            ..GOOD
        },
        Caught::Engine("stores a value as AWSPENDING only"),
    ),
    (
        "stores under a token of its own",
        Made { create: |event| put(event, "T8", &renewed(event)?.to_value(), PENDING), ..GOOD },
        Caught::Engine("under its own ClientRequestToken only"),
    ),
    (
        "logs the password",
        Made {
            create: |event| {
                let wanted = renewed(event)?;
                log::info(&format!("the new password is {}", wanted.password().expose()));
                Ok(event.put_pending(&wanted.to_value())?)
            },
            ..GOOD
        },
        Caught::Rule(Rule::Plain),
    ),
    (
        "tells the password when it fails",
        Made {
            test: |event| {
                let password = current(event)?.password().expose().clone();
                Err(Failure::Permanent(format!("the server took {password} and not the new one")))
            },
            ..GOOD
        },
        Caught::Rule(Rule::Plain),
    ),
];

/// Whether this run shows what was planted.
fn shows(report: &Report, caught: &Caught) -> bool {
    match caught {
        Caught::Engine(part) => report.failures.iter().any(|failure| failure.contains(part)),
        Caught::Rule(rule) => report.violations.iter().any(|violation| violation.rule == *rule),
    }
}

#[test]
fn every_bad_rotator_is_caught() {
    let mut runs = 0;
    for (name, rotator, caught) in &ROTATORS {
        let scenario = Scenario { name, rotator, recovers: false, ..ROTATE };
        let deaths = one_death_each(&calls_of(&scenario));
        let ends = Ends::default();
        let mut is_caught = false;
        for plan in std::iter::once(Plan::default()).chain(deaths) {
            let report = run(&scenario, &plan, &ends);
            runs += 1;
            is_caught |= shows(&report, caught);
            let is_harmless = report.violations.is_empty();
            assert!(is_harmless || matches!(caught, Caught::Rule(_)), "{name}: {:?}", report.violations);
            // What a rule notices needs no second look; what the engine refuses must never do harm.
            if is_caught && matches!(caught, Caught::Rule(_)) {
                break;
            }
        }
        assert!(is_caught, "a function that {name} was not caught");
    }
    println!("{runs} runs of {} bad functions", ROTATORS.len());
}
