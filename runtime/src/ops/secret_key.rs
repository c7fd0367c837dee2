//! Which key seals the values of a secret, and who may use it.
//!
//! A secret keeps `KmsKeyId` as it was given, so an alias that comes to stand for another key leads new values to
//! that one. Which key a stored value needs is written in the value. The service's own key may be used
//! by whoever may use the secret; a customer's asks for `kms:` actions of its own.

use std::sync::Arc;

use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::envelope::Sealed;
use keywheel_domain::kms::{Alias, KeyId, KeyManager, MANAGED_ALIAS, key_arn};
use keywheel_domain::secret::{Scope, Secret};
use keywheel_domain::version::{CURRENT, PENDING, PREVIOUS};

use super::access::{Access, Resource};
use super::change::Change;
use super::{Caller, Operations, Seen, keys};
use crate::vault::{KeyError, KmsKeyInUse, VaultError};

/// What the service writes for a version that its own key seals.
const DEFAULT_KEY: &str = "DefaultEncryptionKey";
/// What a caller needs to store a value, and to have one read or compared.
const WRITING_ACTIONS: [&str; 2] = ["kms:GenerateDataKey", READING_ACTION];
const READING_ACTION: &str = "kms:Decrypt";
/// The labels whose versions are sealed again when the key of a secret changes.
const RESEALED_LABELS: [&str; 3] = [CURRENT, PENDING, PREVIOUS];

impl Operations {
    /// Checks a `KmsKeyId` that a caller gives a secret in this scope, and tells what the secret keeps of it: nothing
    /// for the service's own key.
    pub(super) async fn check_key(
        &self,
        caller: &Caller,
        scope: &Scope,
        kms_key_id: Option<&str>,
    ) -> Result<Option<String>, ApiError> {
        let Some(given) = kms_key_id else { return Ok(None) };
        let is_others = KeyId::parse(given).is_ok_and(|id| id.scope(scope).account != caller.account);
        let key = match given {
            "" | MANAGED_ALIAS => None,
            _ => match self.sealing_key(scope, Some(given)).await {
                // What another account does not share it might as well not have.
                Err(error) if error.code == ErrorCode::EncryptionFailure && is_others => {
                    return Err(not_shared());
                }
                found => found?,
            },
        };
        let Some(key) = key else { return check_own_account(caller, scope).map(|()| None) };
        self.authorize_writing(caller, &key, None)?;
        key.check_usable().map_err(|_| not_encrypted())?;
        Ok(Some(given.to_owned()))
    }

    /// The ARN of the key that a caller asks for, as conditions compare it. Whether there is such a key is not
    /// looked at; only an alias has to be there to stand for one.
    pub(super) async fn asked_key_arn(
        &self,
        scope: &Scope,
        kms_key_id: Option<&str>,
    ) -> Result<Option<String>, ApiError> {
        let Some(Ok(id)) = kms_key_id.map(KeyId::parse) else { return Ok(None) };
        let of = id.scope(scope);
        Ok(match &id {
            KeyId::Key { .. } => Some(id.arn(scope)),
            KeyId::Alias { .. } if of.region != scope.region => None,
            KeyId::Alias { name, .. } => {
                let alias: Option<Seen<Alias>> = self.load(keys::kms_alias(of, name)).await?;
                alias.map(|alias| key_arn(of, &alias.record.key_id))
            }
        })
    }

    /// Whether the caller may store values in this secret with its key.
    pub(super) async fn authorize_sealing(&self, caller: &Caller, secret: &Secret) -> Result<(), ApiError> {
        match self.key_of(secret).await? {
            Some(key) => self.authorize_writing(caller, &key, Some(&secret.arn)),
            None => check_own_account(caller, &secret.scope),
        }
    }

    /// The customer's key that seals new values of a secret; `None` for the service's own.
    pub(super) async fn key_of(&self, secret: &Secret) -> Result<Option<Arc<KmsKeyInUse>>, ApiError> {
        self.sealing_key(&secret.scope, secret.kms_key_id.as_deref()).await
    }

    async fn sealing_key(
        &self,
        scope: &Scope,
        kms_key_id: Option<&str>,
    ) -> Result<Option<Arc<KmsKeyInUse>>, ApiError> {
        let Some(given) = kms_key_id else { return Ok(None) };
        let id = KeyId::parse(given).map_err(|_| not_encrypted())?;
        let key = self.resolve_kms_key(scope, &id).await.map_err(|error| match error.code {
            ErrorCode::Kms(_) => not_encrypted(),
            _ => error,
        })?;
        Ok(Some(key).filter(|key| key.record.manager == KeyManager::Customer))
    }

    fn authorize_writing(
        &self,
        caller: &Caller,
        key: &KmsKeyInUse,
        secret_arn: Option<&str>,
    ) -> Result<(), ApiError> {
        let resource = Resource::kms_key(&key.record);
        WRITING_ACTIONS.iter().try_for_each(|action| {
            self.authorize_key(caller, action, &resource, secret_arn.map(|arn| (arn, None)))
        })
    }

