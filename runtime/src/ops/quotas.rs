//! How much an account may have. What there is of it is counted by the worker every few minutes, and what is made in
//! between is added: a quota may be left a little late after a deletion, and is never passed for long.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::secret::Scope;

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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(region: &str) -> Scope {
        Scope { account: "123456789012".to_owned(), region: region.to_owned() }
    }

    #[test]
    fn each_region_has_its_own_quota_and_a_count_sets_it_anew() {
        let quotas = Quotas::new(QuotasConfig { secrets_max: 2 });
        let refused = |region: &str| quotas.take_secret(&scope(region)).err().map(|error| error.code);
        assert_eq!([refused("a"), refused("a"), refused("b")], [None, None, None]);
        assert_eq!(refused("a"), Some(ErrorCode::LimitExceeded));
        quotas.count(HashMap::from([(scope("a"), 1)]));
        assert_eq!([refused("a"), refused("a")], [None, Some(ErrorCode::LimitExceeded)]);
    }
}
