//! Two deaths: the second while the rotation recovers from the first.

use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::sim::{Death, Ends, Plan, Port, Scenario, When, run};

use super::cases;
use super::scenarios::ROTATE;
use super::{full, sweep, sweep_all};

/// Pairs that are drawn from all of the main scenario, with this seed.
const SAMPLE: usize = 150;
/// Pairs that are drawn from all of the other scenarios.
const SAMPLE_OTHERS: usize = 250;
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
fn recovery(scenario: &Scenario<'_>, death: Death, ends: &Ends) -> Vec<Port> {
    let plan = Plan { deaths: vec![death], ..Plan::default() };
    run(scenario, &plan, ends).calls.pop().unwrap_or_default()
}

fn pairs(firsts: &[Death], ends: &Ends, seconds: fn(&[Port]) -> Vec<Death>) -> Vec<Plan> {
    let of = |first: &Death| {
        let first = *first;
        let plan = move |second| Plan { deaths: vec![first, second], ..Plan::default() };
        seconds(&recovery(&ROTATE, first, ends)).into_iter().map(plan)
    };
    firsts.iter().flat_map(of).collect()
}

/// Some of all pairs, the same ones in every run of the test.
fn sample(calls: &[Port], ends: &Ends) -> Vec<Plan> {
    let (random, firsts) = (SimEntropy::new(SAMPLE_SEED), all(calls));
    let draw = |deaths: &[Death]| deaths[(random.number() % deaths.len() as u64) as usize];
    let one = |_| {
        let first = draw(&firsts);
        let second = draw(&all(&recovery(&ROTATE, first, ends)));
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

/// Some of all pairs of all other scenarios.
#[test]
fn every_rule_holds_when_the_process_dies_twice_in_any_scenario() {
    let (random, cases) = (SimEntropy::new(SAMPLE_SEED), cases::all());
    let below = |count: usize| (random.number() % count.max(1) as u64) as usize;
    let pair = |_| {
        let (scenario, _) = cases[below(cases.len())];
        let firsts = all(&run(&scenario, &Plan::default(), &Ends::default()).calls[0]);
        let first = firsts[below(firsts.len())];
        let seconds = all(&recovery(&scenario, first, &Ends::default()));
        let second = seconds.get(below(seconds.len())).copied();
        let deaths = [Some(first), second].into_iter().flatten().collect();
        (scenario, Plan { deaths, seed: random.number(), ..Plan::default() })
    };
    let runs: Vec<_> = (0..SAMPLE_OTHERS).map(pair).collect();
    println!("{} runs with two deaths in any scenario", sweep_all("any", &runs, &Ends::default()));
}
