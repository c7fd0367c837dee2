//! An access key in use, with the signing keys that were derived from it.

use std::sync::{PoisonError, RwLock};

use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4::{Presented, SigningKey};

use super::KeyOwner;

/// Signing keys kept for one access key: some regions, on two days around midnight.
const SIGNING_KEYS_CACHED_MAX: usize = 32;

/// A usable access key.
#[derive(Debug)]
pub struct AccessKey {
    id: String,
    account: String,
    owner: KeyOwner,
    active: bool,
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
    pub(super) fn new(id: &str, account: &str, owner: KeyOwner, secret: Sensitive<String>) -> Self {
        Self {
            id: id.to_owned(),
            account: account.to_owned(),
            owner,
            active: true,
            secret,
            signing: RwLock::default(),
        }
    }

    pub(super) const fn activated(mut self, active: bool) -> Self {
        self.active = active;
        self
    }

    /// Whether requests may be signed with it.
    pub(super) const fn is_active(&self) -> bool {
        self.active
    }

    /// The access key id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The account that it belongs to.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Who in the account it belongs to.
    pub const fn owner(&self) -> &KeyOwner {
        &self.owner
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
