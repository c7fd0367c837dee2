//! Access keys: what requests are signed with. Their secrets rest sealed like values.
//!
//! The root access key of a new folder is made here and shown once. That it was shown is a record of its
//! own, written after the showing: who dies in between sees it again at the next start.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use keywheel_domain::envelope::{Binding, Purpose, Sealed};
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4::{Presented, SigningKey};
use serde::{Deserialize, Serialize};

use super::{CREATE_ATTEMPTS_MAX, Vault, VaultError, lost_race};
use crate::config::RootAccessKey;
use crate::entropy::{self, Entropy};
use crate::store::{Batch, Entry, Key, Store, StoreError};

/// Access keys kept open in memory. When there are more, all are forgotten and opened again as needed.
const KEYS_CACHED_MAX: usize = 1024;
/// Signing keys kept for one access key: some regions, on two days around midnight.
const SIGNING_KEYS_CACHED_MAX: usize = 32;
/// The alphabet of access key ids that AWS makes.
const ID_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ID_PREFIX: &str = "AKIA";
const ID_RANDOM_CHARS: usize = 16;
const SECRET_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// 240 bits.
const SECRET_CHARS: usize = 40;
const PRINCIPAL_ROOT: &str = "root";

/// Why an access key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum AccessKeyError {
    /// The secret cannot be sealed or opened.
    #[error("the secret of access key `{id}` could not be sealed or opened")]
    Vault {
        /// The access key.
        id: String,
        /// Why.
        #[source]
        source: VaultError,
    },
    /// The record cannot be read as one.
    #[error("the record of access key `{id}` is damaged")]
    Damaged {
        /// The access key.
        id: String,
    },
    /// Others changed the key at each attempt.
    #[error("the root access key is being changed by another process")]
    Contended,
    /// The store failed.
    #[error("the access keys could not be read or written")]
    Store(#[from] StoreError),
}

/// A usable access key.
#[derive(Debug)]
pub struct AccessKey {
    id: String,
    account: String,
    secret: Sensitive<String>,
    signing: RwLock<Vec<(SigningScope, SigningKey)>>,
}

#[derive(Debug)]
struct SigningScope {
    date: String,
    region: String,
    service: String,
}

impl AccessKey {
    fn new(id: &str, account: &str, secret: Sensitive<String>) -> Self {
        Self { id: id.to_owned(), account: account.to_owned(), secret, signing: RwLock::default() }
    }

    /// The access key id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The account that it belongs to.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The secret half.
    pub const fn secret(&self) -> &Sensitive<String> {
        &self.secret
    }

    /// The key that a request in this scope must be signed with.
    pub fn signing_key(&self, presented: &Presented<'_>) -> SigningKey {
        let known = self.signing.read().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|(scope, _)| scope.is_of(presented)).map(|(_, key)| key.clone());
        drop(known);
        found.unwrap_or_else(|| presented.signing_key(&self.secret))
    }

    /// Keeps the signing key of a request that has proven itself. Others would let anybody push the
    /// useful ones out.
    pub fn keep(&self, presented: &Presented<'_>, key: &SigningKey) {
        let known = self.signing.read().unwrap_or_else(PoisonError::into_inner);
        if known.iter().any(|(scope, _)| scope.is_of(presented)) {
            return;
        }
        drop(known);
        let mut known = self.signing.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SIGNING_KEYS_CACHED_MAX {
            known.clear();
        }
        known.push((SigningScope::of(presented), key.clone()));
    }
}

impl SigningScope {
    fn of(presented: &Presented<'_>) -> Self {
        Self {
            date: presented.date.to_owned(),
            region: presented.region.to_owned(),
            service: presented.service.to_owned(),
        }
    }

    fn is_of(&self, presented: &Presented<'_>) -> bool {
        self.region == presented.region && self.date == presented.date && self.service == presented.service
    }
}

#[derive(Serialize, Deserialize)]
struct Record {
    account: String,
    principal: String,
    /// The sealed secret in hexadecimal.
    secret: String,
}

