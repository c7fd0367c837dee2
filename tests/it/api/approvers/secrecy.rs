//! Where the secret of an approver's key never is, and what is told instead.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use keywheel::audit;
use tracing::Dispatch;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::*;

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn subscriber(log: Log) -> impl Into<Dispatch> {
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || log.clone())
        .finish()
}

#[tokio::test]
async fn the_secret_is_in_one_answer_and_nowhere_else() {
    let log = Log::default();
    // While there is one subscriber only, what the thread of another test logs first is switched off for
    // every thread.
    let _another: Dispatch = subscriber(Log::default()).into();
    let _subscribed = subscriber(log.clone()).into().set_default();
    // What a thread of another test looked at while there was none stays switched off otherwise.
    tracing::callsite::rebuild_interest_cache();

    let world = World::new().await;
    let ann = world.create("ann").await;
    assert_eq!(ann.secret.expose().len(), 40);
    world.send(&ann, "Keywheel.ListApprovals", &json!({})).await.unwrap();
    world.send(&ann, "secretsmanager.ListSecrets", &json!({})).await.unwrap_err();
    world.root("Keywheel.CreateApprover", json!({"UserName": "ann"})).await.unwrap_err();
    let stored = world.store.durable_image();
    world.root("Keywheel.DeleteApprover", json!({"UserName": "ann"})).await.unwrap();

    let secret = ann.secret.expose();
    let text = log.text();
    assert!(text.contains(&ann.access_key_id), "the log tells who asked: {text}");
    assert!(!text.contains(secret.as_str()), "in the log");
    for (key, entry) in stored.entries() {
        for plain in [secret.as_bytes(), hex::encode(secret).as_bytes()] {
            assert!(!entry.value.windows(plain.len()).any(|window| window == plain), "{key:?}");
        }
    }

    let rows = audit::read(&*world.store, 1, 100).await.unwrap().rows;
    let told: Vec<_> = rows.iter().map(|(_, row)| (row.event.as_str(), row.secret_arn.as_str())).collect();
    assert_eq!(told, [("CreateApprover", ANN), ("DeleteApprover", ANN)]);
    for (_, row) in &rows {
        assert_eq!(row.caller, "arn:aws:iam::123456789012:root");
        assert_eq!(row.detail, Some(format!("access key {}", ann.access_key_id)));
        assert!(!format!("{row:?}").contains(secret.as_str()));
    }
}
