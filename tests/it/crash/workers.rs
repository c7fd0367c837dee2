//! Two workers on one store: leases that run out, and workers that go on without one.

use keywheel_tests::sim::{Act, Ends, Plan, Scenario};

use super::between::interrupted;
use super::scenarios::ROTATE;
use super::{calls_of, one_death_each, sweep, sweep_all};

pub(super) const SHARED: Scenario<'static> = Scenario { name: "two workers", shared: true, ..ROTATE };

/// Before any call of the first worker its lease runs out, and the second one does all the work, or
/// takes the lease and hangs. Then the first goes on.
#[test]
fn a_worker_that_lost_its_lease_commits_nothing() {
    let calls = calls_of(&SHARED).len();
    let mut runs = 0;
    for act in [Act::TakeOver, Act::Seize] {
        let scenarios = interrupted(SHARED, act, calls);
        let plans: Vec<_> = scenarios.iter().map(|scenario| (*scenario, Plan::default())).collect();
        runs += sweep_all(&format!("{act:?}"), &plans, &Ends::default());
    }
    println!("{runs} runs with a lost lease");
}

/// Where others may write, nothing is taken from a dead worker before its lease is over.
#[test]
fn a_dead_worker_is_replaced_when_its_lease_is_over() {
    println!("{} runs", sweep(&SHARED, &one_death_each(&calls_of(&SHARED)), &Ends::default()));
}
