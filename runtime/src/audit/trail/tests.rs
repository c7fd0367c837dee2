use futures_util::FutureExt as _;
use keywheel_domain::secret::Scope;
use keywheel_domain::time::MINUTE_MS;

use super::*;
use crate::clock::fixed::FixedClock;
use crate::store::MemoryStore;

fn scope(region: &str) -> Scope {
    Scope { account: "123456789012".to_owned(), region: region.to_owned() }
}

fn call(name: &str) -> Call<'_> {
    Call {
        user_identity: Identity {
            kind: "Root".into(),
            arn: "arn:aws:iam::123456789012:root".into(),
            account_id: "123456789012".into(),
            access_key_id: Some("AKIATEST".into()),
            user_name: None,
            principal_id: None,
            session_context: None,
        },
        event_source: "secretsmanager.amazonaws.com".into(),
        event_name: name.into(),
        source_ip_address: "127.0.0.1".to_owned(),
        user_agent: "a client".into(),
        error_code: None,
        error_message: None,
        request_parameters: None,
        request_id: name.into(),
    }
}

struct World {
    store: Arc<MemoryStore>,
    clock: Arc<FixedClock>,
    trail: Trail,
}

impl World {
    fn new(days: u16) -> Self {
        let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(FixedClock::at_noon()));
        let trail = Trail::new(Arc::clone(&store) as _, Arc::clone(&clock) as _, days);
        Self { store, clock, trail }
    }

    fn note(&self, region: &str, name: &str) {
        self.trail.note(self.clock.now(), region, &call(name));
    }

    /// The names of the calls of the last days, the latest first.
    async fn names(&self, region: &str, minutes: i64) -> Vec<String> {
        let now = self.clock.now();
        let between = (now.plus_millis(-minutes * MINUTE_MS), now);
        let found = calls(&*self.store, &scope(region), between, None).await.unwrap();
        found.calls.into_iter().map(|found| found.call.event_name.into_owned()).collect()
    }
}

#[tokio::test]
async fn calls_are_found_by_their_time_the_latest_first() {
    let world = World::new(90);
    for name in ["one", "two", "three"] {
        world.note("us-east-1", name);
        world.clock.advance(MINUTE_MS);
    }
    world.note("eu-west-1", "elsewhere");
    assert!(world.names("us-east-1", 10).await.is_empty());
    world.trail.flush().await;
    assert_eq!(world.names("us-east-1", 10).await, ["three", "two", "one"]);
    assert_eq!(world.names("us-east-1", 2).await, ["three", "two"]);
    assert_eq!(world.names("eu-west-1", 0).await, ["elsewhere"]);
    let noon = Timestamp::from_millis(FixedClock::NOON_MS);
    let first = calls(&*world.store, &scope("us-east-1"), (noon, noon), None).await.unwrap();
    let first = first.calls.into_iter().map(|found| (found.region, found.at, found.call)).collect::<Vec<_>>();
    assert_eq!(first, [("us-east-1".to_owned(), noon, call("one"))]);
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let world = World::new(90);
    let all: Vec<String> = (0..300).map(|number| format!("{number:04}")).collect();
    for name in &all {
        world.note("us-east-1", name);
        world.clock.advance(MINUTE_MS);
    }
    world.trail.flush().await;
    let between = (Timestamp::from_millis(0), world.clock.now());
    let (mut names, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let page = calls(&*world.store, &scope("us-east-1"), between, after).await.unwrap();
        names.extend(page.calls.into_iter().map(|found| found.call.event_name.into_owned()));
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert!(pages > 1);
    assert!(names.iter().rev().eq(&all));
}

#[tokio::test]
async fn a_listing_goes_on_in_the_middle_of_an_entry() {
    let world = World::new(90);
    for name in ["1", "2", "3", "4"] {
        world.note("us-east-1", name);
        world.clock.advance(1);
    }
    world.trail.flush().await;
    let (scope, now) = (scope("us-east-1"), world.clock.now());
    let from = |after| calls(&*world.store, &scope, (now.plus_millis(-3), now), after);
    let names = |page: Calls| {
        page.calls.into_iter().map(|found| found.call.event_name.into_owned()).collect::<Vec<_>>()
    };
    let whole = from(None).await.unwrap();
    let third = Place::parse(&whole.calls[1].place.to_string()).unwrap();
    assert_eq!(names(whole), ["4", "3", "2"]);
    assert_eq!(names(from(Some(third)).await.unwrap()), ["3", "2"]);
}

#[tokio::test]
async fn old_calls_are_removed_in_every_region() {
    let world = World::new(2);
    for region in ["eu-west-1", "us-east-1"] {
        for _ in 0..=BATCH_ENTRIES {
            world.note(region, "old");
            world.clock.advance(MINUTE_MS);
        }
    }
    world.clock.advance(DAY_MS);
    world.note("us-east-1", "new");
    world.trail.flush().await;
    world.clock.advance(DAY_MS);
    world.trail.remove_old(world.clock.now()).await.unwrap();
    assert!(world.names("eu-west-1", 4 * 1440).await.is_empty());
    assert_eq!(world.names("us-east-1", 4 * 1440).await, ["new"]);
}

#[tokio::test]
async fn calls_beyond_what_may_wait_wait_for_those_before_them() {
    let world = World::new(90);
    while world.trail.room().now_or_never().is_some() {
        world.note("us-east-1", "call");
        world.clock.advance(1);
    }
    assert!(world.trail.waiting().bytes >= WAITING_BYTES_MAX);
    let mut room = Box::pin(world.trail.room());
    assert!(room.as_mut().now_or_never().is_none());
    world.trail.flush().await;
    room.await;
    assert_eq!(world.trail.waiting().bytes, 0);
}

#[tokio::test]
async fn calls_that_do_not_pack_are_written_in_several_commits() {
    let world = World::new(90);
    let (mut seed, now) = (1_u64, world.clock.now());
    let mut noise = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b' ' + u8::try_from(seed >> 33 & 0x3f).unwrap())
    };
    let count = 2 * BATCH_BYTES / (64 * 1024);
    for number in 0..count {
        let name = number.to_string();
        let text: String = (0..64 * 1024).map(|_| noise()).collect();
        let parameters = [("name".to_owned(), text.into())].into_iter().collect();
        let call = Call { request_parameters: Some(parameters), ..call(&name) };
        world.trail.note(now, "us-east-1", &call);
    }
    world.trail.flush().await;
    assert_eq!(world.names("us-east-1", 1).await.len(), count);
}

