//! The root access key of an account: given, found, or made at the first start and shown once.
//!
//! That it was shown is a record of its own, written after the showing: who dies in between sees it
//! again at the next start.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::record::{open, seal};
use super::{
    AccessKey, AccessKeyError, AccessKeys, CREATE_ATTEMPTS_MAX, KeyOwner, NewAccessKey, access_key_place,
    lost_race,
};
use crate::config::RootAccessKey;
use crate::store::{Batch, Key, StoreError};

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

impl AccessKeys {
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
        let place = root_key(key.account());
        let Some(entry) = self.store.load(&place).await? else { return Ok(()) };
        let shown = json(&RootRecord { id: key.id().to_owned(), announced: true });
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
        let (root_place, place) = (root_key(account), access_key_place(&given.id));
        let seen = self.store.load(&place).await?;
        if let Some(entry) = &seen {
            let known = open(&self.vault, &given.id, entry).await?;
            if *known.owner() != KeyOwner::Root {
                return Err(AccessKeyError::OfAUser { id: given.id.clone() });
            }
            if *known.secret() == given.secret {
                return Ok(Some(RootAccess::Known));
            }
        }
        let record = seal(&self.vault, account, &given.id, &KeyOwner::Root, true, &given.secret).await?;
        let revision = seen.as_ref().map(|entry| entry.revision);
        let mut batch = Batch::new().expect(place.clone(), revision).put(place, record);
        if self.store.load(&root_place).await?.is_none() {
            let root = json(&RootRecord { id: given.id.clone(), announced: true });
            batch = batch.expect(root_place.clone(), None).put(root_place, root);
        }
        match self.store.commit(batch).await {
            Ok(_) => Ok(Some(if seen.is_some() { RootAccess::Replaced } else { RootAccess::Added })),
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
        let made = NewAccessKey::make(&self.vault, &*self.entropy, account, &KeyOwner::Root).await?;
        let NewAccessKey { id, secret, batch } = made;
        let root = json(&RootRecord { id: id.clone(), announced: false });
        match self.store.commit(batch.expect(root_place.clone(), None).put(root_place, root)).await {
            Ok(_) => {
                Ok(Some(RootAccess::Unseen(Arc::new(AccessKey::new(&id, account, KeyOwner::Root, secret)))))
            }
            Err(error) => Ok(lost_race(error).map(|()| None)?),
        }
    }
}

fn root_key(account: &str) -> Key {
    Key::new(format!("root-access-key\0{account}"))
}

fn json<T: Serialize>(record: &T) -> Vec<u8> {
    serde_json::to_vec(record).expect("records have string keys only")
}
