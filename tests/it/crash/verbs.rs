//! VerifySecret, ReconcileSecret and DryRunRotation.

use keywheel_domain::rotation::Step;
use keywheel_tests::sim::{Act, Failing, Fault, How, Policy, Scenario};

use super::cases::{Case, NOT_COMPLETE, ROTATED, STILL_PENDING, WITH_ADMIN, after, before, check};

const BY_HAND: Act = Act::ChangeByHand { password: "by-hand-1" };
/// What the one is told who uses a token again for something else.
const TOKEN_IN_USE: &str = "You can't use ClientRequestToken";
const IMPATIENT: &[Act] = &[Act::Create, Act::PutPolicy(Policy { attempts: 2, ..Policy::NONE })];
/// The policy lets the function read nothing else.
const WITHOUT_ADMIN: &[Act] = &[Act::Create, Act::PutPolicy(Policy::NONE)];

const fn with_admin<'a>(name: &'a str, script: &'a [Act]) -> Scenario<'a> {
    Scenario { setup: ROTATED, ..Scenario::new(name, script) }
}

/// A verb needs a rotation function, which the first rotation sets.
pub(super) const CASES: &[Case] = &[
    (
        with_admin("verify", &[Act::Verify("T41"), Act::Settle]),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded Verify T41=Succeeded",
    ),
    (
        with_admin("verify after a change by hand", &[BY_HAND, Act::Verify("T41"), Act::Settle]),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded Verify T41=Drifted drifted",
    ),
    (
        Scenario {
            faults: &[(5, Fault::Restart(100))],
            ..with_admin("verify while the target is down", &[Act::Verify("T41"), Act::Settle])
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded Verify T41=Failed",
    ),
    (
        Scenario {
            faults: &[(5, Fault::Deny), (6, Fault::Refuse), (7, Fault::Deny)],
            ..with_admin("verify against a cache that is behind", &[Act::Verify("T41"), Act::Settle])
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded Verify T41=Succeeded",
    ),
    (
        Scenario {
            interrupt: Some((before(Step::TestSecret), BY_HAND)),
            ..with_admin("the password changes while it is verified", &[Act::Verify("T41"), Act::Settle])
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded Verify T41=Drifted drifted",
    ),
    (
        Scenario {
            interrupt: Some((before(Step::TestSecret), Act::rotate("T2"))),
            ..with_admin("rotate while it is verified", &[Act::Verify("T41"), Act::Settle])
        },
        "T0 T1:AWSPREVIOUS T2:AWSCURRENT T1=Succeeded Verify T41=Cancelled T2=Succeeded",
    ),
    (
        Scenario {
            told: &[NOT_COMPLETE],
            interrupt: Some((after(Step::SetSecret), Act::Verify("T41"))),
            ..with_admin("verify while it rotates", &[Act::rotate("T2"), Act::Settle])
        },
        "T0 T1:AWSPREVIOUS T2:AWSCURRENT T1=Succeeded T2=Succeeded",
    ),
    (
        Scenario {
            told: &[STILL_PENDING],
            interrupt: Some((after(Step::SetSecret), Act::Cancel)),
            ..with_admin(
                "verify what a cancelled rotation left",
                &[Act::rotate("T2"), Act::Settle, Act::Verify("T41"), Act::Settle],
            )
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T2:AWSPENDING T1=Succeeded T2=Cancelled",
    ),
    (
        Scenario {
            interrupt: Some((before(Step::TestSecret), Act::Put { token: "T2", password: "by-hand-2" })),
            recovers: false,
            ..with_admin("a value by hand while it is verified", &[Act::Verify("T41"), Act::Settle])
        },
        "T0 T1:AWSPREVIOUS T2:AWSCURRENT T1=Succeeded Verify T41=Abandoned",
    ),
    (
        with_admin(
            "reconcile after a change by hand",
            &[BY_HAND, Act::Verify("T41"), Act::Settle, Act::Reconcile("T51"), Act::Settle],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded Verify T41=Drifted Reconcile T51=Succeeded",
    ),
    (
        with_admin("reconcile without drift", &[Act::Reconcile("T51"), Act::Settle]),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded Reconcile T51=Succeeded",
    ),
    (
        Scenario {
            setup: WITHOUT_ADMIN,
            recovers: false,
            ..Scenario::new(
                "reconcile without an admin",
                &[Act::rotate("T1"), Act::Settle, BY_HAND, Act::Reconcile("T51"), Act::Settle],
            )
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded Reconcile T51=Failed",
    ),
    (
        Scenario {
            faults: &[(8, Fault::LoseAnswer), (9, Fault::Restart(3))],
            ..with_admin("reconcile with a bad connection", &[BY_HAND, Act::Reconcile("T51"), Act::Settle])
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded Reconcile T51=Succeeded",
    ),
    (
        Scenario {
            setup: WITH_ADMIN,
            interrupt: Some((before(Step::SetSecret), BY_HAND)),
            ..Scenario::new("a change by hand while it rotates", &[Act::rotate("T1"), Act::Settle])
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario {
            setup: WITH_ADMIN,
            interrupt: Some((before(Step::TestSecret), BY_HAND)),
            ..Scenario::new("a change by hand after setSecret", &[Act::rotate("T1"), Act::Settle])
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario {
            setup: WITHOUT_ADMIN,
            interrupt: Some((before(Step::TestSecret), BY_HAND)),
            recovers: false,
            ..Scenario::new(
                "a change by hand after setSecret, without an admin",
                &[Act::rotate("T1"), Act::Settle],
            )
        },
        "T0:AWSCURRENT T1 T1=Failed",
    ),
    (
        Scenario {
            faults: &[(3, Fault::Deny), (4, Fault::Deny), (6, Fault::Deny), (7, Fault::Deny)],
            setup: IMPATIENT,
            ..Scenario::new(
                "the target refuses what was set, again and again",
                &[Act::rotate("T1"), Act::Settle],
            )
        },
        "T0:AWSCURRENT T1:AWSPENDING T1=NeedsAttention",
    ),
    (
        Scenario {
            setup: ROTATED,
            interrupt: Some((before(Step::TestSecret), BY_HAND)),
            ..Scenario::new("a change by hand in a roll back", &[Act::RollBack, Act::Settle])
        },
        "T0:AWSCURRENT T1:AWSPREVIOUS T1=Succeeded RollBack T0=RolledBack",
    ),
    (
        with_admin(
            "verify twice with one token",
            &[Act::Verify("T41"), Act::Settle, Act::Verify("T41"), Act::Settle],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded Verify T41=Succeeded",
    ),
    (
        Scenario {
            told: &[TOKEN_IN_USE, TOKEN_IN_USE],
            ..with_admin(
                "one token for two verbs",
                &[Act::Verify("T41"), Act::DryRun("T41"), Act::Settle, Act::rotate("T41"), Act::Settle],
            )
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded Verify T41=Succeeded",
    ),
    (
        Scenario {
            told: &[TOKEN_IN_USE, TOKEN_IN_USE],
            ..Scenario::new(
                "the token of a test for a rotation",
                &[
                    Act::Rotate { token: "T1", now: false, every: None },
                    Act::rotate("T1"),
                    Act::Settle,
                    Act::rotate("T1"),
                    Act::Settle,
                ],
            )
        },
        "T0:AWSCURRENT T1=Succeeded",
    ),
    (
        with_admin(
            "roll back twice with one token",
            &[Act::RollBackAs("T71"), Act::Settle, Act::RollBackAs("T71"), Act::Settle],
        ),
        "T0:AWSCURRENT T1:AWSPREVIOUS T1=Succeeded RollBack T0=RolledBack",
    ),
    (
        with_admin("dry run", &[Act::DryRun("T61"), Act::Settle]),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded DryRun T61=Succeeded",
    ),
    (
        with_admin("dry run after a change by hand", &[BY_HAND, Act::DryRun("T61"), Act::Settle]),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded DryRun T61=Failed",
    ),
    (
        Scenario {
            failing: &[
                Failing { step: Step::TestSecret, times: 1, how: How::Before },
                Failing { step: Step::CreateSecret, times: 2, how: How::Afterwards },
            ],
            setup: WITH_ADMIN,
            ..Scenario::new(
                "dry run with failures",
                &[
                    Act::Rotate { token: "T1", now: false, every: None },
                    Act::Settle,
                    Act::DryRun("T61"),
                    Act::Settle,
                ],
            )
        },
        "T0:AWSCURRENT T1=Succeeded DryRun T61=Succeeded",
    ),
    (
        Scenario {
            interrupt: Some((after(Step::CreateSecret), Act::Put { token: "T2", password: "by-hand-2" })),
            recovers: false,
            ..with_admin("a value by hand during a dry run", &[Act::DryRun("T61"), Act::Settle])
        },
        "T0 T1:AWSPREVIOUS T2:AWSCURRENT T1=Succeeded DryRun T61=Abandoned",
    ),
];

#[test]
fn verbs_keep_every_rule() {
    check(CASES);
}