/// As long as a request may be, and as it packs best: an entry that it made too long to be read hid the others in it.
#[tokio::test]
async fn a_call_that_names_very_much_hides_no_other() {
    let world = World::new(90);
    world.note("us-east-1", "first");
    let text = "a".repeat(1024 * 1024);
    let parameters = [("secretIdList".to_owned(), text.into())].into_iter().collect();
    let long = Call { request_parameters: Some(parameters), ..call("long") };
    world.trail.note(world.clock.now(), "us-east-1", &long);
    world.note("us-east-1", "last");
    world.trail.flush().await;
    let now = world.clock.now();
    let found = calls(&*world.store, &scope("us-east-1"), (now, now), None).await.unwrap();
    let mut found: Vec<_> = found.calls.into_iter().map(|found| found.call).collect();
    found.sort_by(|one, other| one.event_name.cmp(&other.event_name));
    assert_eq!(found, ["first", "last", "long"].map(call));
}

#[tokio::test]
async fn writing_ends_though_calls_keep_coming() {
    let world = World::new(90);
    world.note("us-east-1", "call");
    let mut coming = 0..1000;
    let calls_come = async {
        for _ in coming.by_ref() {
            world.clock.advance(1);
            world.note("us-east-1", "call");
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = calls_come => {}
        () = world.trail.flush() => {}
    }
    assert!(!coming.is_empty());
}

#[tokio::test]
async fn what_waits_when_the_process_stops_is_written() {
    let world = World::new(90);
    world.note("us-east-1", "last");
    world.trail.run(async {}).await;
    assert_eq!(world.names("us-east-1", 1).await, ["last"]);
}

#[test]
fn a_call_reads_as_cloudtrail_writes_it() {
    let at = Timestamp::from_millis(FixedClock::NOON_MS + 344);
    let mut read: serde_json::Value =
        serde_json::from_str(&call("GetSecretValue").event(at, "us-east-1")).unwrap();
    assert_eq!(
        (&read["eventTime"], &read["awsRegion"]),
        (&"2025-11-23T12:00:00Z".into(), &"us-east-1".into())
    );
    assert_eq!(read["userIdentity"]["type"], "Root");
    assert_eq!((&read["readOnly"], &read["sourceIPAddress"]), (&true.into(), &"127.0.0.1".into()));
    read["additional"] = "unknown members are passed over".into();
    // Whole events were stored once.
    let again: Call = serde_json::from_value(read).unwrap();
    assert_eq!(again, call("GetSecretValue"));
}
