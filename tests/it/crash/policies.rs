//! Rotation policies: slots that are put off, left out or skipped, secrets that are kept apart, and policies that
//! change while something waits for them.

use keywheel_domain::time::{HOUR_MS, MINUTE_MS, SECOND_MS};
use keywheel_tests::sim::{Act, Fault, Policy, Scenario};

use super::cases::{Case, check};

const EVERY_4_HOURS: Option<&str> = Some("rate(4 hours)");
const SCHEDULED: Act = Act::Rotate { token: "T1", now: false, every: EVERY_4_HOURS };
/// From noon, when a scenario begins, to the window that opens at four and closes at five.
const IN_THE_WINDOW_MS: i64 = 19 * HOUR_MS / 4;
/// The same, a moment before that window.
const BEFORE_THE_WINDOW_MS: i64 = 4 * HOUR_MS - 5 * SECOND_MS;
const BLACK: Policy = Policy { black: Some(("16:40", "18:00")), ..Policy::NONE };
const NOT_LATE: Policy = Policy { catch_up: false, ..Policy::NONE };
const APART: Policy = Policy { apart: Some(6), ..Policy::NONE };
/// The start is that of the window.
const PUNCTUAL: Policy = Policy { spread: Some(0), ..Policy::NONE };
const GROUPED: Policy = Policy { group: Some(("payments", 1)), ..Policy::NONE };
const WITH_PARTNER: &[Act] =
    &[Act::Create, Act::CreatePartner, Act::PutPolicy(APART), SCHEDULED, Act::Settle];

const fn scheduled<'a>(name: &'a str, setup: &'a [Act], script: &'a [Act]) -> Scenario<'a> {
    Scenario { setup, ..Scenario::new(name, script) }
}

