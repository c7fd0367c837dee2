//! A process that dies at any moment loses no event, and repeats at most the one that was on its way.

use super::*;

const EVENTS: u64 = 4;

/// When a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// The endpoint has the request and has not answered.
    BeforeAnswer,
    /// The answer is on its way; its number is not on disk.
    BeforeCommit,
    /// The number is on disk.
    AfterCommit,
}

#[tokio::test]
async fn a_process_that_dies_repeats_at_most_what_was_on_its_way() {
    for at in 1..=EVENTS {
        for (moment, status, repeats) in [
            (Moment::BeforeAnswer, 200, true),
            (Moment::BeforeCommit, 200, true),
            (Moment::AfterCommit, 200, false),
            // A failure leaves the row where it was, noted or not.
            (Moment::BeforeCommit, 503, true),
            (Moment::AfterCommit, 503, true),
        ] {
            let told = told_around_a_crash(at, moment, status).await;
            let mut expected: Vec<u64> = (1..=EVENTS).collect();
            if repeats {
                expected.insert(usize::try_from(at).unwrap(), at);
            }
            assert_eq!(told, expected, "the process died at event {at}, {moment:?}, {status}");
        }
    }
}

/// The ids that the endpoint has got when all is told, in the order in which they arrived.
async fn told_around_a_crash(at: u64, moment: Moment, status: u16) -> Vec<u64> {
    let world = World::new().await;
    world.put("ops").await;
    world.add(REGION, usize::try_from(EVENTS - 1).unwrap()).await;
    let mut process = world.start();
    let mut told = Vec::new();
    let id = |arrival: &Arrival| arrival.header(EVENT_ID).parse::<u64>().unwrap();
    loop {
        let arrival = process.arrival().await;
        told.push(id(&arrival));
        if told.last() == Some(&at) {
            if moment != Moment::BeforeAnswer {
                arrival.answer(status);
            }
            break;
        }
        arrival.answer(200);
    }
    if moment == Moment::AfterCommit {
        turns().await;
        assert_eq!(world.listed("ops").await["LastStatus"], status, "what came of it is on disk");
        // The next one has set out and did not arrive.
        drop(process.arrivals.try_recv());
    }
    // What is written after this moment, while the tasks are being dropped, was never written.
    let image = world.store.durable_image();
    process.kill().await;
    let world = world.after_crash(image).await;
    let mut process = world.start();
    turns().await;
    // A failure that was noted is not tried again before its time, by whoever.
    world.clock.advance(10_000);
    turns().await;
    while let Ok(arrival) = process.arrivals.try_recv() {
        told.push(id(&arrival));
        arrival.answer(200);
        turns().await;
    }
    process.kill().await;
    told
}

#[tokio::test]
async fn a_restart_goes_on_after_the_last_row_and_keeps_its_secret() {
    let world = World::new().await;
    let secret = world.put("ops").await;
    let mut process = world.start();
    assert_eq!(process.answer(200).await, "ops.example 1 PutWebhook");
    process.is_silent().await;
    process.stop().await;
    world.add(REGION, 2).await;
    let image = world.store.durable_image();
    let world = world.after_crash(image).await;
    let mut process = world.start();
    let arrival = process.arrival().await;
    assert!(arrival.is_signed_by(&secret));
    assert_eq!(arrival.answer(200), "ops.example 2 Event0");
    assert_eq!(process.answer(200).await, "ops.example 3 Event1");
    process.is_silent().await;
    process.stop().await;
}
