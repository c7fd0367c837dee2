//! Who is told and who is asked: webhooks that fail, are set anew and are taken away, and approvers with access
//! keys of their own.

use keywheel_domain::time::MINUTE_MS;
use keywheel_tests::sim::{Act, Port, Scenario, Trigger};

use super::cases::{ANSWERED, Case, check};

const BEFORE_SET: Act = Act::Tag { key: "keywheel:approve-before", value: "setSecret" };
const WITH_HOOK: &[Act] = &[Act::Create, Act::PutWebhook];
/// What those are told who ask again because the answer was lost, and who have no key any more.
const AGAIN: &[&str] =
    &[ANSWERED, "not open any more", "already exists", "cannot be found", "there is no such access key"];

const fn told<'a>(name: &'a str, setup: &'a [Act], script: &'a [Act]) -> Scenario<'a> {
    Scenario { setup, refusals: AGAIN, ..Scenario::new(name, script) }
}

pub(super) const CASES: &[Case] = &[
    (
        told("events are told", WITH_HOOK, &[Act::rotate("T1"), Act::Settle, Act::Tell]),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded ops=Told",
    ),
    (
        told(
            "a webhook is made",
            &[Act::Create],
            &[Act::PutWebhook, Act::rotate("T1"), Act::Settle, Act::Tell],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded ops=Told",
    ),
    (
        told(
            "an endpoint that fails for a while",
            WITH_HOOK,
            &[
                Act::Endpoint(500),
                Act::rotate("T1"),
                Act::Settle,
                Act::Tell,
                Act::Pass(MINUTE_MS),
                Act::Tell,
                Act::Endpoint(200),
                Act::Pass(MINUTE_MS),
                Act::Tell,
            ],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded ops=Told",
    ),
    (
        told(
            "an endpoint that fails",
            WITH_HOOK,
            &[Act::Endpoint(503), Act::rotate("T1"), Act::Settle, Act::Tell, Act::Pass(MINUTE_MS), Act::Tell],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded ops=Failing",
    ),
    (
        told(
            "an endpoint that wants no more",
            WITH_HOOK,
            &[Act::rotate("T1"), Act::Endpoint(410), Act::Tell, Act::Settle, Act::Tell],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded ops=Disabled",
    ),
    (
        told(
            "a disabled webhook is set anew",
            WITH_HOOK,
            &[
                Act::Endpoint(410),
                Act::rotate("T1"),
                Act::Tell,
                Act::Settle,
                Act::Endpoint(200),
                Act::PutWebhook,
                Act::Tell,
            ],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded ops=Told",
    ),
    (
        Scenario {
            interrupt: Some((Trigger::Port(Port::Deliver), Act::PutWebhook)),
            ..told(
                "a webhook is set anew while it is told",
                WITH_HOOK,
                &[Act::rotate("T1"), Act::Settle, Act::Tell],
            )
        },
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded ops=Told",
    ),
    (
        told(
            "a webhook is taken away and made again",
            WITH_HOOK,
            &[
                Act::rotate("T1"),
                Act::Tell,
                Act::DeleteWebhook,
                Act::Settle,
                Act::Tell,
                Act::PutWebhook,
                Act::rotate("T2"),
                Act::Settle,
                Act::Tell,
            ],
        ),
        "T0 T1:AWSPREVIOUS T2:AWSCURRENT T1=Succeeded T2=Succeeded ops=Told",
    ),
    (
        told(
            "a webhook is taken away",
            WITH_HOOK,
            &[Act::rotate("T1"), Act::Tell, Act::DeleteWebhook, Act::Settle, Act::Tell],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded",
    ),
    (
        told(
            "an approver with a key of ours agrees",
            &[Act::Create, BEFORE_SET],
            &[Act::CreateApprover("ann"), Act::rotate("T1"), Act::Settle, Act::Approve("ann"), Act::Settle],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded user/ann",
    ),
    (
        told(
            "an approver who was taken away",
            &[Act::Create, BEFORE_SET, Act::CreateApprover("ann")],
            &[Act::rotate("T1"), Act::Settle, Act::DeleteApprover("ann"), Act::Approve("ann"), Act::Settle],
        ),
        "T0:AWSCURRENT T1:AWSPENDING T1=WaitingApproval",
    ),
    (
        told(
            "an approver who is made again",
            &[Act::Create, BEFORE_SET, Act::CreateApprover("ann")],
            &[
                Act::rotate("T1"),
                Act::Settle,
                Act::DeleteApprover("ann"),
                Act::CreateApprover("ann"),
                Act::Approve("ann"),
                Act::Settle,
            ],
        ),
        "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded user/ann",
    ),
];

#[test]
fn who_is_told_and_asked_keeps_every_rule() {
    check(CASES);
}
