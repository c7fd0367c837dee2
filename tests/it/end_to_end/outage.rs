//! PostgreSQL goes away in the middle of rotations, without a goodbye, and comes back.

use keywheel_tests::entropy::SimEntropy;

use super::fleet::{Fleet, moment};

const ROLES: usize = 5;
const OUTAGES: usize = 6;
/// Any number: it only spreads the moments.
const SEED: u64 = 0x0FF_0A6A1;

#[tokio::test]
async fn rotations_that_an_outage_hits_arrive_when_the_server_is_back() {
    let mut fleet = Fleet::start(ROLES).await;
    let typical = fleet.typical().await;
    let mut before = fleet.settled().await;
    let entropy = SimEntropy::new(SEED);
    let mut hit = 0;
    for outage in 0..OUTAGES {
        fleet.rotate().await;
        tokio::time::sleep(moment(&entropy, typical)).await;
        fleet.site.postgres.stop();
        fleet.site.postgres.resume().await.unwrap();
        fleet.none_is_locked_out().await;

        let rotations = fleet.arrive().await;
        let failed = |rotation: &&serde_json::Value| {
            let attempts = rotation["Attempts"].as_array().unwrap();
            attempts.iter().any(|attempt| attempt["Failure"].is_string())
        };
        hit += rotations.iter().filter(failed).count();
        let after = fleet.settled().await;
        for (before, after) in before.iter().zip(&after) {
            assert_ne!(before, after, "outage {outage}: a rotation is lost");
        }
        before = after;
    }
    assert!(hit >= OUTAGES, "an outage hit {hit} rotations, each within {typical:?}");
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
    let failed: Vec<_> = rotation["Attempts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|attempt| attempt["Failure"].is_string())
        .map(|attempt| attempt["Step"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["setSecret"], "{rotation}");
    assert_ne!(fleet.settled().await, before);
}
