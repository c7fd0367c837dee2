//! Faults planted around the engine, each the mistake of some other system: the suite must notice each.
//!
//! They are planted in the ports. What a mutant of the domain's own functions does is seen through them: a
//! port that lies about an outcome makes the engine do what a wrong rule would.

use keywheel_domain::rotation::Step;
use keywheel_tests::sim::{
    Act, Bug, Death, Ends, Failing, Fault, How, Plan, Port, Rule, Scenario, Trigger, When, run,
};

use super::between::interrupted;
use super::cases::Case;
use super::scenarios::ROTATE;
use super::workers::SHARED;
use super::{calls_of, one_death_each, policies, sweep, told};

/// Runs with the fault until this rule breaks. Without the fault no rule breaks in these runs.
fn check(bug: Bug, rule: Rule, runs: impl IntoIterator<Item = (Scenario<'static>, Plan)>) {
    let breaks = |(scenario, plan): (Scenario<'_>, Plan)| {
        let good = run(&scenario, &plan, &Ends::default());
        assert!(good.violations.is_empty(), "without {bug:?}: {:?}", good.violations);
        let report = run(&scenario, &Plan { bug: Some(bug), ..plan }, &Ends::default());
        report.violations.iter().any(|violation| violation.rule == rule)
    };
    assert!(runs.into_iter().any(breaks), "{bug:?} was not noticed as {rule:?}");
}

/// Runs of one scenario in which nobody dies.
fn undisturbed(scenario: Scenario<'static>) -> [(Scenario<'static>, Plan); 1] {
    [(scenario, Plan::default())]
}

const fn failing(failing: &'static [Failing]) -> Scenario<'static> {
    Scenario { failing, ..ROTATE }
}

#[test]
fn recreate_the_password_on_a_retry() {
    const AFTERWARDS: Failing = Failing { step: Step::CreateSecret, times: 1, how: How::Afterwards };
    check(Bug::RecreatesTheValue, Rule::Token, undisturbed(failing(&[AFTERWARDS])));
}

#[test]
fn finish_before_test() {
    check(Bug::FinishesBeforeTest, Rule::Labels, undisturbed(ROTATE));
}

#[test]
fn commit_without_expect() {
    let runs = interrupted(ROTATE, Act::Cancel, calls_of(&ROTATE).len());
    check(Bug::StoreIgnoresExpectations, Rule::Lost, runs.into_iter().map(|run| (run, Plan::default())));
}

/// The statement is done, the process dies, and what is on disk says that it was never begun: a person who
/// cancels then throws away the only password that the server takes.
#[test]
fn journal_inside_the_transaction() {
    check(Bug::LeaseInTheTransaction, Rule::Fence, undisturbed(ROTATE));
    let scenario = Scenario { interrupt: Some((Trigger::Restart, Act::Cancel)), ..ROTATE };
    let calls = calls_of(&ROTATE).into_iter().enumerate();
    let statements = calls.filter(|(_, port)| *port == Port::Statement);
    let plans = statements.map(|(call, _)| {
        let death = Death { call: call as u64, when: When::After };
        (scenario, Plan { deaths: vec![death], ..Plan::default() })
    });
    check(Bug::LeaseInTheTransaction, Rule::LockedOut, plans);
}

#[test]
fn answer_before_the_disk_has_it() {
    let runs = one_death_each(&calls_of(&ROTATE));
    check(Bug::StoreAnswersTooEarly, Rule::Lost, runs.into_iter().map(|plan| (ROTATE, plan)));
}

#[test]
fn lease_without_fencing() {
    let runs = interrupted(SHARED, Act::Seize, calls_of(&SHARED).len());
    check(Bug::LeaseWithoutFence, Rule::Fence, runs.into_iter().map(|run| (run, Plan::default())));
}

#[test]
fn promote_after_a_failed_step() {
    const DENIED: Scenario<'_> = Scenario { faults: &[(2, Fault::Deny)], ..ROTATE };
    check(Bug::FailedStepsCountAsDone, Rule::LockedOut, undisturbed(DENIED));
}

#[test]
fn retry_for_ever_a_password_that_the_target_rejects() {
    const REJECTED: Failing = Failing { step: Step::SetSecret, times: 1, how: How::Rejected("T1") };
    check(Bug::RejectionsAreRetried, Rule::Ends, undisturbed(failing(&[REJECTED])));
}

/// The scenario of this name.
fn named(cases: &[Case], name: &str) -> Scenario<'static> {
    cases.iter().map(|(scenario, _)| *scenario).find(|scenario| scenario.name == name).expect("there is one")
}

#[test]
fn leave_an_event_out() {
    check(Bug::EventsAreLeftOut, Rule::Told, undisturbed(named(told::CASES, "events are told")));
}

#[test]
fn begin_in_a_blackout() {
    let scenario = named(policies::CASES, "a blackout is set before a slot");
    check(Bug::PoliciesAreForgotten, Rule::Calendar, undisturbed(scenario));
}

/// Not a fault of the engine, but what every function has to bear.
#[test]
fn steps_that_run_twice_do_no_harm() {
    let plans = one_death_each(&calls_of(&ROTATE)).into_iter();
    let plans: Vec<_> = plans.map(|plan| Plan { bug: Some(Bug::StepsRunTwice), ..plan }).collect();
    println!("{} runs with every step run twice", sweep(&ROTATE, &plans, &Ends::default()));
}
