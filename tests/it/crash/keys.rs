//! A secret under a key of the customer, which is disabled, rotated or given to it in the middle of a rotation.

use keywheel_domain::rotation::Step;
use keywheel_tests::sim::{Act, Scenario};

use super::cases::{Case, NO_ROTATION, NOTHING_TO_RETRY, after, before, check};

const WITH_KEY: &[Act] = &[Act::Create, Act::CreateKey];
const SEALED: &[Act] = &[Act::Create, Act::CreateKey, Act::UseKey];
const STEPS: &[Act] = &[Act::rotate("T1"), Act::Settle];
/// The key is enabled again by a person, who then goes on with the rotation.
const ENABLED_AGAIN: &[Act] = &[Act::rotate("T1"), Act::Settle, Act::EnableKey, Act::Retry, Act::Settle];
const ROTATED: &str = "T0:AWSPREVIOUS T1:AWSCURRENT T1=Succeeded";

const fn sealed<'a>(name: &'a str, script: &'a [Act]) -> Scenario<'a> {
    Scenario { setup: SEALED, refusals: &[NOTHING_TO_RETRY, NO_ROTATION], ..Scenario::new(name, script) }
}

pub(super) const CASES: &[Case] = &[
    (sealed("a secret under a key", STEPS), ROTATED),
    (
        Scenario {
            interrupt: Some((after(Step::CreateSecret), Act::RotateKey)),
            ..sealed("the key is rotated after createSecret", STEPS)
        },
        ROTATED,
    ),
    (
        Scenario {
            interrupt: Some((before(Step::CreateSecret), Act::DisableKey)),
            ..sealed("the key is disabled before createSecret", ENABLED_AGAIN)
        },
        ROTATED,
    ),
    (
        Scenario {
            interrupt: Some((after(Step::CreateSecret), Act::DisableKey)),
            ..sealed("the key is disabled before setSecret", ENABLED_AGAIN)
        },
        ROTATED,
    ),
    (
        Scenario {
            interrupt: Some((after(Step::SetSecret), Act::DisableKey)),
            ..sealed("the key is disabled after setSecret", ENABLED_AGAIN)
        },
        ROTATED,
    ),
    (
        Scenario {
            interrupt: Some((after(Step::TestSecret), Act::DisableKey)),
            ..sealed("the key is disabled before finishSecret", ENABLED_AGAIN)
        },
        ROTATED,
    ),
    (
        Scenario {
            interrupt: Some((after(Step::SetSecret), Act::DisableKey)),
            ..sealed(
                "the key is disabled after setSecret, and people give up",
                &[
                    Act::rotate("T1"),
                    Act::Settle,
                    Act::RollBack,
                    Act::Settle,
                    Act::EnableKey,
                    Act::Retry,
                    Act::Settle,
                ],
            )
        },
        "T0:AWSCURRENT T1:AWSPREVIOUS RollBack T1=RolledBack",
    ),
    (
        Scenario {
            setup: WITH_KEY,
            interrupt: Some((after(Step::CreateSecret), Act::UseKey)),
            ..sealed("a key is given after createSecret", STEPS)
        },
        ROTATED,
    ),
    (
        Scenario {
            setup: WITH_KEY,
            interrupt: Some((after(Step::SetSecret), Act::UseKey)),
            ..sealed("a key is given after setSecret", STEPS)
        },
        ROTATED,
    ),
];

#[test]
fn rotations_under_a_key_keep_every_rule() {
    check(CASES);
}
