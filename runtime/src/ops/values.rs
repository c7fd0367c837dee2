//! Seals, opens and compares the values of versions; what the three actions that store one share.

use keywheel_domain::api::{ApiError, ErrorCode, SecretValue};
use keywheel_domain::rotation::End;
use keywheel_domain::secret::{Secret, check_name};
use keywheel_domain::time::Timestamp;
use keywheel_domain::version::{CURRENT, Comparison, PENDING, PutError, STAGES_MAX, VERSIONS_MAX};

use super::change::Change;
use super::quotas::{too_many_labels, too_many_versions};
use super::secret_key::{not_opened, not_sealed};
use super::{Caller, Operations, Seen};
use crate::vault::Address;

/// Refuses to change the values of a secret that follows one of another account.
pub(super) fn check_own_values(secret: &Secret) -> Result<(), ApiError> {
    if secret.is_cross_account_replica() { Err(read_only()) } else { Ok(()) }
}

/// What a replica answers to whoever would change it, in the service's words.
pub(super) fn read_only() -> ApiError {
    ApiError::new(
        ErrorCode::InvalidParameter,
        "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
    )
}

/// Checks a new secret's name.
pub(super) fn check_new_name(name: &str) -> Result<(), ApiError> {
    check_name(name).map_err(|error| ApiError::new(ErrorCode::Validation, error.to_string()))
}

/// The token of a request that stores a value, which every SDK fills in.
pub(super) fn required_token(token: Option<&str>) -> Result<&str, ApiError> {
    token.ok_or_else(|| {
        ApiError::new(
            ErrorCode::InvalidRequest,
            "You must provide a ClientRequestToken value. We recommend a UUID-type value.",
        )
    })
}

/// The same, for RotateSecret, where the service uses another code.
pub(super) fn required_rotation_token(token: Option<&str>) -> Result<&str, ApiError> {
    required_token(token).map_err(|error| ApiError::new(ErrorCode::InvalidParameter, error.message))
}

fn address<'a>(secret: &'a Secret, version_id: &'a str) -> Address<'a> {
    Address {
        account: &secret.scope.account,
        region: &secret.scope.region,
        secret_arn: &secret.arn,
        version_id,
    }
}

impl Operations {
    /// Seals a value for a version of a secret, with its key.
    pub(super) async fn seal(
        &self,
        secret: &Secret,
        version_id: &str,
        value: &SecretValue,
    ) -> Result<Vec<u8>, ApiError> {
        let (address, stored) = (address(secret, version_id), value.to_stored());
        let sealed = match self.key_of(secret).await? {
            Some(key) => self.vault.seal_with(&address, key.arn(), &stored).await,
            None => self.vault.seal(&address, &stored).await,
        };
        sealed.map_err(|error| not_sealed(&error, &secret.arn, version_id))
    }

    /// Opens the value of a version that has one.
    pub async fn open(&self, secret: &Secret, version_id: &str) -> Result<SecretValue, ApiError> {
        self.find_value(secret, version_id).await?.ok_or_else(|| {
            let secret_arn = &secret.arn;
            tracing::error!(secret_arn, version_id, "a version says it has a value, and there is none");
            ApiError::internal()
        })
    }

    /// The same. `None` when the value is gone, and so is the record that was read before it, or the
    /// version in it.
    pub(super) async fn find_value(
        &self,
        secret: &Secret,
        version_id: &str,
    ) -> Result<Option<SecretValue>, ApiError> {
        match self.load_value(&secret.arn, version_id).await? {
            Some(sealed) => self.unseal(secret, version_id, &sealed).await.map(Some),
            None => Ok(None),
        }
    }

    /// The same for a caller, who must be allowed to use the key that it needs.
    pub(super) async fn find_value_for(
        &self,
        caller: &Caller,
        secret: &Secret,
        version_id: &str,
    ) -> Result<Option<SecretValue>, ApiError> {
        let Some(sealed) = self.load_value(&secret.arn, version_id).await? else { return Ok(None) };
        self.authorize_opening(caller, secret, version_id, &sealed).await?;
        self.unseal(secret, version_id, &sealed).await.map(Some)
    }

