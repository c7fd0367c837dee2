//! People who have to agree: granted, by several, rejected, expired, late, by the wrong one, for another
//! component, asked by the function itself.

use keywheel_domain::time::HOUR_MS;
use keywheel_tests::sim::{Act, Asking, Policy, Scenario};

use super::cases::{ANSWERED, Case, NO_ROTATION, NOTHING_TO_RETRY, NOTHING_TO_UNDO, check};

const BEFORE_SET: Act = Act::Tag { key: "keywheel:approve-before", value: "setSecret" };
const BEFORE_CREATE: Act = Act::Tag { key: "keywheel:approve-before", value: "createSecret" };
const BEFORE_FINISH: Act = Act::Tag { key: "keywheel:approve-before", value: "finishSecret" };
const BEFORE_ALL: Act =
    Act::Tag { key: "keywheel:approve-before", value: "createSecret setSecret testSecret finishSecret" };
const BY_TWO: Act = Act::Tag { key: "keywheel:approvals", value: "2" };
const ASKED_SET: &[Act] = &[Act::Create, BEFORE_SET, Act::rotate("T1"), Act::Settle];
const ASKED_FINISH: &[Act] = &[Act::Create, BEFORE_FINISH, Act::rotate("T1"), Act::Settle];
const READS_ADMIN: Act = Act::PutPolicy(Policy::READS_ADMIN);
const ROTATED_ASKED_SET: &[Act] =
    &[Act::CreateAdmin, Act::Create, READS_ADMIN, Act::rotate("T1"), Act::Settle, BEFORE_SET];
const ROTATED_ASKED_ALL: &[Act] =
    &[Act::CreateAdmin, Act::Create, READS_ADMIN, Act::rotate("T1"), Act::Settle, BEFORE_ALL];
const ANN_OR_BOB: Policy = Policy {
    approve_before: &["createSecret", "finishSecret"],
    approvals: 2,
    approvers: &["ann", "b*"],
    ..Policy::NONE
};
const EXPIRED_MS: i64 = 25 * HOUR_MS;
const EXPIRED: &str = "expired";

/// Whoever answers twice, because the answer was lost, is told that it was answered.
const fn asked<'a>(name: &'a str, setup: &'a [Act], script: &'a [Act]) -> Scenario<'a> {
    let refusals = &[ANSWERED, "not open any more", NOTHING_TO_UNDO, NOTHING_TO_RETRY, NO_ROTATION];
    Scenario { setup, refusals, ..Scenario::new(name, script) }
}

