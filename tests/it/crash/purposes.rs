//! CancelRotateSecret and DeleteSecret before and after each step of each purpose.

use std::fmt::Write as _;

use expect_test::expect_file;
use keywheel_domain::rotation::{Purpose, Step};
use keywheel_tests::sim::{Act, Death, Ends, Plan, Port, Scenario, When, run};

use super::cases::{ROTATED, after, before};
use super::sweep_all;

const SCRIPTS: [(Purpose, &[Act]); 6] = [
    (Purpose::Rotate, &[Act::rotate("T2"), Act::Settle]),
    (Purpose::Test, &[Act::Rotate { token: "T2", now: false, every: None }, Act::Settle]),
    (Purpose::Verify, &[Act::Verify("T41"), Act::Settle]),
    (Purpose::DryRun, &[Act::DryRun("T61"), Act::Settle]),
    (Purpose::Reconcile, &[Act::Reconcile("T51"), Act::Settle]),
    (Purpose::RollBack, &[Act::RollBack, Act::Settle]),
];

/// The scenario in which this is done around this step.
fn scenario(script: &'static [Act], step: Step, is_before: bool, act: Act) -> Scenario<'static> {
    Scenario {
        setup: ROTATED,
        interrupt: Some((if is_before { before(step) } else { after(step) }, act)),
        refusals: &["marked for deletion", "already scheduled for deletion"],
        ..Scenario::new("somebody ends it", script)
    }
}

/// Deaths after the calls that change something.
fn deaths(calls: &[Port]) -> impl Iterator<Item = Plan> {
    let changing = calls.iter().enumerate().filter(|(_, port)| port.has_effect());
    changing.map(|(call, _)| Plan {
        deaths: vec![Death { call: call as u64, when: When::After }],
        ..Plan::default()
    })
}

#[test]
fn every_purpose_can_be_ended_at_every_step() {
    let (mut lines, mut runs) = (String::new(), Vec::new());
    assert!(Purpose::ALL.iter().all(|purpose| SCRIPTS.iter().any(|(scripted, _)| scripted == purpose)));
    for (purpose, script) in SCRIPTS {
        for step in purpose.steps() {
            for is_before in [true, false] {
                for act in [Act::Cancel, Act::Delete] {
                    let scenario = scenario(script, *step, is_before, act);
                    let report = run(&scenario, &Plan::default(), &Ends::default());
                    assert!(
                        report.violations.is_empty() && report.was_interrupted,
                        "{scenario:?} {report:?}"
                    );
                    let side = if is_before { "before" } else { "after" };
                    let (purpose, summary) = (purpose.as_str(), report.summary);
                    writeln!(lines, "{purpose}, {act:?} {side} {step}: {summary}").unwrap();
                    runs.extend(deaths(&report.calls[0]).map(|plan| (scenario, plan)));
                }
            }
        }
    }
    expect_file!["../../golden/ended_at_each_step.txt"].assert_eq(&lines);
    println!("{} runs", sweep_all("ended at each step", &runs, &Ends::default()));
}
