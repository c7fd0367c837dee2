//! The conformance run against real components: one planted function for each rule, and those that come with
//! Keywheel.
#![cfg(test)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use keywheel::rehearsal::{self, Finding, Rule, Verdict};
use keywheel_domain::sensitive::Sensitive;
use keywheel_host::{Catalog, Engine, EngineOptions, Function};

/// Compiled code stays from one run to the next: a compiler that is not optimised takes its time.
async fn load(wasm: &[u8]) -> Arc<Function> {
    let options = EngineOptions { instances_max: 4, ..EngineOptions::default() };
    let compiled = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    let engine = Engine::new(&options).expect("the machine can run WebAssembly");
    let catalog = Catalog::new(engine, Some(compiled), Sensitive::new([1; 32]));
    catalog.load(wasm).await.expect("it is a rotation function")
}

async fn check(wasm: &[u8]) -> Verdict {
    let function = load(wasm).await;
    rehearsal::check(&function, None).await.expect("the rehearsal works")
}

#[tokio::test]
async fn a_planted_function_is_caught_by_its_rule_and_by_no_other() {
    for rule in Rule::ALL {
        let name = format!("bad_{}", rule.name().replace('-', "_"));
        let verdict = check(keywheel_guests::component(&name)).await;
        assert_eq!(verdict.broken(), [rule], "{name}: {:#?}", verdict.findings);
        let Some((_, Finding::Broken { breaches, .. })) =
            verdict.findings.iter().find(|(found, _)| *found == rule)
        else {
            panic!("{name}")
        };
        assert!(breaches.iter().all(|breach| !breach.told.is_empty()), "{breaches:#?}");
    }
    let is_planted = |name: &&str| name.starts_with("bad_") && !name.starts_with("bad_http_");
    let planted = keywheel_guests::names().filter(is_planted).count();
    assert_eq!(planted, Rule::ALL.len(), "each planted function has its rule");
}

#[tokio::test]
async fn the_built_in_functions_keep_every_rule() {
    for builtin in keywheel_functions::builtins() {
        let verdict = check(builtin.wasm).await;
        for (rule, finding) in &verdict.findings {
            assert_eq!(*finding, Finding::Kept, "{}: {}", builtin.name, rule.name());
        }
    }
}

#[tokio::test]
async fn what_reaches_no_database_is_judged_without_one() {
    let verdict = check(keywheel_guests::component("noop")).await;
    assert!(verdict.is_good(), "{:#?}", verdict.findings);
    let judged = |rule: Rule| {
        verdict.findings.iter().any(|(found, finding)| *found == rule && *finding == Finding::Kept)
    };
    assert!(judged(Rule::Idempotent) && judged(Rule::SurvivesDeath) && !judged(Rule::TestsPending));
}

#[tokio::test]
async fn a_verdict_repeats_itself() {
    let wasm = keywheel_guests::component("bad_survives_death");
    let (first, second) = (check(wasm).await, check(wasm).await);
    assert_eq!(first.findings, second.findings);
    assert_eq!(first.steps, second.steps);
}

#[test]
fn the_readme_tells_every_rule() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("sdk/README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let contract = readme.split("## The contract").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = contract.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(rows.collect::<Vec<_>>(), Rule::ALL.map(Rule::name));
}

#[tokio::test]
async fn what_speaks_http_is_judged_by_a_simulated_service() {
    let verdict = check(keywheel_guests::component("bad_http_tests_pending")).await;
    for (rule, finding) in &verdict.findings {
        let Finding::Broken { breaches, .. } = finding else {
            assert_eq!(*finding, Finding::Kept, "{}", rule.name());
            continue;
        };
        assert_eq!(*rule, Rule::TestsPending, "{breaches:#?}");
        let place = breaches[0].place.as_ref().unwrap();
        assert_eq!((place.call, place.touch.as_str()), ("http.handle", "GET /users/app at api.example:443"));
    }
    assert_eq!(verdict.broken(), [Rule::TestsPending], "{:#?}", verdict.findings);
    assert_eq!(verdict.setting, "an HTTP service");
}

#[tokio::test]
async fn what_speaks_another_protocol_is_not_judged_and_told_why() {
    let check_told = async |guest: &str, told: &str| {
        let verdict = check(keywheel_guests::component(guest)).await;
        assert_eq!(verdict.findings.len(), Rule::ALL.len());
        for (rule, finding) in &verdict.findings {
            let Finding::NotJudged(why) = finding else { panic!("{guest}: {}: {finding:?}", rule.name()) };
            assert!(why.contains(told) && why.contains("sdk/README.md"), "{guest}: {why}");
        }
    };
    // The path holds a password.
    check_told("speaks_otherwise", "does not know `POST /login/[redacted]`").await;
    check_told("fetches", "it asks nothing of the simulated service").await;
}
