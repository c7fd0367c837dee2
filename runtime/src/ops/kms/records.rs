//! Finds keys and aliases, and says why not.

use std::sync::Arc;

use keywheel_domain::api::ApiError;
use keywheel_domain::api::kms::{KmsErrorCode, PageRequest, kms_error};
use keywheel_domain::kms::{Alias, InvalidKeyId, KeyId, KeyManager, KmsKey, MANAGED_ALIAS, key_arn};
use keywheel_domain::policy::{Layer, Reason};
use keywheel_domain::secret::Scope;

use crate::ops::access::{Access, Resource};
use crate::ops::authorize::denied;
use crate::ops::next_token::listing;
use crate::ops::{Caller, Operations, Seen, keys};
use crate::vault::{KeyError, KmsKeyInUse, kms_key_place};

/// What may be done with a key of another account, if its policy and those of the caller let it be done. The service
/// refuses all else, whatever policies say.
const SHARED_ACTIONS: [&str; 8] = [
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:DescribeKey",
    "kms:GetKeyRotationStatus",
];

/// What may be done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Audience {
    /// Anybody's key, also one of the service itself.
    Any,
    /// Keys of customers only.
    Customers,
}

impl Operations {
    /// The key that a caller names, after asking whether the caller may do this with it.
    pub(super) async fn kms_key_for(
        &self,
        caller: &Caller,
        action: &str,
        key_id: &str,
        audience: Audience,
    ) -> Result<Arc<KmsKeyInUse>, ApiError> {
        self.kms_key_as(caller, Access::new(format!("kms:{action}"), None), key_id, audience).await
    }

    /// The same for a request that says more than its action.
    pub(super) async fn kms_key_as(
        &self,
        caller: &Caller,
        access: Access<'_>,
        key_id: &str,
        audience: Audience,
    ) -> Result<Arc<KmsKeyInUse>, ApiError> {
        let scope = caller.scope();
        let id = KeyId::parse(key_id);
        let named = id.as_ref().map_or_else(|_| key_id.to_owned(), |id| id.arn(&scope));
        let is_shared = SHARED_ACTIONS.contains(&access.action());
        let found = match id {
            Ok(id) if is_shared || id.scope(&scope).account == scope.account => {
                self.resolve_kms_key(&scope, &id).await
            }
            Ok(id) => Err(not_there(&scope, &id)),
            Err(error) => Err(invalid(error, key_id)),
        };
        let alias = named.contains(":alias/").then(|| named.rsplit(':').next().unwrap_or_default());
        let access = access.with("kms:requestalias", alias);
        let key = match found {
            Ok(key) => {
                // Which key an alias of another account stands for is not told to whom it is of no use.
                let told = if key.record.scope == scope { key.arn() } else { &named };
                self.authorize_on(caller, &access.on(told), &Resource::kms_key(&key.record))?;
                key
            }
            Err(error) => {
                let account = KeyId::parse(key_id)
                    .map_or_else(|_| caller.account.clone(), |id| id.scope(&scope).account.clone());
                self.authorize_on(caller, &access.on(&named), &Resource::plain(named.as_str(), &account))?;
                return Err(error);
            }
        };
        if audience == Audience::Customers && key.record.manager == KeyManager::Aws {
            // What no owner of the account may do either: the key is the service's.
            let ending = Reason::Implicit(Layer::Resource).ending(access.action());
            return Err(denied(caller, &access.on(key.arn()), &ending));
        }
        Ok(key)
    }

    /// The same, to be changed: neither by an alias nor one of the service itself.
    pub(super) async fn kms_key_to_change(
        &self,
        caller: &Caller,
        action: &str,
        key_id: &str,
    ) -> Result<Seen<KmsKey>, ApiError> {
        self.kms_key_to_change_as(caller, Access::new(format!("kms:{action}"), None), key_id).await
    }

    /// The same for a request that says more than its action.
    pub(super) async fn kms_key_to_change_as(
        &self,
        caller: &Caller,
        access: Access<'_>,
        key_id: &str,
    ) -> Result<Seen<KmsKey>, ApiError> {
        if let Ok(KeyId::Alias { .. }) = KeyId::parse(key_id) {
            let why = format!("Invalid keyId '{key_id}': an alias does not name a key here.");
            return Err(kms_error(KmsErrorCode::InvalidArn, why));
        }
        let key = self.kms_key_as(caller, access, key_id, Audience::Customers).await?;
        let place = kms_key_place(&key.record.scope, &key.record.id);
        Ok(Seen { key: place, revision: key.revision, record: key.record.clone() })
    }

