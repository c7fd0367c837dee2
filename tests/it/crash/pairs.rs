//! Two deaths: the second while the rotation recovers from the first.

use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::sim::{Death, Ends, Plan, Port, When, run};

use super::scenarios::ROTATE;
use super::{full, sweep};

/// Pairs that are drawn from all, with this seed.
const SAMPLE: usize = 250;
const SAMPLE_SEED: u64 = 20_251_123;

/// Deaths after the calls that change something: every other death leaves a world that one of these
/// leaves too, but for the time of day.
fn distinct(calls: &[Port]) -> Vec<Death> {
    let changing = calls.iter().enumerate().filter(|(_, port)| port.has_effect());
    changing.map(|(call, _)| Death { call: call as u64, when: When::After }).collect()
}

fn all(calls: &[Port]) -> Vec<Death> {
    let deaths =
        (0..calls.len() as u64).flat_map(|call| [When::Before, When::After].map(|when| Death { call, when }));
    deaths.collect()
}

/// The calls of the life that follows this death.
fn recovery(death: Death, ends: &Ends) -> Vec<Port> {
    let plan = Plan { deaths: vec![death], ..Plan::default() };
    run(&ROTATE, &plan, ends).calls.pop().unwrap_or_default()
}

fn pairs(firsts: &[Death], ends: &Ends, seconds: fn(&[Port]) -> Vec<Death>) -> Vec<Plan> {
    let of = |first: &Death| {
        let first = *first;
        let plan = move |second| Plan { deaths: vec![first, second], ..Plan::default() };
        seconds(&recovery(first, ends)).into_iter().map(plan)
    };
    firsts.iter().flat_map(of).collect()
}

/// Some of all pairs, the same ones in every run of the test.
fn sample(calls: &[Port], ends: &Ends) -> Vec<Plan> {
    let (random, firsts) = (SimEntropy::new(SAMPLE_SEED), all(calls));
    let draw = |deaths: &[Death]| deaths[(random.number() % deaths.len() as u64) as usize];
    let one = |_| {
        let first = draw(&firsts);
        let second = draw(&all(&recovery(first, ends)));
        Plan { deaths: vec![first, second], seed: random.number(), ..Plan::default() }
    };
    (0..SAMPLE).map(one).collect()
}

#[test]
fn every_rule_holds_when_the_process_dies_twice() {
    let ends = Ends::default();
    let calls = run(&ROTATE, &Plan::default(), &ends).calls.swap_remove(0);
    let plans = if full() {
        pairs(&all(&calls), &ends, all)
    } else {
        let mut plans = pairs(&distinct(&calls), &ends, distinct);
        plans.extend(sample(&calls, &ends));
        plans
    };
    println!("{} runs with two deaths", sweep(&ROTATE, &plans, &ends));
}
