//! Keys of users: what is kept in memory of them, and for how long.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use keywheel_domain::envelope::Key as RootBytes;
use keywheel_domain::sensitive::Sensitive;
use redb::backends::InMemoryBackend;
use tokio::sync::watch;

use super::*;
use crate::config::RootAccessKey;
use crate::entropy::SystemEntropy;
use crate::store::{Batch, CommitError, Entry, Key, RedbStore, Revision};
use crate::vault::{LocalRing, RootKey};

const ACCOUNT: &str = "123456789012";

/// Counts reads of access keys, and deletes the one that is read next while its reader waits.
struct Watched {
    inner: RedbStore,
    loads: AtomicUsize,
    deletes_next: AtomicBool,
}

#[async_trait]
impl Store for Watched {
    async fn load(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        let found = self.inner.load(key).await;
        if key.as_bytes().starts_with(b"access-key\0") {
            self.loads.fetch_add(1, Ordering::Relaxed);
            if self.deletes_next.swap(false, Ordering::Relaxed) {
                self.inner.commit(Batch::new().delete(key.clone())).await.unwrap();
            }
        }
        found
    }

    async fn scan(&self, from: &Key, to: &Key, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
        self.inner.scan(from, to, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        self.inner.commit(batch).await
    }

    fn changes(&self) -> watch::Receiver<Revision> {
        self.inner.changes()
    }

    fn exclusive(&self) -> bool {
        self.inner.exclusive()
    }
}

struct World {
    store: Arc<Watched>,
    vault: Arc<Vault>,
    keys: AccessKeys,
}

impl World {
    fn new() -> Self {
        let inner = RedbStore::with_backend(InMemoryBackend::new()).unwrap();
        let store =
            Arc::new(Watched { inner, loads: AtomicUsize::new(0), deletes_next: AtomicBool::new(false) });
        let root = RootKey::new(RootBytes::new([1; 64]));
        let ring = LocalRing::new(store.clone(), &root, Arc::new(SystemEntropy));
        let vault = Arc::new(Vault::new(Arc::new(ring), &root, Arc::new(SystemEntropy)));
        let keys = AccessKeys::new(store.clone(), Arc::clone(&vault), Arc::new(SystemEntropy));
        Self { store, vault, keys }
    }

    /// Makes and stores a key.
    async fn add(&self, name: &str) -> (String, Sensitive<String>) {
        let owner = KeyOwner::User(name.to_owned());
        let made = NewAccessKey::make(&self.vault, &SystemEntropy, ACCOUNT, &owner).await.unwrap();
        self.store.commit(made.batch).await.unwrap();
        (made.id, made.secret)
    }

    async fn delete(&self, id: &str) {
        self.store.commit(Batch::new().delete(access_key_place(id))).await.unwrap();
    }

    async fn put(&self, place: Key, value: &[u8]) {
        self.store.commit(Batch::new().put(place, value)).await.unwrap();
    }

    async fn find(&self, id: &str) -> Option<Arc<AccessKey>> {
        self.keys.lookup(id).await.unwrap()
    }

