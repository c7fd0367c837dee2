//! The key of the service itself, which seals secrets whose owners named none.
//!
//! Its material is a key that the ring manages. The record, which makes it a key that can be described, is
//! made when it is first looked at, with that very material.

use keywheel_domain::api::ApiError;
use keywheel_domain::kms::{Alias, KeyManager, MANAGED_ALIAS, key_arn};
use keywheel_domain::secret::Scope;

use super::create_key::NewKey;
use crate::ops::change::Change;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Operations, Seen, contended, keys};
use crate::vault::{default_key_id, managed_key_place};

const DESCRIPTION: &str = "Default key that protects my Secrets Manager data when no other key is defined";
/// Who makes it.
const SERVICE: &str = "secretsmanager.amazonaws.com";

impl Operations {
    /// Makes the key of the service visible to a listing, once it was used.
    pub(super) async fn show_managed_kms_key(&self, scope: &Scope) -> Result<(), ApiError> {
        let used = managed_key_place(&default_key_id(&scope.account, &scope.region));
        if self.load_entry(&used).await?.is_some() {
            self.managed_kms_key(scope).await?;
        }
        Ok(())
    }

    /// The ARN of the key of the service in this scope; the key is made if there is none.
    pub(super) async fn managed_kms_key(&self, scope: &Scope) -> Result<String, ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let alias: Option<Seen<Alias>> = self.load(keys::kms_alias(scope, MANAGED_ALIAS)).await?;
            if let Some(alias) = alias {
                return Ok(key_arn(scope, &alias.record.key_id));
            }
            let copied = default_key_id(&scope.account, &scope.region);
            let new = NewKey {
                scope: scope.clone(),
                manager: KeyManager::Aws,
                description: DESCRIPTION.to_owned(),
                policy: None,
                tags: Vec::new(),
                copied: Some(&copied),
            };
            let mut key = self.new_kms_key(new).await?;
            key.aliases.push(MANAGED_ALIAS.to_owned());
            let alias = Alias {
                name: MANAGED_ALIAS.to_owned(),
                key_id: key.id.clone(),
                created: key.created,
                updated: key.created,
            };
            let row = self.audit_row(SERVICE, "CreateKey", &key.arn(), None, Some(MANAGED_ALIAS.to_owned()));
            let change = Change::create_kms_key(&key).and(Change::put_kms_alias(&key, &alias, None));
            if self.commit_alone(change.audit(&row)).await? {
                return Ok(key.arn());
            }
        }
        Err(contended())
    }
}
