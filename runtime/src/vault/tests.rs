//! The vault over a store in memory: what opens, what refuses, and what a crash leaves.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use async_trait::async_trait;
use redb::backends::InMemoryBackend;
use tokio::sync::{Notify, watch};

use super::*;
use crate::config::{RootAccessKey, RootKeySource};
use crate::entropy::SystemEntropy;
use crate::entropy::counting::CountingEntropy;
use crate::store::{self, Batch, Entry, RedbStore, Revision, Store};

const ACCOUNT: &str = "123456789012";
/// Cheap enough for a test.
const COST: PassphraseCost = PassphraseCost { memory_kib: 8, passes: 1, lanes: 1 };

fn new_store() -> Arc<dyn Store> {
    Arc::new(RedbStore::with_backend(InMemoryBackend::new()).unwrap())
}

fn root(byte: u8) -> RootKey {
    RootKey::new(Key::new([byte; 64]))
}

fn vault_of(store: &Arc<dyn Store>, root: &RootKey) -> Vault {
    let ring = LocalRing::new(Arc::clone(store), root, Arc::new(SystemEntropy));
    Vault::new(Arc::new(ring), root, Arc::new(SystemEntropy))
}

fn address() -> Address<'static> {
    Address { account: ACCOUNT, region: "us-east-1", secret_arn: "arn:db-a1b2c3", version_id: "v1" }
}

fn value(text: &str) -> Sensitive<Vec<u8>> {
    Sensitive::new(text.as_bytes().to_vec())
}

fn passphrase(text: &str) -> RootKeySource {
    RootKeySource::Passphrase(Sensitive::new(text.to_owned()))
}

fn given(id: &str, secret: &str) -> RootAccessKey {
    RootAccessKey { id: id.to_owned(), secret: Sensitive::new(secret.to_owned()) }
}

#[tokio::test]
async fn a_value_opens_at_its_address_only() {
    let store = new_store();
    let vault = vault_of(&store, &root(1));
    let sealed = vault.seal(&address(), &value("hunter2")).await.unwrap();
    assert_eq!(vault.open(&address(), &sealed).await.unwrap(), value("hunter2"));
    // The region is no part of the binding by itself: it is in the ARN, and the key is named inside.
    let others = [
        Address { account: "210987654321", ..address() },
        Address { secret_arn: "arn:db-x1b2c3", ..address() },
        Address { version_id: "v2", ..address() },
    ];
    for other in others {
        assert!(vault.open(&other, &sealed).await.is_err(), "{other:?}");
    }
    let mut changed = sealed.clone();
    changed[sealed.len() - 1] ^= 1;
    assert!(vault.open(&address(), &changed).await.is_err());
    assert!(vault.open(&address(), b"").await.is_err());
}

#[tokio::test]
async fn the_ring_survives_a_restart_and_another_root_key_opens_nothing() {
    let store = new_store();
    let sealed = vault_of(&store, &root(1)).seal(&address(), &value("hunter2")).await.unwrap();
    assert_eq!(vault_of(&store, &root(1)).open(&address(), &sealed).await.unwrap(), value("hunter2"));
    let refused = vault_of(&store, &root(2)).open(&address(), &sealed).await;
    assert!(matches!(refused, Err(VaultError::Key(KeyError::Damaged { .. }))), "{refused:?}");
    // A key that is only read is never made.
    let refused = vault_of(&new_store(), &root(1)).open(&address(), &sealed).await;
    assert!(matches!(refused, Err(VaultError::Key(KeyError::NotFound { .. }))), "{refused:?}");
}

#[tokio::test]
async fn two_that_make_the_first_key_at_once_agree() {
    let store = new_store();
    let (one, other) = (vault_of(&store, &root(1)), vault_of(&store, &root(1)));
    let (at, (a, b)) = (address(), (value("a"), value("b")));
    let (first, second) = tokio::join!(one.seal(&at, &a), other.seal(&at, &b));
    let fresh = vault_of(&store, &root(1));
    assert_eq!(fresh.open(&address(), &first.unwrap()).await.unwrap(), value("a"));
    assert_eq!(fresh.open(&address(), &second.unwrap()).await.unwrap(), value("b"));
}

