//! Faults planted in the engine: the suite must notice each.

use keywheel_tests::sim::{Act, Bug, Ends, Plan, Rule, Scenario, run};

use super::between::interrupted;
use super::scenarios::ROTATE;
use super::workers::SHARED;
use super::{calls_of, one_death_each, sweep};

/// Runs with the fault until this rule breaks.
fn check(bug: Bug, rule: Rule, runs: impl Iterator<Item = (Scenario, Plan)>) {
    let ends = Ends::default();
    let breaks = |(scenario, plan): (Scenario, Plan)| {
        let report = run(&scenario, &Plan { bug: Some(bug), ..plan }, &ends);
        report.violations.iter().any(|violation| violation.rule == rule)
    };
    let found = runs.map(breaks).position(|is_broken| is_broken);
    assert!(found.is_some(), "{bug:?} was not noticed as {rule:?}");
}

#[test]
fn a_store_that_ignores_expectations_is_noticed() {
    let runs = interrupted(ROTATE, Act::Cancel, calls_of(&ROTATE).len());
    check(Bug::StoreIgnoresExpectations, Rule::Lost, runs.into_iter().map(|run| (run, Plan::default())));
}

#[test]
fn a_store_that_answers_before_the_disk_has_it_is_noticed() {
    let runs = one_death_each(&calls_of(&ROTATE));
    check(Bug::StoreAnswersTooEarly, Rule::Lost, runs.into_iter().map(|plan| (ROTATE, plan)));
}

#[test]
fn a_lease_without_a_fence_is_noticed() {
    let runs = interrupted(SHARED, Act::Seize, calls_of(&SHARED).len());
    check(Bug::LeaseWithoutFence, Rule::Fence, runs.into_iter().map(|run| (run, Plan::default())));
}

/// Not a fault of the engine, but what every function has to bear.
#[test]
fn steps_that_run_twice_do_no_harm() {
    let plans = one_death_each(&calls_of(&ROTATE)).into_iter();
    let plans: Vec<_> = plans.map(|plan| Plan { bug: Some(Bug::StepsRunTwice), ..plan }).collect();
    println!("{} runs with every step run twice", sweep(&ROTATE, &plans, &Ends::default()));
}