    /// Opens a sealed value of a secret.
    pub(super) async fn unseal(
        &self,
        secret: &Secret,
        version_id: &str,
        sealed: &[u8],
    ) -> Result<SecretValue, ApiError> {
        let opened = self.vault.open(&address(secret, version_id), sealed).await;
        let stored = opened.map_err(|error| not_opened(&error, &secret.arn, version_id))?;
        SecretValue::from_stored(&stored).ok_or_else(|| {
            tracing::error!(secret_arn = secret.arn, version_id, "the opened bytes are not a value");
            ApiError::new(ErrorCode::DecryptionFailure, "The secret value can't be decrypted.")
        })
    }

    /// Compares a value with the one that the version has already, if it has one.
    pub(super) async fn compare(
        &self,
        secret: &Secret,
        version_id: &str,
        value: &SecretValue,
    ) -> Result<Option<Comparison>, ApiError> {
        if !secret.versions.get(version_id).is_some_and(|version| version.filled) {
            return Ok(None);
        }
        let same = self.open(secret, version_id).await? == *value;
        Ok(Some(if same { Comparison::Same } else { Comparison::Different }))
    }

    /// Adds a version with a value to `seen`'s secret, in a change that holds the record, the sealed
    /// value and what becomes of a rotation that a person's new version abandons. `None` when the same
    /// value is there under the same token already.
    pub(super) async fn put_version(
        &self,
        caller: &Caller,
        seen: &Seen<Secret>,
        mut after: Secret,
        put: Put<'_>,
    ) -> Result<Option<(Change, Secret)>, ApiError> {
        let Put { token, value, stages, now, proven } = put;
        let secret = &seen.record;
        check_own_values(secret)?;
        let by_hand = !caller.is_rotation() && !proven;
        if by_hand {
            self.quotas.check_value(value)?;
        }
        self.authorize_sealing(caller, &after).await?;
        let known = self.compare(secret, token, value).await?;
        after.versions = secret
            .versions
            .put(token, stages, known, now)
            .map_err(|error| put_refused(&error, token, secret))?;
        if known.is_some() {
            return Ok(None);
        }
        let sealed = self.seal(&after, token, value).await?;
        after.changed = now;
        let mut change = Change::new();
        let current = after.versions.is_at(CURRENT, token);
        if by_hand
            && (current || after.versions.is_at(PENDING, token))
            && let Some(job) = self.load_job(&secret.arn).await?.filter(|job| job.record.token != token)
        {
            (change, after) = self.end_job(caller, change, after, &job, End::Abandoned, now).await?;
        }
        if by_hand && current {
            after.replaced = Some(now);
            after.reschedule_from_rotation(now);
        }
        after.versions = after.versions.retire(now).0;
        if by_hand {
            self.quotas.check_versions(&secret.versions, &after.versions)?;
        }
        Ok(Some((change.update_secret(seen, &after).put_value(&secret.arn, token, sealed), after)))
    }
}

/// A value to be stored.
pub(super) struct Put<'a> {
    pub(super) token: &'a str,
    pub(super) value: &'a SecretValue,
    pub(super) stages: &'a [String],
    pub(super) now: Timestamp,
    /// The caller showed the rotation's own token.
    pub(super) proven: bool,
}

/// A refusal of the label algebra in the service's words.
pub(super) fn put_refused(error: &PutError, token: &str, secret: &Secret) -> ApiError {
    match error {
        PutError::TokenReused => ApiError::new(ErrorCode::ResourceExists, token_in_use(token, secret)),
        PutError::TooManyStages => too_many_labels(STAGES_MAX),
        PutError::TooManyVersions => too_many_versions(VERSIONS_MAX),
    }
}

/// A token that names another version, in the service's words.
pub(super) fn token_in_use(token: &str, secret: &Secret) -> String {
    let arn = &secret.arn;
    format!(
        "You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}."
    )
}