#[tokio::test]
async fn nothing_plain_is_stored() {
    let store = new_store();
    let vault = Arc::new(vault_of(&store, &root(7)));
    vault.seal(&address(), &value("hunter2")).await.unwrap();
    let keys = AccessKeys::new(Arc::clone(&store), vault, Arc::new(SystemEntropy));
    keys.settle_root(ACCOUNT, Some(&given("AKIATEST", "correct-horse-battery"))).await.unwrap();
    let (from, to) = (store::Key::new([0]), store::Key::new([0xff]));
    for (key, entry) in store.scan(&from, &to, 100).await.unwrap() {
        let hexadecimal = hex::encode(b"correct-horse");
        for plain in [&b"correct-horse"[..], hexadecimal.as_bytes(), &[7; 16]] {
            assert!(!entry.value.windows(plain.len()).any(|window| window == plain), "{key:?}");
        }
    }
}

#[test]
fn derived_keys_differ_by_purpose_and_root() {
    let store = new_store();
    let (one, other) = (vault_of(&store, &root(1)), vault_of(&store, &root(2)));
    assert_eq!(one.derive("pages"), vault_of(&store, &root(1)).derive("pages"));
    assert_ne!(one.derive("pages"), one.derive("components"));
    assert_ne!(one.derive("pages"), other.derive("pages"));
}

async fn open_with(store: &Arc<dyn Store>, source: &RootKeySource) -> Result<RootKey, RootKeyError> {
    open_root_key(&**store, source, COST, &SystemEntropy).await
}

#[tokio::test]
async fn a_passphrase_is_the_same_or_refused() {
    let store = new_store();
    let made = open_with(&store, &passphrase("correct horse")).await.unwrap();
    let again = open_with(&store, &passphrase("correct horse")).await.unwrap();
    assert_eq!(made.wrapping(), again.wrapping());
    let refused = open_with(&store, &passphrase("wrong horse")).await.err();
    assert!(matches!(refused, Some(RootKeyError::WrongPassphrase)), "{refused:?}");
    let refused = open_with(&store, &RootKeySource::File("/nowhere".into())).await.err();
    assert!(matches!(refused, Some(RootKeyError::NeedsPassphrase)), "{refused:?}");
    // The same passphrase in another folder is another key: the salt differs.
    let elsewhere = open_with(&new_store(), &passphrase("correct horse")).await.unwrap();
    assert_ne!(made.wrapping(), elsewhere.wrapping());
}

#[tokio::test]
async fn a_key_file_that_is_gone_or_another_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root.key");
    let source = RootKeySource::File(path.clone());
    let store = new_store();
    open_with(&store, &source).await.unwrap();
    let kept = fs::read(&path).unwrap();

    fs::remove_file(&path).unwrap();
    let refused = open_with(&store, &source).await.err();
    assert!(matches!(refused, Some(RootKeyError::File(RootFileError::Absent { .. }))), "{refused:?}");
    assert!(!path.exists());

    write_key(&path, "ab");
    let refused = open_with(&store, &source).await.err();
    assert!(matches!(refused, Some(RootKeyError::WrongFile { .. })), "{refused:?}");

    fs::write(&path, kept).unwrap();
    open_with(&store, &source).await.unwrap();
    let refused = open_with(&store, &passphrase("x")).await.err();
    assert!(matches!(refused, Some(RootKeyError::NeedsFile)), "{refused:?}");
}

