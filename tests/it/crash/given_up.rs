//! RollBackRotation and RetryRotation, values that the target rejects, and permissions that go away.

use keywheel_domain::rotation::Step;
use keywheel_tests::sim::{Act, Failing, Fault, How, Policy, Scenario};

use super::cases::{
    Case, NO_ROTATION, NOTHING_TO_RETRY, NOTHING_TO_UNDO, ROTATED, WITH_ADMIN, after, before, check,
};

const STEPS: &[Act] = &[Act::rotate("T1"), Act::Settle];
/// So that a job needs attention soon.
const ATTEMPTS: u32 = 2;
const IMPATIENT: &[Act] = &[Act::Create, Act::PutPolicy(Policy { attempts: ATTEMPTS, ..Policy::NONE })];
/// The step fails so often that the job needs attention, and RollBackRotation undoes it.
const UNDONE: &[Act] = &[Act::rotate("T1"), Act::Settle, Act::RollBack, Act::Settle];
const RUNS: &str = "roll back when it has ended";

const fn spent(step: Step) -> Failing {
    Failing { step, times: ATTEMPTS, how: How::Before }
}

pub(super) const CASES: &[Case] = &[
    (
        Scenario { setup: ROTATED, ..Scenario::new("roll back", &[Act::RollBack, Act::Settle]) },
        "T0:AWSCURRENT T1:AWSPREVIOUS T1=Succeeded RollBack T0=RolledBack",
    ),
    (
        Scenario {
            setup: ROTATED,
            ..Scenario::new(
                "roll back, and back again",
                &[Act::RollBack, Act::Settle, Act::RollBack, Act::Settle],
            )
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded RollBack T0=RolledBack RollBack T1=RolledBack",
    ),
    (
        Scenario {
            setup: ROTATED,
            faults: &[(7, Fault::LoseAnswer), (8, Fault::Refuse)],
            ..Scenario::new("roll back with a bad connection", &[Act::RollBack, Act::Settle])
        },
        "T0:AWSCURRENT T1:AWSPREVIOUS T1=Succeeded RollBack T0=RolledBack",
    ),
    (
        Scenario {
            setup: ROTATED,
            faults: &[(7, Fault::Deny)],
            ..Scenario::new("roll back, and a refused statement", &[Act::RollBack, Act::Settle])
        },
        "T0:AWSPENDING,AWSPREVIOUS T1:AWSCURRENT T1=Succeeded RollBack T0=NeedsAttention",
    ),
    (
        Scenario {
            told: &[NOTHING_TO_UNDO],
            ..Scenario::new(
                "roll back what was not rotated",
                &[
                    Act::Rotate { token: "T1", now: false, every: None },
                    Act::Settle,
                    Act::RollBack,
                    Act::Settle,
                ],
            )
        },
        "T0:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario {
            setup: IMPATIENT,
            failing: &[spent(Step::CreateSecret)],
            refusals: &[NOTHING_TO_UNDO],
            ..Scenario::new("roll back before anything", UNDONE)
        },
        "T0:AWSCURRENT T1=RolledBack",
    ),
    (
        Scenario {
            setup: IMPATIENT,
            failing: &[spent(Step::SetSecret)],
            ..Scenario::new("roll back when setSecret did nothing", UNDONE)
        },
        "T0:AWSCURRENT T1 T1=RolledBack",
    ),
    (
        Scenario {
            setup: IMPATIENT,
            failing: &[Failing { step: Step::SetSecret, times: ATTEMPTS, how: How::Afterwards }],
            ..Scenario::new("roll back when setSecret was done", UNDONE)
        },
        "T0:AWSCURRENT T1:AWSPREVIOUS RollBack T1=RolledBack",
    ),
    (
        Scenario {
            setup: IMPATIENT,
            failing: &[spent(Step::TestSecret)],
            ..Scenario::new("roll back after setSecret", UNDONE)
        },
        "T0:AWSCURRENT T1:AWSPREVIOUS RollBack T1=RolledBack",
    ),
    (
        Scenario {
            setup: IMPATIENT,
            failing: &[spent(Step::FinishSecret)],
            ..Scenario::new("roll back after testSecret", UNDONE)
        },
        "T0:AWSCURRENT T1:AWSPREVIOUS RollBack T1=RolledBack",
    ),
    (
        Scenario {
            setup: IMPATIENT,
            failing: &[Failing { step: Step::FinishSecret, times: ATTEMPTS, how: How::Afterwards }],
            ..Scenario::new("roll back when finishSecret was done", UNDONE)
        },
        "T0:AWSCURRENT T1:AWSPREVIOUS RollBack T1=RolledBack",
    ),
    (
        Scenario {
            told: &[RUNS],
            interrupt: Some((before(Step::SetSecret), Act::RollBack)),
            ..Scenario::new("roll back a step that runs", STEPS)
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario {
            interrupt: Some((after(Step::SetSecret), Act::Cancel)),
            refusals: &[RUNS, NOTHING_TO_UNDO],
            ..Scenario::new("roll back what a cancelled rotation left", UNDONE)
        },
        "T0:AWSCURRENT T1:AWSPREVIOUS T1=Cancelled RollBack T1=RolledBack",
    ),
    (
        Scenario {
            interrupt: Some((before(Step::SetSecret), Act::Cancel)),
            recovers: false,
            ..Scenario::new("roll back what a cancelled rotation left untouched", UNDONE)
        },
        "T0:AWSCURRENT T1 T1=Cancelled T1=RolledBack",
    ),
    (
        Scenario {
            setup: IMPATIENT,
            failing: &[spent(Step::TestSecret)],
            ..Scenario::new(
                "cancel a roll back",
                &[Act::rotate("T1"), Act::Settle, Act::RollBack, Act::Cancel, Act::Settle],
            )
        },
        "T0:AWSCURRENT T1:AWSPENDING T1=Cancelled",
    ),
    (
        Scenario {
            setup: IMPATIENT,
            failing: &[spent(Step::TestSecret)],
            refusals: &[NO_ROTATION, NOTHING_TO_RETRY],
            ..Scenario::new("retry", &[Act::rotate("T1"), Act::Settle, Act::Retry, Act::Settle])
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario {
            told: &["there is nothing to retry"],
            interrupt: Some((before(Step::TestSecret), Act::Retry)),
            ..Scenario::new("retry a step that runs", STEPS)
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario {
            failing: &[Failing { step: Step::SetSecret, times: 1, how: How::Rejected("T1") }],
            ..Scenario::new(
                "a value that the target rejects for good",
                &[Act::rotate("T1"), Act::Settle, Act::rotate("T2"), Act::Settle],
            )
        },
        "T0:AWSPREVIOUS T1 T2:AWSCURRENT T1=Failed T2=Succeeded",
    ),
    (
        Scenario {
            failing: &[Failing { step: Step::SetSecret, times: 1, how: How::Rejected("T1") }],
            faults: &[(0, Fault::Restart(2))],
            ..Scenario::new("a rejected value, and a target that restarts", STEPS)
        },
        "T0:AWSCURRENT T1 T1=Failed",
    ),
    (
        Scenario {
            faults: &[(2, Fault::Revoke)],
            ..Scenario::new("the permission is revoked in the middle", STEPS)
        },
        "T0:AWSCURRENT T1 T1=Failed",
    ),
    (
        Scenario {
            setup: WITH_ADMIN,
            faults: &[(7, Fault::Revoke)],
            ..Scenario::new(
                "the permission is revoked later",
                &[Act::rotate("T1"), Act::Settle, Act::rotate("T2"), Act::Settle],
            )
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T2 T1=Succeeded T2=Failed",
    ),
    (
        Scenario {
            failing: &[Failing { step: Step::SetSecret, times: 1, how: How::Afterwards }],
            faults: &[(2, Fault::LoseAnswer), (3, Fault::Refuse), (6, Fault::Deny)],
            ..Scenario::new("done, lost, refused and denied", STEPS)
        },
        "T0:AWSCURRENT T1:AWSPENDING T1=NeedsAttention",
    ),
    (
        Scenario {
            setup: &[Act::Create, Act::CreateOther],
            recovers: false,
            interrupt: Some((before(Step::SetSecret), Act::RotateOther { token: "T1" })),
            ..Scenario::new("two rotations of one role", STEPS)
        },
        "T0:AWSCURRENT T1 too/T0:AWSPREVIOUS too/T1:AWSCURRENT T1=Succeeded T1=Failed",
    ),
    (
        Scenario {
            setup: &[Act::Create, Act::CreateOther],
            recovers: false,
            interrupt: Some((after(Step::SetSecret), Act::RotateOther { token: "T1" })),
            ..Scenario::new("two rotations of one role, the second too late", STEPS)
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT too/T0:AWSCURRENT too/T1 T1=Failed T1=Succeeded",
    ),
];

#[test]
fn what_is_given_up_keeps_every_rule() {
    check(CASES);
}
