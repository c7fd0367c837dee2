//! How access keys rest in the store: whose they are in the open, their secrets sealed.

use keywheel_domain::envelope::{Binding, Purpose, Sealed};
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::user;
use serde::{Deserialize, Serialize};

use super::{AccessKey, AccessKeyError, Vault};
use crate::entropy::{self, Entropy};
use crate::store::{Batch, Entry, Key};

/// The alphabet of access key ids that AWS makes.
const ID_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ID_PREFIX: &str = "AKIA";
const ID_RANDOM_CHARS: usize = 16;
const SECRET_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// 240 bits.
const SECRET_CHARS: usize = 40;
const OWNER_ROOT: &str = "root";
const OWNER_USER_PREFIX: &str = "user/";
/// In no name.
const RESTS: &str = "\0inactive";

/// Who in an account a key belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOwner {
    /// The account itself.
    Root,
    /// The user of this name.
    User(String),
}

impl KeyOwner {
    /// The end of the owner's ARN.
    fn to_stored(&self) -> String {
        match self {
            Self::Root => OWNER_ROOT.to_owned(),
            Self::User(name) => format!("{OWNER_USER_PREFIX}{name}"),
        }
    }

    /// What the secret of a key is sealed to beside its id: who changes the owner in the store's file gets
    /// a key that does not open. Keys of the root have nothing here.
    /// One that rests is sealed to that too.
    fn bound(&self, active: bool) -> String {
        let rests = if active { "" } else { RESTS };
        match self {
            Self::Root => rests.to_owned(),
            Self::User(_) => format!("{}{rests}", self.to_stored()),
        }
    }

    fn from_stored(stored: &str) -> Option<Self> {
        if stored == OWNER_ROOT {
            return Some(Self::Root);
        }
        let name = stored.strip_prefix(OWNER_USER_PREFIX)?;
        user::is_name(name).then(|| Self::User(name.to_owned()))
    }
}

/// A key that was made and is not stored yet.
#[derive(Debug)]
pub struct NewAccessKey {
    /// The access key id.
    pub id: String,
    /// The secret half, for its owner alone.
    pub secret: Sensitive<String>,
    /// Stores the key, its secret sealed, where there must be none of this id.
    pub batch: Batch,
}

impl NewAccessKey {
    /// Makes a key for this owner.
    pub async fn make(
        vault: &Vault,
        entropy: &dyn Entropy,
        account: &str,
        owner: &KeyOwner,
    ) -> Result<Self, AccessKeyError> {
        let id = format!("{ID_PREFIX}{}", entropy::of_alphabet(entropy, ID_ALPHABET, ID_RANDOM_CHARS));
        let secret = Sensitive::new(entropy::of_alphabet(entropy, SECRET_ALPHABET, SECRET_CHARS));
        let record = seal(vault, account, &id, owner, true, &secret).await?;
        let batch = Batch::new().expect(access_key_place(&id), None).put(access_key_place(&id), record);
        Ok(Self { id, secret, batch })
    }
}

/// Where the key of this id is stored. One that is deleted there is refused from the next request on.
pub fn access_key_place(id: &str) -> Key {
    Key::new(format!("access-key\0{id}"))
}

#[derive(Serialize, Deserialize)]
struct Record {
    account: String,
    principal: String,
    /// The sealed secret in hexadecimal.
    secret: String,
    /// Whether requests signed with it are refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    inactive: bool,
}

/// Whose key it is, without opening it: the account, and who in it.
pub fn access_key_owner(entry: &Entry) -> Option<(String, KeyOwner)> {
    let record: Record = serde_json::from_slice(&entry.value).ok()?;
    Some((record.account, KeyOwner::from_stored(&record.principal)?))
}

/// Stores the key of this entry, if it still is there, for this owner, and says whether it can be used.
pub async fn changed_access_key(
    vault: &Vault,
    id: &str,
    entry: &Entry,
    owner: &KeyOwner,
    active: bool,
) -> Result<Batch, AccessKeyError> {
    let key = open(vault, id, entry).await?;
    let record = seal(vault, key.account(), id, owner, active, key.secret()).await?;
    let place = access_key_place(id);
    Ok(Batch::new().expect(place.clone(), Some(entry.revision)).put(place, record))
}

/// The record of a key.
pub(super) async fn seal(
    vault: &Vault,
    account: &str,
    id: &str,
    owner: &KeyOwner,
    active: bool,
    secret: &Sensitive<String>,
) -> Result<Vec<u8>, AccessKeyError> {
    let (key_id, bound) = (wrapping_key_id(account), owner.bound(active));
    let sealed = vault.seal_bound(&binding(account, id, &bound, &key_id), secret.expose().as_bytes()).await;
    let sealed = sealed.map_err(|source| AccessKeyError::Vault { id: id.to_owned(), source })?;
    let record = Record {
        account: account.to_owned(),
        principal: owner.to_stored(),
        secret: hex::encode(sealed),
        inactive: !active,
    };
    Ok(serde_json::to_vec(&record).expect("records have string keys only"))
}

/// The key of a record.
pub(super) async fn open(vault: &Vault, id: &str, entry: &Entry) -> Result<AccessKey, AccessKeyError> {
    let damaged = || AccessKeyError::Damaged { id: id.to_owned() };
    let refused = |source| AccessKeyError::Vault { id: id.to_owned(), source };
    let record: Record = serde_json::from_slice(&entry.value).map_err(|_| damaged())?;
    let owner = KeyOwner::from_stored(&record.principal).ok_or_else(damaged)?;
    let sealed = hex::decode(&record.secret).map_err(|_| damaged())?;
    let sealed = Sealed::parse(&sealed).map_err(|error| refused(error.into()))?;
    let active = !record.inactive;
    let bound = owner.bound(active);
    let binding = binding(&record.account, id, &bound, sealed.key_id);
    let secret = vault.open_bound(&binding, &sealed).await.map_err(refused)?;
    let secret = str::from_utf8(secret.expose()).map_err(|_| damaged())?;
    let secret = Sensitive::new(secret.to_owned());
    Ok(AccessKey::new(id, &record.account, owner, secret).activated(active))
}

const fn binding<'a>(account: &'a str, id: &'a str, bound: &'a str, key_id: &'a str) -> Binding<'a> {
    Binding { purpose: Purpose::AccessKey, account, resource: id, version_id: bound, key_id }
}

/// Access keys belong to an account and to no region of it.
fn wrapping_key_id(account: &str) -> String {
    format!("arn:aws:kms::{account}:alias/keywheel/access-keys")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_reads_back_and_nothing_else_is_one() {
        for owner in [KeyOwner::Root, KeyOwner::User("ann".to_owned()), KeyOwner::User("root".to_owned())] {
            assert_eq!(KeyOwner::from_stored(&owner.to_stored()), Some(owner));
        }
        for stored in ["", "Root", "user", "user/", "user/a b", "user/a/b", "role/ann"] {
            assert_eq!(KeyOwner::from_stored(stored), None, "{stored}");
        }
    }
}
