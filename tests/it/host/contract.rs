//! The contract as it was first released still holds, and what guests in each language import.

use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::expect_file;
use keywheel_domain::rotation::Step;
use keywheel_host::{Egress, Limits, Outcome};

use super::in_memory::{InMemory, MADE};
use super::{VALUE, invocation, load};

#[tokio::test]
async fn a_guest_made_from_the_first_contract_rotates() {
    let secrets = Arc::new(InMemory::new(VALUE));
    let function = load(keywheel_guests::component("first_contract")).await;
    let contract: Vec<&String> =
        function.imports().iter().filter(|import| import.starts_with("keywheel:")).collect();
    assert!(contract.iter().all(|import| import.ends_with("@0.1.0")), "{contract:?}");
    assert_eq!(contract.len(), 5, "{contract:?}");
    let mut log = Vec::new();
    for step in Step::ALL {
        let mut next = invocation(step, &secrets, Egress::deny_all(), Limits::default());
        next.approved = true;
        let report = function.invoke(next).await;
        assert_eq!(report.outcome, Outcome::Done, "{step:?}: {:#?}", report.log);
        log.extend(report.log.into_iter().map(|line| line.message));
    }
    assert_eq!(secrets.value("AWSCURRENT").as_deref(), Some(MADE));
    assert_eq!(
        log,
        [
            "stored a pending value",
            "the sandbox does not allow a connection to `tcp://db.elsewhere:5432`; what would: \
             `--allow tcp://db.elsewhere:5432`"
        ]
    );
    let mut asking = invocation(Step::TestSecret, &secrets, Egress::deny_all(), Limits::default());
    asking.approved = false;
    let asked = function.invoke(asking).await.outcome;
    assert_eq!(asked, Outcome::Asked { summary: "log in".to_owned() });
}

/// A change of the contract within a version: the copy stays, and a new version gets a copy of its own.
#[test]
fn the_contract_of_today_holds_all_of_the_first_one() {
    let first = include_str!("../../contract/0.1.0/rotator.wit");
    let today = include_str!("../../../sdk/wit/rotator.wit");
    let shape = |text: &'static str| {
        let lines = text.lines().map(str::trim);
        lines.filter(|line| !line.is_empty() && !line.starts_with("///") && !line.starts_with("package "))
    };
    let mut seen = shape(today);
    for line in shape(first) {
        assert!(seen.any(|found| found == line), "today's contract has lost or moved `{line}`");
    }
}

#[tokio::test]
async fn what_guests_in_rust_import() {
    let mut list = String::new();
    for guest in keywheel_guests::AS_DEPLOYED {
        let function = load(keywheel_guests::component(guest)).await;
        writeln!(list, "# rust, {guest}").expect("a string takes any text");
        for import in function.imports() {
            let fate = if function.refused().contains(&import) { "traps" } else { "linked" };
            writeln!(list, "{fate:6} {import}").expect("a string takes any text");
        }
    }
    expect_file!["../../golden/imports-rust.txt"].assert_eq(&list);
}