pub(super) const CASES: &[Case] = &[
    (
        scheduled(
            "a blackout puts a slot off",
            &[Act::Create, Act::PutPolicy(BLACK), SCHEDULED, Act::Settle],
            &[Act::Pass(IN_THE_WINDOW_MS), Act::Settle, Act::Pass(5 * HOUR_MS), Act::Settle],
        ),
        "T0:AWSPREVIOUS SLOT:AWSCURRENT T1=Succeeded SLOT=Succeeded",
    ),
    (
        scheduled(
            "a policy goes while its blackout holds a slot",
            &[Act::Create, Act::PutPolicy(BLACK), SCHEDULED, Act::Settle],
            &[
                Act::Pass(IN_THE_WINDOW_MS),
                Act::Settle,
                Act::DeletePolicy,
                Act::Pass(4 * HOUR_MS),
                Act::Settle,
            ],
        ),
        "T0:AWSPREVIOUS SLOT:AWSCURRENT T1=Succeeded SLOT=Succeeded",
    ),
    (
        scheduled(
            "a blackout is set before a slot",
            &[Act::Create, SCHEDULED, Act::Settle],
            &[
                Act::PutPolicy(BLACK),
                Act::Pass(IN_THE_WINDOW_MS),
                Act::Settle,
                Act::Pass(5 * HOUR_MS),
                Act::Settle,
            ],
        ),
        "T0:AWSPREVIOUS SLOT:AWSCURRENT T1=Succeeded SLOT=Succeeded",
    ),
    (
        scheduled(
            "a slot that has passed is left out",
            &[Act::Create, Act::PutPolicy(NOT_LATE), SCHEDULED, Act::Settle],
            &[Act::Pass(50 * HOUR_MS + HOUR_MS / 2), Act::Settle],
        ),
        "T0:AWSCURRENT T1=Succeeded",
    ),
    (
        scheduled(
            "a slot whose window is open is not late",
            &[Act::Create, Act::PutPolicy(NOT_LATE), SCHEDULED, Act::Settle],
            &[Act::Pass(IN_THE_WINDOW_MS), Act::Settle],
        ),
        "T0:AWSPREVIOUS SLOT:AWSCURRENT T1=Succeeded SLOT=Succeeded",
    ),
    (
        scheduled(
            "kept apart from a partner that has rotated",
            WITH_PARTNER,
            &[
                Act::Pass(HOUR_MS),
                Act::RotatePartner { token: "T81", now: true, every: None },
                Act::Settle,
                Act::Pass(IN_THE_WINDOW_MS - HOUR_MS),
                Act::Settle,
                Act::Pass(6 * HOUR_MS),
                Act::Settle,
            ],
        ),
        "partner/T0:AWSPREVIOUS partner/T81:AWSCURRENT T0:AWSPREVIOUS SLOT:AWSCURRENT T81=Succeeded T1=Succeeded SLOT=Succeeded",
    ),
    (
        scheduled(
            "kept apart from a partner with the same slots",
            WITH_PARTNER,
            &[
                Act::RotatePartner { token: "T81", now: false, every: EVERY_4_HOURS },
                Act::Settle,
                Act::Pass(IN_THE_WINDOW_MS),
                Act::Settle,
            ],
        ),
        "partner/T0:AWSPREVIOUS partner/SLOT:AWSCURRENT T0:AWSCURRENT T81=Succeeded SLOT=Succeeded T1=Succeeded",
    ),
    (
        Scenario {
            faults: &[(2, Fault::Restart(3))],
            ..scheduled(
                "kept apart from a partner that rotates",
                WITH_PARTNER,
                &[
                    Act::Pass(BEFORE_THE_WINDOW_MS),
                    Act::RotatePartner { token: "T81", now: true, every: None },
                    Act::Work,
                    Act::Pass(HOUR_MS - MINUTE_MS),
                    Act::Work,
                    Act::Settle,
                ],
            )
        },
        "partner/T0:AWSPREVIOUS partner/T81:AWSCURRENT T0:AWSCURRENT T81=Succeeded T1=Succeeded",
    ),
    (
        Scenario {
            faults: &[(2, Fault::Restart(2))],
            ..scheduled(
                "a verification holds a slot up",
                &[Act::Create, Act::PutPolicy(PUNCTUAL), SCHEDULED, Act::Settle],
                &[
                    Act::Pass(BEFORE_THE_WINDOW_MS),
                    Act::Verify("T41"),
                    Act::Work,
                    Act::Pass(6 * SECOND_MS),
                    Act::Work,
                    Act::Settle,
                    Act::Pass(10 * MINUTE_MS),
                    Act::Settle,
                ],
            )
        },
        "T0:AWSPREVIOUS SLOT:AWSCURRENT T1=Succeeded Verify T41=Succeeded SLOT=Succeeded",
    ),
    (
        Scenario {
            refusals: &["No rotation of this secret is scheduled"],
            ..scheduled(
                "skip the next slot",
                &[Act::Create, SCHEDULED, Act::Settle],
                &[Act::Skip, Act::Pass(IN_THE_WINDOW_MS), Act::Settle],
            )
        },
        "T0:AWSCURRENT T1=Succeeded",
    ),
    (
        scheduled(
            "a group of one",
            &[Act::Create, Act::PutPolicy(GROUPED), SCHEDULED, Act::Settle],
            &[Act::Pass(IN_THE_WINDOW_MS), Act::Settle, Act::rotate("T2"), Act::Settle],
        ),
        "T0 SLOT:AWSPREVIOUS T2:AWSCURRENT T1=Succeeded SLOT=Succeeded T2=Succeeded",
    ),
    (
        scheduled(
            "a policy that asks people comes while it rotates",
            &[Act::Create],
            &[
                Act::rotate("T1"),
                Act::PutPolicy(Policy { approve_before: &["setSecret"], ..Policy::NONE }),
                Act::Settle,
            ],
        ),
        "T0:AWSCURRENT T1:AWSPENDING T1=WaitingApproval",
    ),
];

#[test]
fn policies_keep_every_rule() {
    check(CASES);
}
