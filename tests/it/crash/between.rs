//! Somebody else acts between any two calls of a rotation: what follows from each interleaving.

use keywheel_tests::sim::{Act, Ends, Plan, Scenario, Trigger};

use super::scenarios::ROTATE;
use super::{calls_of, sweep_all};

/// What somebody does, the refusals that they or the one who rotates may get, and whether the secret
/// rotates afterwards without more help.
const ACTS: &[(Act, &[&str], bool)] = &[
    (Act::Cancel, &[], true),
    (Act::rotate("T1"), &[], true),
    (Act::rotate("T2"), &["A previous rotation isn't complete"], true),
    (Act::Delete, &["marked for deletion"], true),
    (
        Act::RollBack,
        &["roll back when it has ended", "No Lambda rotation function", "There is no version"],
        true,
    ),
    (Act::Retry, &["nothing to retry", "There is no rotation"], true),
    (Act::Verify("T41"), &["A previous rotation isn't complete", "No Lambda rotation function"], true),
    (Act::DryRun("T61"), &["A previous rotation isn't complete", "No Lambda rotation function"], true),
    // The value is none that the database knows: the operator has to put that right.
    (Act::Put { token: "T2", password: "by-hand-2" }, &[], false),
];

/// The scenarios in which the act comes before each of so many calls.
pub(super) fn interrupted(scenario: Scenario<'static>, act: Act, calls: usize) -> Vec<Scenario<'static>> {
    let at = |call| Scenario { interrupt: Some((Trigger::Call(call), act)), ..scenario };
    (0..calls as u64).map(at).collect()
}

#[test]
fn every_rule_holds_whoever_comes_in_between() {
    let calls = calls_of(&ROTATE).len();
    let mut runs = 0;
    for (act, refusals, recovers) in ACTS {
        let scenario = Scenario { refusals, recovers: *recovers, ..ROTATE };
        let scenarios = interrupted(scenario, *act, calls);
        let plans: Vec<_> = scenarios.iter().map(|scenario| (*scenario, Plan::default())).collect();
        runs += sweep_all(&format!("{act:?} in between"), &plans, &Ends::default());
    }
    println!("{runs} runs with somebody in between");
}
