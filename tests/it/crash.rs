//! Rotations that are killed at every call of a port, and the invariants that hold all the same.
//!
//! A death after one call and a death before the next leave the same world. The scenario `rotate` is
//! killed on both sides of every call, the others once between any two calls; pairs of deaths are those
//! that leave different worlds, and a sample of the others. `KEYWHEEL_SIM_FULL=1` runs all.
#![cfg(test)]

mod approvals;
mod between;
mod cases;
mod engines;
mod given_up;
mod keys;
mod pairs;
mod policies;
mod purposes;
mod rotators;
mod scenarios;
mod seeds;
mod told;
mod transitions;
mod verbs;
mod waits;
mod workers;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use keywheel_tests::sim::{Death, Ends, Plan, Port, Report, Scenario, When, run};

/// Broken rules that a failing test shows.
const SHOWN_MAX: usize = 5;

/// Whether everything is to be run, however long it takes.
fn full() -> bool {
    std::env::var("KEYWHEEL_SIM_FULL").is_ok_and(|value| value == "1")
}

/// The calls of a scenario in which nobody dies, up to the end of its script.
fn calls_of(scenario: &Scenario<'_>) -> Vec<Port> {
    run(scenario, &Plan::default(), &Ends::default()).calls.swap_remove(0)
}

/// Runs a scenario under each of these plans.
fn sweep(scenario: &Scenario<'_>, plans: &[Plan], ends: &Ends) -> usize {
    let runs: Vec<_> = plans.iter().map(|plan| (*scenario, plan.clone())).collect();
    sweep_all(scenario.name, &runs, ends)
}

/// Runs all of these on all processors, and returns how many there were. Each must keep every rule.
fn sweep_all(name: &str, runs: &[(Scenario<'_>, Plan)], ends: &Ends) -> usize {
    let (next, broken) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                while let Some((scenario, plan)) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let report = run(scenario, plan, ends);
                    if !report.violations.is_empty() {
                        broken.lock().unwrap().push(told(scenario, plan, &report));
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap();
    let shown = broken[..broken.len().min(SHOWN_MAX)].concat();
    assert!(broken.is_empty(), "{name}: {} of {} runs break a rule\n{shown}", broken.len(), runs.len());
    runs.len()
}

fn told(scenario: &Scenario<'_>, plan: &Plan, report: &Report) -> String {
    let (interrupt, Plan { deaths, seed, .. }) = (scenario.interrupt, plan);
    let rules: String = report.violations.iter().map(|violation| format!("  {violation:?}\n")).collect();
    let name = scenario.name;
    format!("{name}: {interrupt:?} {deaths:?} seed {seed}: {}\n{rules}", report.summary)
}

/// A plan with one death for each place between two of these calls: before each, and after the last. A
/// death after a call leaves what one before the next call leaves.
fn one_death_each(calls: &[Port]) -> Vec<Plan> {
    let last = calls.len().saturating_sub(1) as u64;
    let before = (0..calls.len() as u64).map(|call| Death { call, when: When::Before });
    let deaths = before.chain([Death { call: last, when: When::After }]);
    deaths.map(|death| Plan { deaths: vec![death], ..Plan::default() }).collect()
}

/// A plan with one death before and one with one after each of these calls.
fn two_deaths_each(calls: &[Port]) -> Vec<Plan> {
    let calls = 0..calls.len() as u64;
    let deaths = calls.flat_map(|call| [When::Before, When::After].map(|when| Death { call, when }));
    deaths.map(|death| Plan { deaths: vec![death], ..Plan::default() }).collect()
}