/// Which key was made for the root of an account, and whether somebody has seen it.
#[derive(Serialize, Deserialize)]
struct RootRecord {
    id: String,
    announced: bool,
}

/// How a start left the root access key.
#[derive(Debug)]
pub enum RootAccess {
    /// The key was made here and nobody has seen it yet: show it, then call [`AccessKeys::announced`].
    Unseen(Arc<AccessKey>),
    /// There was a key already, and none was given or the given one is known.
    Known,
    /// The given key is new; an earlier one stays valid beside it.
    Added,
    /// The given key was known with another secret, which is no longer valid.
    Replaced,
}

/// The access keys of the store.
pub struct AccessKeys {
    store: Arc<dyn Store>,
    vault: Arc<Vault>,
    entropy: Arc<dyn Entropy>,
    opened: RwLock<HashMap<String, Arc<AccessKey>>>,
}

impl AccessKeys {
    /// The access keys of this store, sealed by this vault.
    pub fn new(store: Arc<dyn Store>, vault: Arc<Vault>, entropy: Arc<dyn Entropy>) -> Self {
        Self { store, vault, entropy, opened: RwLock::default() }
    }

    /// The key with this id, if there is one.
    pub async fn lookup(&self, id: &str) -> Result<Option<Arc<AccessKey>>, AccessKeyError> {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if opened.is_some() {
            return Ok(opened);
        }
        let Some(entry) = self.store.load(&record_key(id)).await? else { return Ok(None) };
        let key = Arc::new(self.open(id, &entry).await?);
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        if opened.len() >= KEYS_CACHED_MAX {
            opened.clear();
        }
        opened.insert(id.to_owned(), Arc::clone(&key));
        Ok(Some(key))
    }

    /// Sees to it that the account has a root access key: the given one, an earlier one, or a new one.
    pub async fn settle_root(
        &self,
        account: &str,
        given: Option<&RootAccessKey>,
    ) -> Result<RootAccess, AccessKeyError> {
        for _ in 0..CREATE_ATTEMPTS_MAX {
            let settled = match given {
                Some(given) => self.settle_given(account, given).await?,
                None => self.settle_own(account).await?,
            };
            if let Some(settled) = settled {
                return Ok(settled);
            }
        }
        Err(AccessKeyError::Contended)
    }

    /// The key that was made for the root has been shown. It is not shown again.
    pub async fn announced(&self, key: &AccessKey) -> Result<(), AccessKeyError> {
        let place = root_key(&key.account);
        let Some(entry) = self.store.load(&place).await? else { return Ok(()) };
        let shown = json(&RootRecord { id: key.id.clone(), announced: true });
        let batch = Batch::new().expect(place.clone(), Some(entry.revision)).put(place, shown);
        match self.store.commit(batch).await {
            Ok(_) => Ok(()),
            Err(error) => Ok(lost_race(error)?),
        }
    }

    async fn settle_given(
        &self,
        account: &str,
        given: &RootAccessKey,
    ) -> Result<Option<RootAccess>, AccessKeyError> {
        let (root_place, place) = (root_key(account), record_key(&given.id));
        let seen = self.store.load(&place).await?;
        if let Some(entry) = &seen {
            let known = self.open(&given.id, entry).await?;
            if known.secret == given.secret {
                return Ok(Some(RootAccess::Known));
            }
        }
        let record = self.seal(account, &given.id, &given.secret).await?;
        let revision = seen.as_ref().map(|entry| entry.revision);
        let mut batch = Batch::new().expect(place.clone(), revision).put(place, record);
        if self.store.load(&root_place).await?.is_none() {
            let root = json(&RootRecord { id: given.id.clone(), announced: true });
            batch = batch.expect(root_place.clone(), None).put(root_place, root);
        }
        match self.store.commit(batch).await {
            Ok(_) => {
                self.opened.write().unwrap_or_else(PoisonError::into_inner).remove(&given.id);
                Ok(Some(if seen.is_some() { RootAccess::Replaced } else { RootAccess::Added }))
            }
            Err(error) => Ok(lost_race(error).map(|()| None)?),
        }
    }