    fn loads(&self) -> usize {
        self.store.loads.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn a_key_of_a_user_is_theirs_and_survives_a_restart() {
    let world = World::new();
    let (id, secret) = world.add("ann").await;
    let again = AccessKeys::new(world.store.clone(), Arc::clone(&world.vault), Arc::new(SystemEntropy));
    for keys in [&world.keys, &again] {
        let key = keys.lookup(&id).await.unwrap().unwrap();
        assert_eq!((key.account(), key.owner()), (ACCOUNT, &KeyOwner::User("ann".to_owned())));
        assert_eq!(*key.secret(), secret);
    }
}

#[tokio::test]
async fn a_deleted_key_is_gone_at_once_and_others_are_not_opened_again() {
    let world = World::new();
    let (ann, bob) = (world.add("ann").await.0, world.add("bob").await.0);
    let (first, _) = (world.find(&ann).await.unwrap(), world.find(&bob).await.unwrap());
    let loads = world.loads();
    for _ in 0..10 {
        assert!(Arc::ptr_eq(&first, &world.find(&ann).await.unwrap()));
    }
    assert_eq!(world.loads(), loads, "between two commits the store is not asked");
    world.delete(&bob).await;
    assert!(world.find(&bob).await.is_none(), "on the very next lookup");
    assert!(world.find(&bob).await.is_none(), "and later");
    assert!(Arc::ptr_eq(&first, &world.find(&ann).await.unwrap()), "looked at, not opened");
    let loads = world.loads();
    world.find(&ann).await.unwrap();
    assert_eq!(world.loads(), loads);
}

/// A reader that was behind the deletion kept the key for good.
#[tokio::test]
async fn a_lookup_that_is_overtaken_by_the_deletion_keeps_nothing() {
    let world = World::new();
    let (id, _) = world.add("ann").await;
    world.store.deletes_next.store(true, Ordering::Relaxed);
    assert!(world.find(&id).await.is_some(), "it was there when it was read");
    assert!(world.find(&id).await.is_none());
}

#[tokio::test]
async fn a_key_that_another_one_replaced_is_opened_anew() {
    let world = World::new();
    let (id, secret) = world.add("ann").await;
    assert_eq!(*world.find(&id).await.unwrap().secret(), secret);
    let other = Sensitive::new("another-secret".to_owned());
    let sealed = record::seal(&world.vault, ACCOUNT, &id, &KeyOwner::Root, true, &other).await.unwrap();
    world.put(access_key_place(&id), &sealed).await;
    let found = world.find(&id).await.unwrap();
    assert_eq!((found.secret(), found.owner()), (&other, &KeyOwner::Root));
}

#[tokio::test]
async fn the_key_of_a_user_never_becomes_the_roots() {
    let world = World::new();
    let (id, secret) = world.add("ann").await;
    for secret in [secret, Sensitive::new("another-secret".to_owned())] {
        let given = RootAccessKey { id: id.clone(), secret };
        let refused = world.keys.settle_root(ACCOUNT, Some(&given)).await;
        assert!(matches!(refused, Err(AccessKeyError::OfAUser { .. })), "{refused:?}");
    }
    assert_eq!(*world.find(&id).await.unwrap().owner(), KeyOwner::User("ann".to_owned()));
}

#[tokio::test]
async fn a_record_of_nobody_is_damaged() {
    let world = World::new();
    let (id, _) = world.add("ann").await;
    let entry = world.store.load(&access_key_place(&id)).await.unwrap().unwrap();
    let text = String::from_utf8(entry.value).unwrap();
    for owner in ["user/", "user/a b", "admin", ""] {
        let changed = text.replace("\"user/ann\"", &format!("\"{owner}\""));
        assert_ne!(changed, text);
        world.put(access_key_place(&id), changed.as_bytes()).await;
        let refused = world.keys.lookup(&id).await;
        assert!(matches!(refused, Err(AccessKeyError::Damaged { .. })), "{owner}: {refused:?}");
    }
}

/// Whoever can write the file could make the key of a user one of the root.
#[tokio::test]
async fn a_key_opens_for_its_owner_only() {
    let world = World::new();
    let (id, _) = world.add("ann").await;
    let entry = world.store.load(&access_key_place(&id)).await.unwrap().unwrap();
    let text = String::from_utf8(entry.value).unwrap();
    for owner in ["root", "user/bob"] {
        world.put(access_key_place(&id), text.replace("user/ann", owner).as_bytes()).await;
        let refused = world.keys.lookup(&id).await;
        assert!(matches!(refused, Err(AccessKeyError::Vault { .. })), "{owner}: {refused:?}");
    }
    world.put(access_key_place(&id), text.as_bytes()).await;
    assert!(world.find(&id).await.is_some());
}

/// Whoever can write the file could let a key be used again that was to rest.
#[tokio::test]
async fn a_key_that_rests_is_none_and_nobody_else_wakes_it() {
    let world = World::new();
    let (id, secret) = world.add("ann").await;
    let place = access_key_place(&id);
    let change = async |owner: &KeyOwner, active| {
        let entry = world.store.load(&place).await.unwrap().unwrap();
        let batch = changed_access_key(&world.vault, &id, &entry, owner, active).await.unwrap();
        world.store.commit(batch).await.unwrap();
    };
    assert!(world.find(&id).await.is_some());
    change(&KeyOwner::User("bea".to_owned()), false).await;
    for _ in 0..2 {
        assert!(world.find(&id).await.is_none());
    }
    let resting = world.store.load(&place).await.unwrap().unwrap().value;
    let text = String::from_utf8(resting.clone()).unwrap();
    let changed = text.replace("\"inactive\":true", "\"inactive\":false");
    assert_ne!(changed, text);
    world.put(place.clone(), changed.as_bytes()).await;
    let refused = world.keys.lookup(&id).await;
    assert!(matches!(refused, Err(AccessKeyError::Vault { .. })), "{refused:?}");
    world.put(place.clone(), &resting).await;
    change(&KeyOwner::User("bea".to_owned()), true).await;
    let found = world.find(&id).await.unwrap();
    assert_eq!((found.secret(), found.owner()), (&secret, &KeyOwner::User("bea".to_owned())));
}

#[tokio::test]
async fn nothing_plain_is_stored_of_a_new_key() {
    let world = World::new();
    let (_, secret) = world.add("ann").await;
    let plain = &secret.expose().as_bytes()[..16];
    let entries = world.store.scan(&Key::new([0]), &Key::new([0xff]), 100).await.unwrap();
    for (key, entry) in entries {
        for plain in [plain, hex::encode(plain).as_bytes()] {
            assert!(!entry.value.windows(plain.len()).any(|window| window == plain), "{key:?}");
        }
    }
}
