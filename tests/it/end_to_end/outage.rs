//! PostgreSQL goes away in the middle of rotations, without a goodbye, and comes back.

use keywheel_tests::entropy::SimEntropy;
use serde_json::Value;

use super::fleet::{Fleet, moment};

const ROLES: usize = 5;
const OUTAGES_MIN: usize = 6;
/// Rotations of which an outage must have failed a step; it takes more outages until there are as many.
const HIT_MIN: usize = 6;
const OUTAGES_MAX: usize = 30;
/// Any number: it only spreads the moments.
const SEED: u64 = 0x000F_F0A6_A1A1;

#[tokio::test]
async fn rotations_that_an_outage_hits_arrive_when_the_server_is_back() {
    let mut fleet = Fleet::start(ROLES).await;
    let typical = fleet.typical().await;
    let mut before = fleet.settled().await;
    let entropy = SimEntropy::new(SEED);
    let (mut outage, mut hit) = (0, 0);
    while outage < OUTAGES_MIN || hit < HIT_MIN {
        assert!(outage < OUTAGES_MAX, "the outages hit {hit} rotations, each within {typical:?}");
        fleet.rotate().await;
        tokio::time::sleep(moment(&entropy, typical)).await;
        fleet.site.postgres.stop();
        fleet.site.postgres.resume().await.unwrap();
        fleet.none_is_locked_out().await;

        let rotations = fleet.arrive().await;
        hit += rotations.iter().filter(|rotation| !failed_steps(rotation).is_empty()).count();
        let after = fleet.settled().await;
        for (before, after) in before.iter().zip(&after) {
            assert_ne!(before, after, "outage {outage}: a rotation is lost");
        }
        before = after;
        outage += 1;
    }
}

#[tokio::test]
async fn a_change_that_an_outage_cuts_off_is_made_again() {
    let mut fleet = Fleet::start(1).await;
    let name = fleet.names[0].clone();
    let before = fleet.settled().await;
    let held = fleet.site.postgres.hold(&name).await.unwrap();
    fleet.rotate().await;
    fleet.wait_for_change_of(&name, 1).await;
    fleet.site.postgres.stop();
    drop(held);
    fleet.site.postgres.resume().await.unwrap();
    fleet.none_is_locked_out().await;

    let rotation = fleet.arrive_one(&name).await;
    assert_eq!(failed_steps(&rotation), ["setSecret"], "{rotation}");
    assert_ne!(fleet.settled().await, before);
}

fn failed_steps(rotation: &Value) -> Vec<&str> {
    let attempts = rotation["Attempts"].as_array().unwrap().iter();
    let failed = attempts.filter(|attempt| attempt["Failure"].is_string());
    failed.map(|attempt| attempt["Step"].as_str().unwrap()).collect()
}
