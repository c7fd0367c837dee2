//! Access keys: which of them are answered, and what is told of their use.

use keywheel::store::Store as _;

use super::{Place, element};

/// How a request is refused whose key does not count. Another one is told what it may not do.
const UNKNOWN: &str = "InvalidClientTokenId";

async fn refusal(place: &Place, signer: &super::Signer) -> String {
    let refused = place.send(signer, "ListUsers").await.unwrap_err();
    refused.split(':').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_counts_from_its_making_to_its_end() {
    let place = Place::new().await;
    place.root("CreateUser UserName=ann").await;
    let (first, second) = (place.key_of("ann").await, place.key_of("ann").await);
    let id = &first.access_key_id;
    assert_eq!(refusal(&place, &first).await, "AccessDenied");
    place.root(&format!("UpdateAccessKey UserName=ann AccessKeyId={id} Status=Inactive")).await;
    assert_eq!(refusal(&place, &first).await, UNKNOWN);
    assert_eq!(refusal(&place, &second).await, "AccessDenied");
    place.root(&format!("UpdateAccessKey UserName=ann AccessKeyId={id} Status=Active")).await;
    assert_eq!(refusal(&place, &first).await, "AccessDenied");
    place.root(&format!("DeleteAccessKey UserName=ann AccessKeyId={id}")).await;
    assert_eq!(refusal(&place, &first).await, UNKNOWN);
    assert_eq!(refusal(&place, &second).await, "AccessDenied");
}

#[tokio::test]
async fn a_renamed_user_keeps_the_keys() {
    let place = Place::new().await;
    place.root("CreateUser UserName=ann").await;
    let (active, resting) = (place.key_of("ann").await, place.key_of("ann").await);
    let id = &resting.access_key_id;
    place.root(&format!("UpdateAccessKey UserName=ann AccessKeyId={id} Status=Inactive")).await;
    place.root("UpdateUser UserName=ann NewUserName=Bea").await;
    let refused = place.send(&active, "ListUsers").await.unwrap_err();
    assert!(refused.contains("user/Bea"), "{refused}");
    assert_eq!(refusal(&place, &resting).await, UNKNOWN);
    place.root(&format!("UpdateAccessKey UserName=Bea AccessKeyId={id} Status=Active")).await;
    assert_eq!(refusal(&place, &resting).await, "AccessDenied");
}

#[tokio::test]
async fn a_use_is_told_to_the_hour_and_written_once_an_hour() {
    let place = Place::new().await;
    place.root("CreateUser UserName=ann").await;
    let key = place.key_of("ann").await;
    let ask = format!("GetAccessKeyLastUsed AccessKeyId={}", key.access_key_id);
    assert_eq!(element(&place.root(&ask).await, "ServiceName"), Some("N/A"));
    refusal(&place, &key).await;
    let told = place.root(&ask).await;
    assert_eq!(element(&told, "LastUsedDate"), Some("2025-11-23T12:00:00Z"));
    assert_eq!((element(&told, "ServiceName"), element(&told, "Region")), (Some("iam"), Some("us-east-1")));

    let revision = || *place.store.changes().borrow();
    let before = revision();
    for minutes in [0, 10, 40] {
        place.clock.advance(minutes * 60_000);
        refusal(&place, &key).await;
        place.node.ops.write_key_uses().await.unwrap();
    }
    let written = revision();
    assert_ne!(written, before);
    refusal(&place, &key).await;
    place.node.ops.write_key_uses().await.unwrap();
    assert_eq!(revision(), written, "the same hour");
    place.clock.advance(30 * 60_000);
    refusal(&place, &key).await;
    place.node.ops.write_key_uses().await.unwrap();
    assert_ne!(revision(), written, "the next hour");

    // Whoever asks another process is told what was written.
    let store = std::sync::Arc::clone(&place.store) as std::sync::Arc<dyn keywheel::store::Store>;
    let node = super::open(store, place._folder.path(), &place.clock, 2).await;
    let form = super::form(&ask);
    let (_, _, told) = super::send(&node.server(), &place.clock, &super::Signer::root(), &form).await;
    assert_eq!(element(&told, "LastUsedDate"), Some("2025-11-23T13:00:00Z"));

    let delete = format!("DeleteAccessKey UserName=ann AccessKeyId={}", key.access_key_id);
    place.root(&delete).await;
    let kept = place.store.durable_image();
    let left = kept.entries().keys().filter(|place| place.as_bytes().starts_with(b"access-key-use"));
    assert_eq!(left.count(), 0);
}