fn write_key(path: &Path, digits: &str) {
    fs::write(path, digits.repeat(64)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A store whose process dies at a commit, before or after the effect: the future never resolves.
struct Dying {
    inner: Arc<dyn Store>,
    after_effect: bool,
    died: Notify,
}

impl Dying {
    fn new(inner: &Arc<dyn Store>, after_effect: bool) -> Arc<Self> {
        Arc::new(Self { inner: Arc::clone(inner), after_effect, died: Notify::new() })
    }

    async fn run<T>(&self, work: impl Future<Output = T>) {
        tokio::select! {
            _ = work => panic!("it must not outlive its commit"),
            () = self.died.notified() => {}
        }
    }
}

#[async_trait]
impl Store for Dying {
    async fn load(&self, key: &store::Key) -> Result<Option<Entry>, StoreError> {
        self.inner.load(key).await
    }

    async fn scan(
        &self,
        from: &store::Key,
        to: &store::Key,
        limit: usize,
    ) -> Result<Vec<(store::Key, Entry)>, StoreError> {
        self.inner.scan(from, to, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        if self.after_effect {
            self.inner.commit(batch).await?;
        }
        self.died.notify_one();
        std::future::pending().await
    }

    fn changes(&self) -> watch::Receiver<Revision> {
        self.inner.changes()
    }

    fn exclusive(&self) -> bool {
        self.inner.exclusive()
    }
}

#[tokio::test]
async fn a_first_start_that_dies_can_be_repeated() {
    for after_effect in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        let source = RootKeySource::File(path.clone());
        let store = new_store();
        let dying = Dying::new(&store, after_effect);
        dying.run(open_root_key(&*dying, &source, COST, &SystemEntropy)).await;
        let first = fs::read(&path).unwrap();
        let key = open_with(&store, &source).await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), first, "the key that was made is the key that is used");

        let dying = Dying::new(&store, after_effect);
        let vault = vault_of(&(Arc::clone(&dying) as Arc<dyn Store>), &key);
        dying.run(vault.seal(&address(), &value("never stored"))).await;
        let vault = vault_of(&store, &key);
        let sealed = vault.seal(&address(), &value("hunter2")).await.unwrap();
        assert_eq!(vault.open(&address(), &sealed).await.unwrap(), value("hunter2"));
    }
}

#[tokio::test]
async fn a_new_root_access_key_is_shown_until_it_was_seen() {
    let store = new_store();
    let vault = Arc::new(vault_of(&store, &root(1)));
    let start =
        || AccessKeys::new(Arc::clone(&store), Arc::clone(&vault), Arc::new(CountingEntropy::default()));
    let unseen = |settled| match settled {
        RootAccess::Unseen(key) => key,
        other => panic!("{other:?}"),
    };
    let first = unseen(start().settle_root(ACCOUNT, None).await.unwrap());
    assert!(first.id().starts_with("AKIA") && first.id().len() == 20, "{}", first.id());
    assert_eq!(first.secret().expose().len(), SECRET_LEN);
    // The process died before it was printed.
    let keys = start();
    let again = unseen(keys.settle_root(ACCOUNT, None).await.unwrap());
    assert_eq!((again.id(), again.secret()), (first.id(), first.secret()));
    keys.announced(&again).await.unwrap();
    assert!(matches!(start().settle_root(ACCOUNT, None).await.unwrap(), RootAccess::Known));
    let found = start().lookup(first.id()).await.unwrap().unwrap();
    assert_eq!((found.account(), found.secret()), (ACCOUNT, first.secret()));
}

const SECRET_LEN: usize = 40;

#[tokio::test]
async fn a_given_access_key_is_added_kept_or_replaced() {
    let store = new_store();
    let vault = Arc::new(vault_of(&store, &root(1)));
    let keys = AccessKeys::new(Arc::clone(&store), vault, Arc::new(SystemEntropy));
    let secret_of = async |id: &str| keys.lookup(id).await.unwrap().map(|key| key.secret().expose().clone());
    let settle =
        async |id: &str, secret: &str| keys.settle_root(ACCOUNT, Some(&given(id, secret))).await.unwrap();

    assert!(matches!(settle("ONE", "first-secret").await, RootAccess::Added));
    assert!(matches!(settle("ONE", "first-secret").await, RootAccess::Known));
    assert_eq!(secret_of("ONE").await.as_deref(), Some("first-secret"));
    assert!(matches!(settle("ONE", "second-secret").await, RootAccess::Replaced));
    assert_eq!(secret_of("ONE").await.as_deref(), Some("second-secret"), "the cache forgot the first");
    assert!(matches!(settle("TWO", "third-secret").await, RootAccess::Added));
    assert_eq!(secret_of("ONE").await.as_deref(), Some("second-secret"));
    assert_eq!(secret_of("THREE").await, None);
    // Given once, the folder has a root key: none is made later.
    assert!(matches!(keys.settle_root(ACCOUNT, None).await.unwrap(), RootAccess::Known));
}

#[tokio::test]
async fn the_account_is_settled_once() {
    let store = new_store();
    assert_eq!(settle_account(&*store, None, ACCOUNT).await.unwrap(), ACCOUNT);
    assert_eq!(settle_account(&*store, Some(ACCOUNT), "").await.unwrap(), ACCOUNT);
    let refused =
        settle_account(&*store, Some("210987654321"), "").await.err().map(|error| error.to_string());
    assert!(refused.is_some_and(|error| error.contains("belongs to account 123456789012")));
}