    /// The key that is meant, which must be in this region. Of another account only a customer's is found: the
    /// service's own are of use in theirs alone.
    pub(in crate::ops) async fn resolve_kms_key(
        &self,
        scope: &Scope,
        id: &KeyId,
    ) -> Result<Arc<KmsKeyInUse>, ApiError> {
        let (of, not_found) = (id.scope(scope), || not_there(scope, id));
        if of.region != scope.region {
            return Err(not_found());
        }
        let arn = match id {
            KeyId::Key { .. } => id.arn(scope),
            KeyId::Alias { name, .. } if name == MANAGED_ALIAS && of == scope => {
                self.managed_kms_key(scope).await?
            }
            KeyId::Alias { name, .. } => {
                let alias: Option<Seen<Alias>> = self.load(keys::kms_alias(of, name)).await?;
                key_arn(of, &alias.ok_or_else(not_found)?.record.key_id)
            }
        };
        let key = self.find_kms_key(&arn).await?;
        key.filter(|key| of == scope || key.record.manager == KeyManager::Customer).ok_or_else(not_found)
    }

    /// The key with this ARN, ready for use.
    pub(in crate::ops) async fn find_kms_key(
        &self,
        key_arn: &str,
    ) -> Result<Option<Arc<KmsKeyInUse>>, ApiError> {
        self.vault.ring().key(key_arn).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, key_arn, "a key cannot be read");
            ApiError::internal()
        })
    }

    /// The ARN of the key with this id, which may be any account's: a ciphertext does not say whose its key is, and no
    /// two keys have one id.
    pub(super) async fn kms_key_in_region(&self, region: &str, id: &str) -> Result<Option<String>, ApiError> {
        let (mut from, to) = keys::all_kms_keys();
        loop {
            let Some((first, _)) = self.scan(&from, &to, 1).await?.pop() else { return Ok(None) };
            let Some(account) = keys::account_of_kms_key(&first) else { return Ok(None) };
            let scope = Scope { account, region: region.to_owned() };
            if self.load_entry(&kms_key_place(&scope, id)).await?.is_some() {
                return Ok(Some(key_arn(&scope, id)));
            }
            from = keys::kms_keys_of_account(&scope.account).1;
        }
    }

    /// The record of the key with this ARN.
    pub(super) async fn kms_key_by_arn(&self, key_arn: &str) -> Result<Option<Seen<KmsKey>>, ApiError> {
        let Ok(KeyId::Key { scope: Some(scope), id }) = KeyId::parse(key_arn) else { return Ok(None) };
        self.load(kms_key_place(&scope, &id)).await
    }

    /// Where a listing goes on, and its name.
    pub(super) fn kms_listing(
        &self,
        caller: &Caller,
        action: &str,
        parameters: &[&str],
        page: &PageRequest,
    ) -> Result<(String, Option<String>), ApiError> {
        let listing = listing(caller, action, parameters);
        let position = self.position(&listing, page.marker.as_deref());
        let position = position.map_err(|_| kms_error(KmsErrorCode::InvalidMarker, "Invalid marker."))?;
        Ok((listing, position))
    }

    /// The page of what there is, in its order, and the marker of the next one. `name` tells items apart.
    pub(super) fn kms_page<T>(
        &self,
        items: Vec<T>,
        limit: usize,
        (listing, position): &(String, Option<String>),
        name: impl Fn(&T) -> String,
    ) -> (Vec<T>, Option<String>) {
        let start = match position {
            None => 0,
            // Should the last one shown be gone, its page ended the list.
            Some(last) => items.iter().position(|item| name(item) == *last).map_or(items.len(), |at| at + 1),
        };
        let rest = items.len() - start;
        let shown: Vec<T> = items.into_iter().skip(start).take(limit).collect();
        let more = rest > limit;
        let marker = shown.last().filter(|_| more).map(|last| self.next_token(listing, &name(last)));
        (shown, marker)
    }
}

fn invalid(error: InvalidKeyId, key_id: &str) -> ApiError {
    match error {
        InvalidKeyId::Id => kms_error(KmsErrorCode::NotFound, format!("Invalid keyId '{key_id}'")),
        InvalidKeyId::Arn => kms_error(KmsErrorCode::InvalidArn, format!("Invalid arn {key_id}")),
    }
}

/// Nothing is there that is named so.
fn not_there(scope: &Scope, id: &KeyId) -> ApiError {
    match id {
        KeyId::Key { .. } => not_found(&id.arn(scope)),
        KeyId::Alias { .. } => alias_not_found(&id.arn(scope)),
    }
}

/// No key has this ARN.
pub(super) fn not_found(key_arn: &str) -> ApiError {
    kms_error(KmsErrorCode::NotFound, format!("Key '{key_arn}' does not exist"))
}

/// No alias has this ARN.
pub(super) fn alias_not_found(alias_arn: &str) -> ApiError {
    kms_error(KmsErrorCode::NotFound, format!("Alias {alias_arn} is not found."))
}

/// Why the state of a key does not let it be used, in the service's words.
pub(super) fn check_usable(key: &KmsKeyInUse) -> Result<(), ApiError> {
    key.check_usable().map_err(|error| match error {
        KeyError::PendingDeletion { key_id } => pending_deletion(&key_id),
        _ => kms_error(KmsErrorCode::Disabled, format!("{} is disabled.", key.arn())),
    })
}

/// The key waits for its deletion.
pub(super) fn pending_deletion(key_arn: &str) -> ApiError {
    kms_error(KmsErrorCode::InvalidState, format!("{key_arn} is pending deletion."))
}
