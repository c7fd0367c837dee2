//! How much an account may have. What there is of it is counted by the worker every few minutes, and what is made in
//! between is added: a quota may be left a little late after a deletion, and is never passed for long.
//!
//! What one secret may have is looked at where it would grow. A quota that is lower than what there is leaves that as
//! it is, and stops no rotation: those have only the bounds of `domain`, which no setting lowers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use keywheel_domain::api::{ApiError, Bounds, ErrorCode, Members, SecretValue};
use keywheel_domain::secret::{Scope, Secret};
use keywheel_domain::version::Versions;

use crate::config::QuotasConfig;

/// See the module's documentation.
#[derive(Debug)]
pub struct Quotas {
    config: QuotasConfig,
    /// Secrets, by account and region.
    secrets: Mutex<HashMap<Scope, usize>>,
}

impl Default for Quotas {
    fn default() -> Self {
        Self::new(QuotasConfig::default())
    }
}

impl Quotas {
    /// These, of which nothing is counted yet.
    pub fn new(config: QuotasConfig) -> Self {
        Self { config, secrets: Mutex::default() }
    }

    /// Sets what there is.
    pub fn count(&self, secrets: HashMap<Scope, usize>) {
        *self.secrets.lock().unwrap_or_else(PoisonError::into_inner) = secrets;
    }

    /// Whether there may be one secret more. It is counted as if it were there already: a request that fails after
    /// this is forgotten at the next count.
    pub(super) fn take_secret(&self, scope: &Scope) -> Result<(), ApiError> {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let count = secrets.entry(scope.clone()).or_default();
        let most = self.config.secrets_max;
        if *count >= most {
            let told = format!("You can't have more than {most} secrets in this Region.");
            return Err(ApiError::new(ErrorCode::LimitExceeded, told));
        }
        *count += 1;
        Ok(())
    }

    /// Whether a secret may come to have as many tags.
    pub(super) fn check_tags(&self, before: usize, after: &Secret) -> Result<(), ApiError> {
        let most = self.config.tags_max;
        if !grows_beyond(before, after.tags.len(), most) {
            return Ok(());
        }
        let told = format!("A secret can have at most {most} tags.");
        Err(ApiError::new(ErrorCode::InvalidParameter, told))
    }

    /// Whether the versions of a secret may come to be these, by hand.
    pub(super) fn check_versions(&self, before: &Versions, after: &Versions) -> Result<(), ApiError> {
        let QuotasConfig { versions_max, labels_max, .. } = self.config;
        let versions = |versions: &Versions| versions.iter().count();
        let labels = |versions: &Versions| versions.iter().map(|version| version.stages.len()).sum();
        if grows_beyond(labels(before), labels(after), labels_max) {
            return Err(too_many_labels(labels_max));
        }
        if grows_beyond(versions(before), versions(after), versions_max) {
            return Err(too_many_versions(versions_max));
        }
        Ok(())
    }

    /// Whether a value is short enough to be stored by hand.
    pub(super) fn check_value(&self, value: &SecretValue) -> Result<(), ApiError> {
        let (name, length) = match value {
            SecretValue::Text(text) => ("SecretString", text.expose().len()),
            SecretValue::Binary(bytes) => ("SecretBinary", bytes.expose().len()),
        };
        check_length(name, length, 1..=self.config.value_bytes_max)
    }

    /// Whether a resource policy is short enough.
    pub(super) fn check_policy(&self, policy: &str) -> Result<(), ApiError> {
        check_length("ResourcePolicy", policy.chars().count(), 1..=self.config.policy_chars_max)
    }
}

/// The quota of labels, in the service's words.
pub(super) fn too_many_labels(most: usize) -> ApiError {
    ApiError::new(ErrorCode::LimitExceeded, format!("A secret can have at most {most} staging labels."))
}

/// The quota of versions.
pub(super) fn too_many_versions(most: usize) -> ApiError {
    let told = format!("A secret can have at most {most} versions made within a day.");
    ApiError::new(ErrorCode::LimitExceeded, told)
}

/// What is beyond a quota already may stay, and shrink.
const fn grows_beyond(before: usize, after: usize, most: usize) -> bool {
    after > most && after > before
}

/// Refuses in the words in which the shape of a request is refused.
fn check_length(name: &str, length: usize, bounds: Bounds) -> Result<(), ApiError> {
    let mut members = Members::parse(b"")?;
    members.check_length(name, length, &bounds);
    members.finish()
}

#[cfg(test)]
mod tests {
    use keywheel_domain::api::Tag;
    use keywheel_domain::time::Timestamp;

    use super::*;

    fn scope(region: &str) -> Scope {
        Scope { account: "123456789012".to_owned(), region: region.to_owned() }
    }

    #[test]
    fn each_region_has_its_own_quota_and_a_count_sets_it_anew() {
        let quotas = Quotas::new(QuotasConfig { secrets_max: 2, ..QuotasConfig::default() });
        let refused = |region: &str| quotas.take_secret(&scope(region)).err().map(|error| error.code);
        assert_eq!([refused("a"), refused("a"), refused("b")], [None, None, None]);
        assert_eq!(refused("a"), Some(ErrorCode::LimitExceeded));
        quotas.count(HashMap::from([(scope("a"), 1)]));
        assert_eq!([refused("a"), refused("a")], [None, Some(ErrorCode::LimitExceeded)]);
    }

    #[test]
    fn what_is_beyond_a_lowered_quota_stays_and_does_not_grow() {
        let quotas = Quotas::new(QuotasConfig { tags_max: 2, ..QuotasConfig::default() });
        let check = |before: usize, after: usize| {
            let mut secret = Secret::new(scope("a"), "app", "AbCdEf", Timestamp::default());
            secret.tags = vec![Tag { key: "k".to_owned(), value: "v".to_owned() }; after];
            quotas.check_tags(before, &secret).is_ok()
        };
        assert_eq!([check(0, 2), check(5, 5), check(5, 3)], [true, true, true]);
        assert_eq!([check(2, 3), check(5, 6)], [false, false]);
    }
}
