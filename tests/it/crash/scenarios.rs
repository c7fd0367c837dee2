//! Rotations: by hand and on a schedule, with somebody in between, with faults of the function and the target.

use keywheel_domain::rotation::Step;
use keywheel_domain::time::{DAY_MS, HOUR_MS};
use keywheel_tests::sim::{Act, Failing, Fault, How, Scenario};

use super::cases::{Case, NOT_COMPLETE, after, before, check};

const EVERY_4_HOURS: Option<&str> = Some("rate(4 hours)");
const SCHEDULED: &[Act] =
    &[Act::Create, Act::Rotate { token: "T1", now: true, every: EVERY_4_HOURS }, Act::Settle];
const STEPS: &[Act] = &[Act::rotate("T1"), Act::Settle];
/// The main scenario.
pub(super) const ROTATE: Scenario<'static> = Scenario::new("rotate", STEPS);

pub(super) const CASES: &[Case] = &[
    (ROTATE, "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded"),
    (
        Scenario {
            setup: &[],
            ..Scenario::new("create and rotate", &[Act::Create, Act::rotate("T1"), Act::Settle])
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario::new(
            "test only",
            &[Act::Rotate { token: "T1", now: false, every: EVERY_4_HOURS }, Act::Settle],
        ),
        "T0:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario { setup: SCHEDULED, ..Scenario::new("schedule", &[Act::Pass(5 * HOUR_MS), Act::Settle]) },
        "T0 T1:AWSPREVIOUS SLOT:AWSCURRENT T1=Succeeded SLOT=Succeeded",
    ),
    (
        Scenario {
            setup: SCHEDULED,
            ..Scenario::new("missed slots", &[Act::Pass(50 * HOUR_MS), Act::Settle])
        },
        "T0 T1:AWSPREVIOUS SLOT:AWSCURRENT T1=Succeeded SLOT=Succeeded",
    ),
    (
        Scenario::new(
            "twice with one token",
            &[Act::rotate("T1"), Act::rotate("T1"), Act::Settle, Act::rotate("T1"), Act::Settle],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario {
            refusals: &[NOT_COMPLETE],
            interrupt: Some((before(Step::SetSecret), Act::rotate("T2"))),
            ..Scenario::new("another token in the middle", STEPS)
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario {
            interrupt: Some((after(Step::CreateSecret), Act::Put { token: "T2", password: "by-hand-2" })),
            recovers: false,
            ..Scenario::new("a value by hand in the middle", STEPS)
        },
        "T0:AWSPREVIOUS T1 T2:AWSCURRENT T1=Abandoned",
    ),
    (
        Scenario {
            interrupt: Some((after(Step::TestSecret), Act::Put { token: "T2", password: "by-hand-2" })),
            recovers: false,
            ..Scenario::new("a value by hand before the end", STEPS)
        },
        "T0:AWSPREVIOUS T1 T2:AWSCURRENT T1=Abandoned",
    ),
    (
        Scenario {
            script: &[
                Act::rotate("T1"),
                Act::Settle,
                Act::ChangeByHand { password: "by-hand-2" },
                Act::Put { token: "T2", password: "by-hand-2" },
                Act::Settle,
            ],
            ..Scenario::new("a password changed by hand", STEPS)
        },
        "T0 T1:AWSPREVIOUS T2:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario {
            interrupt: Some((before(Step::CreateSecret), Act::Cancel)),
            ..Scenario::new("cancel before anything", STEPS)
        },
        "T0:AWSCURRENT T1=Cancelled",
    ),
    (
        Scenario {
            interrupt: Some((after(Step::SetSecret), Act::Cancel)),
            ..Scenario::new("cancel after setSecret", STEPS)
        },
        "T0:AWSCURRENT T1:AWSPENDING T1=Cancelled",
    ),
    (
        Scenario {
            script: &[Act::rotate("T1"), Act::Settle, Act::rotate("T2"), Act::Settle],
            interrupt: Some((before(Step::SetSecret), Act::Cancel)),
            refusals: &[NOT_COMPLETE],
            ..Scenario::new("cancel, and rotate again", STEPS)
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Cancelled T1=Succeeded",
    ),
    (
        Scenario {
            interrupt: Some((after(Step::TestSecret), Act::Cancel)),
            ..Scenario::new(
                "cancel a test",
                &[Act::Rotate { token: "T1", now: false, every: None }, Act::Settle],
            )
        },
        "T0:AWSCURRENT T1=Cancelled",
    ),
    (
        Scenario {
            script: &[Act::rotate("T1"), Act::Settle, Act::Restore, Act::Settle],
            interrupt: Some((after(Step::SetSecret), Act::Delete)),
            refusals: &["marked for deletion", "already scheduled for deletion"],
            ..Scenario::new("delete in the middle, and restore", STEPS)
        },
        "T0:AWSCURRENT T1:AWSPENDING T1=Cancelled",
    ),
    (
        Scenario {
            failing: &[
                Failing { step: Step::CreateSecret, times: 2, how: How::Afterwards },
                Failing { step: Step::FinishSecret, times: 2, how: How::Afterwards },
            ],
            ..Scenario::new("steps that do their work and fail", STEPS)
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario {
            failing: &[Failing { step: Step::FinishSecret, times: 8, how: How::Before }],
            ..Scenario::new("failures are spent", STEPS)
        },
        "T0:AWSCURRENT T1:AWSPENDING T1=NeedsAttention",
    ),
    (
        Scenario {
            setup: SCHEDULED,
            failing: &[Failing { step: Step::SetSecret, times: 8, how: How::Before }],
            ..Scenario::new("the next slot goes on with what failed", &[Act::Pass(5 * HOUR_MS), Act::Settle])
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario {
            setup: SCHEDULED,
            script: &[Act::Pass(5 * HOUR_MS), Act::Settle, Act::Pass(-6 * HOUR_MS), Act::Settle],
            ..Scenario::new("a clock that is set back", STEPS)
        },
        "T0 T1:AWSPREVIOUS SLOT:AWSCURRENT T1=Succeeded SLOT=Succeeded",
    ),
    (
        Scenario {
            script: &[Act::rotate("T1"), Act::Settle, Act::Pass(8 * DAY_MS), Act::Settle],
            interrupt: Some((after(Step::SetSecret), Act::Delete)),
            refusals: &["marked for deletion", "already scheduled for deletion"],
            ..Scenario::new("delete in the middle, for good", STEPS)
        },
        "T1=Cancelled",
    ),
    (
        Scenario { faults: &[(0, Fault::Refuse)], ..Scenario::new("a refused connection", STEPS) },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario { faults: &[(2, Fault::Deny)], ..Scenario::new("a refused statement", STEPS) },
        "T0:AWSCURRENT T1 T1=Failed",
    ),
    (
        Scenario {
            faults: &[(2, Fault::LoseAnswer)],
            ..Scenario::new("done, and the answer is lost", STEPS)
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario { faults: &[(2, Fault::StaleLogins(9_000))], ..Scenario::new("a login cache", STEPS) },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario {
            faults: &[(1, Fault::Restart(3)), (6, Fault::Restart(2))],
            ..Scenario::new("a target that restarts", STEPS)
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
];

#[test]
fn rotations_keep_every_rule() {
    check(CASES);
}