    async fn settle_own(&self, account: &str) -> Result<Option<RootAccess>, AccessKeyError> {
        let root_place = root_key(account);
        if let Some(entry) = self.store.load(&root_place).await? {
            let damaged = || AccessKeyError::Store(StoreError::Damaged { key: root_place.clone() });
            let root: RootRecord = serde_json::from_slice(&entry.value).map_err(|_| damaged())?;
            if root.announced {
                return Ok(Some(RootAccess::Known));
            }
            let key = self.lookup(&root.id).await?.ok_or_else(damaged)?;
            return Ok(Some(RootAccess::Unseen(key)));
        }
        let random = entropy::of_alphabet(&*self.entropy, ID_ALPHABET, ID_RANDOM_CHARS);
        let id = format!("{ID_PREFIX}{random}");
        let secret = Sensitive::new(entropy::of_alphabet(&*self.entropy, SECRET_ALPHABET, SECRET_CHARS));
        let record = self.seal(account, &id, &secret).await?;
        let root = json(&RootRecord { id: id.clone(), announced: false });
        let batch = Batch::new()
            .expect(root_place.clone(), None)
            .put(root_place, root)
            .expect(record_key(&id), None)
            .put(record_key(&id), record);
        match self.store.commit(batch).await {
            Ok(_) => Ok(Some(RootAccess::Unseen(Arc::new(AccessKey::new(&id, account, secret))))),
            Err(error) => Ok(lost_race(error).map(|()| None)?),
        }
    }

    async fn seal(
        &self,
        account: &str,
        id: &str,
        secret: &Sensitive<String>,
    ) -> Result<Vec<u8>, AccessKeyError> {
        let key_id = wrapping_key_id(account);
        let sealed = self.vault.seal_bound(&binding(account, id, &key_id), secret.expose().as_bytes()).await;
        let sealed = sealed.map_err(|source| AccessKeyError::Vault { id: id.to_owned(), source })?;
        Ok(json(&Record {
            account: account.to_owned(),
            principal: PRINCIPAL_ROOT.to_owned(),
            secret: hex::encode(sealed),
        }))
    }

    async fn open(&self, id: &str, entry: &Entry) -> Result<AccessKey, AccessKeyError> {
        let damaged = || AccessKeyError::Damaged { id: id.to_owned() };
        let refused = |source| AccessKeyError::Vault { id: id.to_owned(), source };
        let record: Record = serde_json::from_slice(&entry.value).map_err(|_| damaged())?;
        if record.principal != PRINCIPAL_ROOT {
            return Err(damaged());
        }
        let sealed = hex::decode(&record.secret).map_err(|_| damaged())?;
        let sealed = Sealed::parse(&sealed).map_err(|error| refused(error.into()))?;
        let binding = binding(&record.account, id, sealed.key_id);
        let secret = self.vault.open_bound(&binding, &sealed).await.map_err(refused)?;
        let secret = str::from_utf8(secret.expose()).map_err(|_| damaged())?;
        Ok(AccessKey::new(id, &record.account, Sensitive::new(secret.to_owned())))
    }
}

const fn binding<'a>(account: &'a str, id: &'a str, key_id: &'a str) -> Binding<'a> {
    Binding { purpose: Purpose::AccessKey, account, resource: id, version_id: "", key_id }
}

/// Access keys belong to an account and to no region of it.
fn wrapping_key_id(account: &str) -> String {
    format!("arn:aws:kms::{account}:alias/keywheel/access-keys")
}

fn record_key(id: &str) -> Key {
    Key::new(format!("access-key\0{id}"))
}

fn root_key(account: &str) -> Key {
    Key::new(format!("root-access-key\0{account}"))
}

fn json<T: Serialize>(record: &T) -> Vec<u8> {
    serde_json::to_vec(record).expect("records have string keys only")
}