pub(super) const CASES: &[Case] = &[
    (
        asked("asked before createSecret", &[Act::Create, BEFORE_CREATE], &[Act::rotate("T1"), Act::Settle]),
        "T0:AWSCURRENT T1:AWSPENDING T1=WaitingApproval",
    ),
    (
        asked(
            "granted",
            &[Act::Create, BEFORE_SET],
            &[Act::rotate("T1"), Act::Settle, Act::Approve("ann"), Act::Settle],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        asked(
            "granted by two",
            &[Act::Create, BEFORE_SET, BY_TWO],
            &[
                Act::rotate("T1"),
                Act::Settle,
                Act::Approve("ann"),
                Act::Approve("ann"),
                Act::Settle,
                Act::Approve("bob"),
                Act::Settle,
            ],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        asked(
            "granted before each step",
            &[Act::Create, BEFORE_ALL, Act::rotate("T1"), Act::Settle],
            &[
                Act::Approve("ann"),
                Act::Settle,
                Act::Approve("ann"),
                Act::Settle,
                Act::Approve("bob"),
                Act::Settle,
                Act::Approve("ann"),
                Act::Settle,
            ],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario {
            told: &["cannot answer for it", "cannot answer for it"],
            ..asked(
                "by the one who rotates",
                ASKED_SET,
                &[Act::Approve("root"), Act::Reject("root"), Act::Settle],
            )
        },
        "T0:AWSCURRENT T1:AWSPENDING T1=WaitingApproval",
    ),
    (
        Scenario {
            told: &["none of the approvers"],
            ..asked(
                "by somebody whom the policy does not name",
                &[Act::Create, Act::PutPolicy(ANN_OR_BOB)],
                &[
                    Act::rotate("T1"),
                    Act::Settle,
                    Act::Approve("cid"),
                    Act::Approve("ann"),
                    Act::Approve("bob"),
                    Act::Settle,
                ],
            )
        },
        "T0:AWSCURRENT T1:AWSPENDING T1=WaitingApproval",
    ),
    (
        asked(
            "rejected before createSecret",
            &[Act::Create, BEFORE_CREATE, Act::rotate("T1"), Act::Settle],
            &[Act::Reject("ann"), Act::Settle],
        ),
        "T0:AWSCURRENT T1=Rejected",
    ),
    (
        asked("rejected before setSecret", ASKED_SET, &[Act::Reject("ann"), Act::Settle]),
        "T0:AWSCURRENT T1 T1=Rejected",
    ),
    (
        asked("rejected after setSecret", ASKED_FINISH, &[Act::Reject("ann"), Act::Settle]),
        "T0:AWSCURRENT T1:AWSPREVIOUS RollBack T1=RolledBack",
    ),
    (
        asked(
            "expired",
            &[Act::Create, BEFORE_SET],
            &[Act::rotate("T1"), Act::Settle, Act::Pass(EXPIRED_MS), Act::Settle],
        ),
        "T0:AWSCURRENT T1:AWSPENDING T1=NeedsAttention",
    ),
    (
        asked(
            "expired and retried",
            ASKED_SET,
            &[Act::Pass(EXPIRED_MS), Act::Settle, Act::Retry, Act::Settle, Act::Approve("ann"), Act::Settle],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        asked(
            "one of two agreed, and it expired",
            &[Act::Create, BEFORE_SET, BY_TWO, Act::rotate("T1"), Act::Settle],
            &[
                Act::Approve("ann"),
                Act::Pass(EXPIRED_MS),
                Act::Settle,
                Act::Retry,
                Act::Settle,
                Act::Approve("bob"),
                Act::Settle,
            ],
        ),
        "T0:AWSCURRENT T1:AWSPENDING T1=WaitingApproval",
    ),
    (
        Scenario {
            rotator: &Asking,
            ..asked(
                "asked by the function, expired and retried",
                &[Act::Create, BY_TWO, Act::Tag { key: "keywheel:approve-before", value: "finishSecret" }],
                &[
                    Act::rotate("T1"),
                    Act::Settle,
                    Act::Approve("ann"),
                    Act::Pass(EXPIRED_MS),
                    Act::Settle,
                    Act::Retry,
                    Act::Settle,
                    Act::Approve("bob"),
                    Act::Settle,
                ],
            )
        },
        "T0:AWSCURRENT T1:AWSPENDING T1=WaitingApproval",
    ),
    (
        Scenario {
            told: &[EXPIRED],
            ..asked("late", ASKED_SET, &[Act::Pass(EXPIRED_MS), Act::Approve("ann"), Act::Settle])
        },
        "T0:AWSCURRENT T1:AWSPENDING T1=NeedsAttention",
    ),
    (
        Scenario {
            told: &[EXPIRED],
            ..asked(
                "late, after setSecret",
                ASKED_FINISH,
                &[Act::Pass(EXPIRED_MS), Act::Approve("ann"), Act::Settle],
            )
        },
        "T0:AWSCURRENT T1:AWSPENDING T1=NeedsAttention",
    ),
    (
        asked(
            "another component in between",
            &[Act::Create, BEFORE_SET, BY_TWO, Act::rotate("T1"), Act::Settle],
            &[
                Act::Approve("ann"),
                Act::NewComponent,
                Act::Approve("bob"),
                Act::Settle,
                Act::Approve("bob"),
                Act::Settle,
            ],
        ),
        "T0:AWSCURRENT T1:AWSPENDING T1=WaitingApproval",
    ),
    (
        asked(
            "agreed to another component",
            &[Act::Create, BEFORE_SET, Act::rotate("T1"), Act::Settle],
            &[Act::NewComponent, Act::Approve("ann"), Act::Settle, Act::Approve("bob"), Act::Settle],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario {
            rotator: &Asking,
            ..asked(
                "asked by the function",
                &[Act::Create],
                &[Act::rotate("T1"), Act::Settle, Act::Approve("ann"), Act::Settle],
            )
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        Scenario {
            rotator: &Asking,
            ..asked(
                "asked by the function and rejected",
                &[Act::Create, Act::rotate("T1"), Act::Settle],
                &[Act::Reject("ann"), Act::Settle],
            )
        },
        "T0:AWSCURRENT T1 T1=RolledBack",
    ),
    (
        Scenario {
            rotator: &Asking,
            ..asked(
                "asked by the function, and another component",
                &[Act::Create, Act::rotate("T1"), Act::Settle],
                &[Act::NewComponent, Act::Approve("ann"), Act::Settle],
            )
        },
        "T0:AWSCURRENT T1:AWSPENDING T1=WaitingApproval",
    ),
    (
        asked("cancel what waits for approval", ASKED_FINISH, &[Act::Cancel, Act::Settle]),
        "T0:AWSCURRENT T1:AWSPENDING T1=Cancelled",
    ),
    (
        asked("roll back what waits for approval", ASKED_SET, &[Act::RollBack, Act::Settle]),
        "T0:AWSCURRENT T1 T1=RolledBack",
    ),
    (
        Scenario {
            told: &["waits for approval"],
            ..asked("retry what waits for approval", ASKED_SET, &[Act::Retry, Act::Settle])
        },
        "T0:AWSCURRENT T1:AWSPENDING T1=WaitingApproval",
    ),
    (
        asked(
            "agree to a roll back",
            ROTATED_ASKED_SET,
            &[Act::RollBack, Act::Settle, Act::Approve("ann"), Act::Settle],
        ),
        "T0:AWSCURRENT T1:AWSPREVIOUS T1=Succeeded RollBack T0=RolledBack",
    ),
    (
        asked(
            "reject a roll back",
            ROTATED_ASKED_SET,
            &[Act::RollBack, Act::Settle, Act::Reject("ann"), Act::Settle],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded RollBack T0=Rejected",
    ),
    (
        asked(
            "reject a repair",
            ROTATED_ASKED_SET,
            &[
                Act::ChangeByHand { password: "by-hand-1" },
                Act::Reconcile("T51"),
                Act::Settle,
                Act::Reject("ann"),
                Act::Settle,
            ],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded Reconcile T51=Rejected",
    ),
    (
        asked(
            "a repair that nobody has to agree to test",
            ROTATED_ASKED_ALL,
            &[Act::Verify("T41"), Act::Settle, Act::DryRun("T61"), Act::Settle],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded Verify T41=Succeeded DryRun T61=Succeeded",
    ),
];

#[test]
fn approvals_keep_every_rule() {
    check(CASES);
}
