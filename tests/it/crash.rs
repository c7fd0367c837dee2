//! The crash suite.
#![cfg(test)]

use keywheel_tests::sim::{Act, Plan, Scenario, run};

const S: Scenario = Scenario::new("rotate", &[Act::rotate("T1"), Act::Settle]);
#[test]
fn smoke() {
    let t = std::time::Instant::now();
    let report = run(&S, &Plan::default());
    println!("{:?}", t.elapsed());
    println!("{:?} {:?}", report, report.calls[0].len());
    let t = std::time::Instant::now();
    for _ in 0..100 { run(&S, &Plan::default()); }
    println!("{:?}", t.elapsed() / 20);
}
#[test]
fn smoke2() {
    let t = std::time::Instant::now();
    for _ in 0..20 { keywheel_sdk::scram::verifier(&"abc".into()); }
    println!("{:?}", t.elapsed() / 20);
}
