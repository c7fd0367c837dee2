//! `kill -9` in the middle of real rotations. The simulation visits every single point of a rotation;
//! this checks that the real process, file and server behave as they do there.

use std::time::Duration;

use keywheel::clock::{Clock as _, Stopwatch, SystemClock};
use keywheel_tests::entropy::SimEntropy;

use super::fleet::{Fleet, moment, was_unfinished};
use super::{SECRET, Site, rotate_now};

const KILLS: u64 = 8;
/// Any number: it only spreads the moments.
const SEED: u64 = 0x5EED_0F7E_57AB_1E00;
/// Rotations that run at the same time.
const ROLES: usize = 5;
/// Each kills the process once, so that a hundred rotations meet a kill.
const ROUNDS_MIN: usize = 20;
/// Rotations that a kill must have found unfinished. On a machine whose speed changes while the test runs, it
/// takes more rounds until there are as many.
const CUT_SHORT_MIN: usize = 40;
const ROUNDS_MAX: usize = 80;

#[tokio::test]
async fn a_killed_process_finishes_its_rotation_when_it_is_back() {
    let (mut site, mut last) = Site::with_secret().await;
    site.rotate().await;
    let mut passwords = vec![std::mem::replace(&mut last, site.password("AWSCURRENT").await)];
    let stopwatch = Stopwatch::start();
    site.rotate().await;
    let undisturbed = stopwatch.elapsed();
    passwords.push(std::mem::replace(&mut last, site.password("AWSCURRENT").await));

    let entropy = SimEntropy::new(SEED);
    let mut cut_short = 0;
    for kill in 0..KILLS {
        site.client.call("RotateSecret", rotate_now()).await.unwrap();
        let delay = moment(&entropy, undisturbed);
        tokio::time::sleep(delay).await;
        cut_short += u64::from(site.client.rotation(SECRET).await.unwrap()["State"] != "Succeeded");
        let logged;
        (site, logged) = site.kill_and_restart().await;
        assert!(!logged.contains(&last), "standard error shows a password");

        let rotation = site.client.rotation_in(SECRET, "Succeeded").await.unwrap();
        let current = site.password("AWSCURRENT").await;
        assert_ne!(current, last, "kill {kill} after {delay:?}: {rotation}");
        assert!(site.accepts(&current).await, "kill {kill} after {delay:?}: {rotation}");
        assert!(!site.accepts(&last).await, "kill {kill} after {delay:?}: {rotation}");
        assert_eq!(site.password("AWSPREVIOUS").await, last);
        passwords.push(std::mem::replace(&mut last, current));
    }
    assert!(cut_short > 0, "no kill came in time");
    passwords.push(last);
    for password in &passwords {
        assert_eq!(site.places_with(password).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_process_that_dies_again_and_again_still_gets_there() {
    let (mut site, old) = Site::with_secret().await;
    site.client.call("RotateSecret", rotate_now()).await.unwrap();
    let entropy = SimEntropy::new(SEED);
    for _ in 0..KILLS {
        tokio::time::sleep(moment(&entropy, Duration::from_millis(10))).await;
        (site, _) = site.kill_and_restart().await;
    }
    site.client.rotation_in(SECRET, "Succeeded").await.unwrap();
    let new = site.password("AWSCURRENT").await;
    assert!(new != old && site.accepts(&new).await && !site.accepts(&old).await);
}

#[tokio::test]
async fn a_hundred_rotations_that_meet_a_kill_all_arrive() {
    let mut fleet = Fleet::start(ROLES).await;
    let typical = fleet.typical().await;
    let mut before = fleet.settled().await;
    let entropy = SimEntropy::new(SEED);
    let (mut round, mut cut_short) = (0, 0);
    while round < ROUNDS_MIN || cut_short < CUT_SHORT_MIN {
        assert!(round < ROUNDS_MAX, "{cut_short} rotations were cut short, each kill within {typical:?}");
        fleet.rotate().await;
        tokio::time::sleep(moment(&entropy, typical)).await;
        let killed = SystemClock.now();
        fleet = fleet.kill_and_restart().await;
        fleet.none_is_locked_out().await;

        let rotations = fleet.arrive().await;
        cut_short += rotations.iter().filter(|rotation| was_unfinished(rotation, killed)).count();
        let after = fleet.settled().await;
        for (before, after) in before.iter().zip(&after) {
            assert_ne!(before, after, "round {round}: an acknowledged rotation is lost");
        }
        before = after;
        round += 1;
    }
}
