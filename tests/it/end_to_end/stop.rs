//! SIGTERM in the middle of a rotation: the process ends soon, and the next one completes the rotation.

use std::time::Duration;

use keywheel::clock::Stopwatch;
use keywheel_tests::process::Keywheel;
use keywheel_tests::wait;

use super::Site;
use super::fleet::Fleet;

/// A step may take a minute; a stop waits for none.
const STOP_TIME_MAX: Duration = Duration::from_secs(10);

/// When the change of the password, which the first process had sent, happens at last.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Happens {
    /// While no process is there to hear of it.
    BetweenTheTwo,
    /// When the second process has sent its own as well.
    BesideTheSecond,
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_step_and_the_next_start_completes_it() {
    for happens in [Happens::BetweenTheTwo, Happens::BesideTheSecond] {
        check(happens).await;
    }
}

async fn check(happens: Happens) {
    let fleet = Fleet::start(1).await;
    let name = fleet.names[0].clone();
    let before = fleet.settled().await;
    let mut held = Some(fleet.site.postgres.hold(&name).await.unwrap());
    fleet.rotate().await;
    fleet.wait_for_change_of(&name, 1).await;

    let Fleet { site: Site { postgres, data, keywheel, .. }, names } = fleet;
    let stopwatch = Stopwatch::start();
    let (ended, logged) = keywheel.stop().await.unwrap();
    let took = stopwatch.elapsed();
    assert!(ended.success(), "{happens:?}: {ended}: {logged}");
    assert!(took < STOP_TIME_MAX, "{happens:?}: it took {took:?}: {logged}");
    assert!(postgres.accepts(&name, &before[0]).await.unwrap(), "{happens:?}: the change waits");

    if happens == Happens::BetweenTheTwo {
        held.take().unwrap().release().await.unwrap();
        let changed = async || Ok((!postgres.accepts(&name, &before[0]).await?).then_some(()));
        wait::until("the change to happen", changed).await.unwrap();
    }
    let keywheel = Keywheel::start(data.path()).await.unwrap();
    let client = keywheel.client();
    let fleet = Fleet { site: Site { postgres, data, keywheel, client }, names };
    fleet.none_is_locked_out().await;
    if let Some(held) = held {
        fleet.wait_for_change_of(&name, 2).await;
        held.release().await.unwrap();
    }
    fleet.arrive().await;
    assert_ne!(fleet.settled().await, before, "{happens:?}");
}
