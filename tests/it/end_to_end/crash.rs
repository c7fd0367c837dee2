//! `kill -9` in the middle of real rotations. The simulation visits every single point of a rotation;
//! this checks that the real process, file and server behave as they do there.

use std::time::Duration;

use keywheel::clock::Stopwatch;

use super::{SECRET, Site, rotate_now};

const KILLS: u64 = 8;
/// Any number: it only spreads the moments.
const SEED: u64 = 0x5EED_0F7E_57AB_1E00;

#[tokio::test]
async fn a_killed_process_finishes_its_rotation_when_it_is_back() {
    let (mut site, mut last) = Site::with_secret().await;
    site.rotate().await;
    let mut passwords = vec![std::mem::replace(&mut last, site.password("AWSCURRENT").await)];
    let stopwatch = Stopwatch::start();
    site.rotate().await;
    let undisturbed = stopwatch.elapsed();
    passwords.push(std::mem::replace(&mut last, site.password("AWSCURRENT").await));

    let mut cut_short = 0;
    for kill in 0..KILLS {
        site.client.call("RotateSecret", rotate_now()).await.unwrap();
        let delay = undisturbed.mul_f64(fraction(kill));
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
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(10).mul_f64(fraction(kill))).await;
        (site, _) = site.kill_and_restart().await;
    }
    site.client.rotation_in(SECRET, "Succeeded").await.unwrap();
    let new = site.password("AWSCURRENT").await;
    assert!(new != old && site.accepts(&new).await && !site.accepts(&old).await);
}

/// From 0 to 1, the same in every run.
fn fraction(kill: u64) -> f64 {
    let mut bits = SEED.wrapping_add(kill.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    f64::from((bits >> 40) as u32) / f64::from(1 << 24)
}
