//! Which steps the jobs of all scenarios take when nobody dies, as a list that is looked at when it changes.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect_file;
use keywheel_domain::rotation::State;
use keywheel_tests::sim::{Ends, Plan, Transition, run};

use super::cases::all;
use super::{policies, told};

/// A state, or a step from one to another, that no scenario shows.
#[test]
fn every_state_and_every_transition_has_a_scenario() {
    let mut seen: BTreeSet<Transition> = BTreeSet::new();
    for (scenario, _) in all() {
        seen.extend(run(&scenario, &Plan::default(), &Ends::default()).transitions);
    }
    for word in State::WORDS {
        assert!(seen.iter().any(|transition| transition.to == word), "no scenario leads to {word}");
    }
    let mut purposes: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for Transition { from, to, purpose } in seen {
        purposes.entry((from, to)).or_default().push(purpose);
    }
    let line = |((from, to), purposes): (&(&str, &str), &Vec<&str>)| {
        format!("{from} -> {to}: {}\n", purposes.join(" "))
    };
    let lines: String = purposes.iter().map(line).collect();
    expect_file!["../../golden/transitions.txt"].assert_eq(&lines);
}

/// What the calendar does with slots, and what becomes of policies, webhooks and approvers: a part of the audit row.
const EVENTS: [&str; 14] = [
    "ScheduledRotation: slot",
    "ScheduledRotationSkipped: slot",
    "the policy does not catch up",
    "a blackout goes on",
    "another job of the secret runs",
    "has not ended",
    "` rotated at",
    "PutRotationPolicy",
    "DeleteRotationPolicy",
    "SkipRotation",
    "PutWebhook",
    "DeleteWebhook",
    "CreateApprover",
    "DeleteApprover",
];

#[test]
fn every_decision_about_a_slot_and_every_setting_has_a_scenario() {
    let mut seen = BTreeSet::new();
    for (scenario, _) in [policies::CASES, told::CASES].concat() {
        let report = run(&scenario, &Plan::default(), &Ends::default());
        seen.extend(report.events);
        // A webhook tells what it is by how it ends.
        seen.insert(report.summary);
    }
    for part in EVENTS.iter().chain(&["WebhookDisabled", "ops=Told", "ops=Failing", "ops=Disabled"]) {
        assert!(seen.iter().any(|event| event.contains(part)), "no scenario shows `{part}`: {seen:#?}");
    }
}
