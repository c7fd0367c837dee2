//! Windows that close, and blackouts.

use keywheel_domain::rotation::Step;
use keywheel_domain::time::HOUR_MS;
use keywheel_tests::sim::{Act, Ends, Failing, How, Plan, Policy, Scenario, run};

use super::cases::{ANSWERED, Case, NO_ROTATION, NOTHING_TO_RETRY, check};

const SCHEDULED: Act = Act::Rotate { token: "T1", now: false, every: Some("rate(4 hours)") };
const BEFORE_CREATE: Act = Act::Tag { key: "keywheel:approve-before", value: "createSecret" };
const BEFORE_FINISH: Act = Act::Tag { key: "keywheel:approve-before", value: "finishSecret" };
/// From noon, when a scenario begins, to the window that opens at four and closes at five.
const IN_THE_WINDOW_MS: i64 = 19 * HOUR_MS / 4;
/// The slot begins at four, and this a little later.
const BLACK: Policy =
    Policy { black: Some(("16:40", "18:00")), approve_before: &["createSecret"], ..Policy::NONE };

const fn scheduled<'a>(name: &'a str, setup: &'a [Act], script: &'a [Act]) -> Scenario<'a> {
    Scenario {
        setup,
        refusals: &[ANSWERED, "not open any more", NOTHING_TO_RETRY, NO_ROTATION],
        ..Scenario::new(name, script)
    }
}

pub(super) const CASES: &[Case] = &[
    (
        scheduled(
            "the window closes while people think",
            &[Act::Create, BEFORE_CREATE, SCHEDULED, Act::Settle],
            &[
                Act::Pass(IN_THE_WINDOW_MS),
                Act::Settle,
                Act::Pass(7 * HOUR_MS / 2),
                Act::Approve("ann"),
                Act::Settle,
            ],
        ),
        "T0:AWSPREVIOUS SLOT:AWSCURRENT T1=Succeeded SLOT=Succeeded",
    ),
    (
        scheduled(
            "the window closes after setSecret",
            &[Act::Create, BEFORE_FINISH, SCHEDULED, Act::Settle],
            &[
                Act::Pass(IN_THE_WINDOW_MS),
                Act::Settle,
                Act::Pass(7 * HOUR_MS / 2),
                Act::Approve("ann"),
                Act::Settle,
            ],
        ),
        "T0:AWSPREVIOUS SLOT:AWSCURRENT T1=Succeeded SLOT=Succeeded",
    ),
    (
        scheduled(
            "a blackout begins before setSecret",
            &[Act::Create, Act::PutPolicy(BLACK), SCHEDULED, Act::Settle],
            &[
                Act::Pass(4 * HOUR_MS + HOUR_MS / 2),
                Act::Settle,
                Act::Pass(HOUR_MS / 2),
                Act::Approve("ann"),
                Act::Settle,
            ],
        ),
        "T0:AWSPREVIOUS SLOT:AWSCURRENT T1=Succeeded SLOT=Succeeded",
    ),
    (
        Scenario {
            failing: &[Failing { step: Step::CreateSecret, times: 8, how: How::Before }],
            ..scheduled(
                "failures until the window closes",
                &[Act::Create, SCHEDULED, Act::Settle],
                &[Act::Pass(IN_THE_WINDOW_MS), Act::Settle],
            )
        },
        "T0:AWSCURRENT SLOT:AWSPENDING T1=Succeeded SLOT=NeedsAttention",
    ),
    (
        scheduled(
            "retried by a person after the window",
            &[Act::Create, BEFORE_CREATE, SCHEDULED, Act::Settle],
            &[
                Act::Pass(IN_THE_WINDOW_MS),
                Act::Settle,
                Act::Pass(30 * HOUR_MS),
                Act::Settle,
                Act::Retry,
                Act::Settle,
            ],
        ),
        "T0:AWSCURRENT SLOT:AWSPENDING T1=Succeeded SLOT=WaitingApproval",
    ),
    (
        scheduled(
            "cancel what waits for a window",
            &[Act::Create, BEFORE_CREATE, SCHEDULED, Act::Settle],
            &[
                Act::Pass(IN_THE_WINDOW_MS),
                Act::Settle,
                Act::Pass(7 * HOUR_MS / 2),
                Act::Approve("ann"),
                Act::Work,
                Act::Cancel,
                Act::Settle,
            ],
        ),
        "T0:AWSCURRENT T1=Succeeded SLOT=Cancelled",
    ),
];

#[test]
fn windows_keep_every_rule() {
    check(CASES);
}

/// These lead where they are said to lead.
#[test]
fn what_waits_for_a_window_says_so() {
    let waits = [
        "the window closes while people think",
        "a blackout begins before setSecret",
        "cancel what waits for a window",
    ];
    for (scenario, _) in CASES.iter().filter(|(scenario, _)| waits.contains(&scenario.name)) {
        let report = run(scenario, &Plan::default(), &Ends::default());
        let is_seen = report.transitions.iter().any(|transition| transition.to == "WaitingWindow");
        assert!(is_seen, "{}: {:?}", scenario.name, report.transitions);
    }
}
