//! What every list of scenarios shares: each is run without a death, then killed at every call.

use keywheel_domain::rotation::Step;
use keywheel_tests::sim::{Act, Ends, Plan, Policy, Port, Report, Scenario, Trigger, run};

use super::scenarios::ROTATE;
use super::{
    approvals, full, given_up, keys, one_death_each, policies, scenarios, sweep, told, two_deaths_each,
    verbs, waits,
};

/// A scenario, and how it ends when nobody is killed.
pub(super) type Case = (Scenario<'static>, &'static str);

/// What the one who asks is told while another rotation goes on.
pub(super) const NOT_COMPLETE: &str = "A previous rotation isn't complete";
/// What the one is told who verifies, or repairs, while a version is pending.
pub(super) const STILL_PENDING: &str = "is still AWSPENDING";
/// What the one is told who answers again what is answered.
pub(super) const ANSWERED: &str = "There is no such open request for approval";

/// What the one is told who rolls back where nothing was done, or where that is done already.
pub(super) const NOTHING_TO_UNDO: &str = "There is no version AWSPREVIOUS";

/// What the one is told who retries again what goes on already, because the answer was lost.
pub(super) const NOTHING_TO_RETRY: &str = "nothing to retry";
/// The same, when it has ended.
pub(super) const NO_ROTATION: &str = "There is no rotation of this secret";

/// A secret, the secret of an admin who may change the password of its role, and a policy that lets the
/// function read that.
pub(super) const WITH_ADMIN: &[Act] = &[Act::CreateAdmin, Act::Create, Act::PutPolicy(Policy::READS_ADMIN)];
/// The same after a first rotation.
pub(super) const ROTATED: &[Act] =
    &[Act::CreateAdmin, Act::Create, Act::PutPolicy(Policy::READS_ADMIN), Act::rotate("T1"), Act::Settle];

/// Before the function is called with this step.
pub(super) const fn before(step: Step) -> Trigger {
    Trigger::Port(Port::Invoke(step))
}

/// After the function has done this step, before its outcome is stored.
pub(super) const fn after(step: Step) -> Trigger {
    Trigger::Port(Port::Return(step))
}

/// All scenarios there are.
pub(super) fn all() -> Vec<Case> {
    let lists = [
        scenarios::CASES,
        verbs::CASES,
        given_up::CASES,
        approvals::CASES,
        waits::CASES,
        policies::CASES,
        told::CASES,
        keys::CASES,
    ];
    lists.concat()
}

/// Whether the scenario went as it should: the labels, the jobs, what people were told.
fn differs(scenario: &Scenario<'_>, expected: &str, report: &Report) -> Option<String> {
    let told = report.refusals.len() == scenario.told.len()
        && scenario.told.iter().zip(&report.refusals).all(|(part, told)| told.contains(part));
    let is_checked = !scenario.told.is_empty();
    let is_right = report.summary == expected
        && (told || !is_checked)
        && report.was_interrupted
        && report.violations.is_empty();
    (!is_right).then(|| {
        format!(
            "{}\n  expected {expected}\n  found    {}\n  told {:?}\n  failures {:?}\n  {:?}\n",
            scenario.name, report.summary, report.refusals, report.failures, report.violations
        )
    })
}

/// Each scenario without a death, then with one.
pub(super) fn check(cases: &[Case]) {
    let undisturbed: Vec<Report> =
        cases.iter().map(|(scenario, _)| run(scenario, &Plan::default(), &Ends::default())).collect();
    let of_each = || cases.iter().zip(&undisturbed);
    let wrong: String =
        of_each().filter_map(|((scenario, expected), report)| differs(scenario, expected, report)).collect();
    assert!(wrong.is_empty(), "these go another way when nobody dies:\n{wrong}");
    let mut runs = cases.len();
    for ((scenario, _), report) in of_each() {
        let calls = &report.calls[0];
        let is_main = scenario.name == ROTATE.name;
        let plans = if is_main || full() { two_deaths_each(calls) } else { one_death_each(calls) };
        runs += sweep(scenario, &plans, &Ends::default());
    }
    println!("{runs} runs of {} scenarios", cases.len());
}