    /// Whether the caller may have a stored value opened. A key that is in memory is not read again.
    pub(super) async fn authorize_opening(
        &self,
        caller: &Caller,
        secret: &Secret,
        version_id: &str,
        sealed: &[u8],
    ) -> Result<(), ApiError> {
        let Some(key_arn) = key_of_value(sealed) else { return check_own_account(caller, &secret.scope) };
        let key = self.find_kms_key(key_arn).await?;
        // One that is gone opens nothing, and that is told to who might have used it.
        let resource = match &key {
            Some(key) => Resource::kms_key(&key.record),
            None => Resource::plain(key_arn, &secret.scope.account),
        };
        self.authorize_key(caller, READING_ACTION, &resource, Some((&secret.arn, Some(version_id))))
    }

    /// A function reaches the keys of the secrets that it reaches, as far as they are its own account's. The service asks
    /// with what it binds values to.
    fn authorize_key(
        &self,
        caller: &Caller,
        action: &str,
        resource: &Resource<'_>,
        value: Option<(&str, Option<&str>)>,
    ) -> Result<(), ApiError> {
        if caller.is_rotation() && resource.account == caller.account {
            return Ok(());
        }
        let via = format!("secretsmanager.{}.amazonaws.com", caller.region);
        let (secret_arn, version_id) = value.unzip();
        let context = [("SecretARN", secret_arn), ("SecretVersionId", version_id.flatten())];
        let context = context.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let access = Access::new(action, Some(&resource.arn))
            .with("kms:viaservice", Some(via.as_str()))
            .with("kms:encryptionalgorithm", Some("SYMMETRIC_DEFAULT"))
            .with_encryption_context(context);
        let allowed = match caller.is_rotation() {
            true => self.authorize_key_of_others(caller, &access, resource),
            false => self.authorize_on(caller, &access, resource),
        };
        allowed.map_err(|_| not_shared())
    }

    /// The labelled values of `before` sealed again under the key of `after`, but for the version `put`, which is new.
    pub(super) async fn reseal(
        &self,
        caller: &Caller,
        before: &Secret,
        after: &Secret,
        put: Option<&str>,
    ) -> Result<Change, ApiError> {
        let mut change = Change::new();
        if before.kms_key_id == after.kms_key_id {
            return Ok(change);
        }
        let labelled = after.versions.iter().filter(|version| {
            version.filled
                && RESEALED_LABELS.iter().any(|stage| version.has(stage))
                && put != Some(&version.id)
        });
        for version in labelled {
            let value = self.find_value_for(caller, before, &version.id).await?;
            // A value that has gone went with the record, and the commit sees that.
            let Some(value) = value else { continue };
            change = change.put_value(&after.arn, &version.id, self.seal(after, &version.id, &value).await?);
        }
        Ok(change)
    }

    /// How ListSecretVersionIds tells which key a stored value needs.
    pub(super) async fn key_name_of(&self, secret_arn: &str, version_id: &str) -> Result<String, ApiError> {
        let sealed = self.load_value(secret_arn, version_id).await?;
        let key_arn = sealed.as_deref().and_then(key_of_value);
        Ok(key_arn.unwrap_or(DEFAULT_KEY).to_owned())
    }
}

/// Whoever asks may not use the key, in the service's words.
fn not_shared() -> ApiError {
    ApiError::new(ErrorCode::AccessDenied, "Access to KMS is not allowed")
}

/// The service's own key is of use inside of the account alone, in the service's words.
fn check_own_account(caller: &Caller, scope: &Scope) -> Result<(), ApiError> {
    if caller.account == scope.account {
        return Ok(());
    }
    let told = "You can't access a secret from a different AWS account if you encrypt the secret with the default \
                KMS service key.";
    Err(ApiError::new(ErrorCode::InvalidRequest, told))
}

/// The ARN of the customer's key that a stored value needs; `None` when it is the service's own.
fn key_of_value(sealed: &[u8]) -> Option<&str> {
    let key_id = Sealed::parse(sealed).ok()?.key_id;
    matches!(KeyId::parse(key_id), Ok(KeyId::Key { .. })).then_some(key_id)
}

/// The key that should seal is not there or not in a state for it, in the service's words.
fn not_encrypted() -> ApiError {
    ApiError::new(
        ErrorCode::EncryptionFailure,
        "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is \
         available, enabled, and not in an invalid state.",
    )
}

/// Why a value was not sealed, in the service's words.
pub(super) fn not_sealed(error: &VaultError, secret_arn: &str, version_id: &str) -> ApiError {
    if is_of_key_state(error) {
        tracing::warn!(%error, secret_arn, version_id, "the key of a secret cannot be used");
        return not_encrypted();
    }
    tracing::error!(%error, secret_arn, version_id, "a value cannot be sealed");
    ApiError::new(ErrorCode::EncryptionFailure, "The secret value can't be encrypted.")
}

/// Why a value was not opened, in the service's words.
pub(super) fn not_opened(error: &VaultError, secret_arn: &str, version_id: &str) -> ApiError {
    if is_of_key_state(error) {
        tracing::warn!(%error, secret_arn, version_id, "the key of a secret cannot be used");
        let told = "Secrets Manager can't decrypt the protected secret text using the provided KMS key.";
        return ApiError::new(ErrorCode::DecryptionFailure, told);
    }
    tracing::error!(%error, secret_arn, version_id, "a value cannot be opened");
    ApiError::new(ErrorCode::DecryptionFailure, "The secret value can't be decrypted.")
}

const fn is_of_key_state(error: &VaultError) -> bool {
    matches!(
        error,
        VaultError::Key(
            KeyError::Disabled { .. } | KeyError::PendingDeletion { .. } | KeyError::NotFound { .. }
        )
    )
}
