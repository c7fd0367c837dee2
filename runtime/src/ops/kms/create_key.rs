//! CreateKey.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::kms::{
    CreateKeyRequest, KeyMetadata, KeyMetadataResponse, KmsErrorCode, kms_error,
};
use keywheel_domain::kms::{
    KEYS_MAX, KeyManager, KeyState, KeyTag, KmsKey, Material, MaterialCause, TAGS_MAX, default_policy,
    key_arn,
};
use keywheel_domain::secret::Scope;

use super::policies::check_policy;
use super::tags::{self, check_tags};
use crate::entropy;
use crate::ops::access::{Access, Resource};
use crate::ops::change::Change;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended, keys};
use crate::store::SCAN_ENTRIES_MAX;

/// Random bytes of an id of material.
const MATERIAL_ID_BYTES: usize = 32;

/// What a key is made of.
pub(super) struct NewKey<'a> {
    pub(super) scope: Scope,
    pub(super) manager: KeyManager,
    pub(super) description: String,
    pub(super) policy: Option<String>,
    pub(super) tags: Vec<KeyTag>,
    /// The managed key of the ring whose material it gets.
    pub(super) copied: Option<&'a str>,
}

impl Operations {
    /// Makes a key.
    pub(super) async fn create_kms_key(
        &self,
        caller: &Caller,
        request: CreateKeyRequest,
    ) -> Result<KeyMetadataResponse, ApiError> {
        let access = Access::new("kms:CreateKey", None)
            .with_flag("kms:bypasspolicylockoutsafetycheck", request.bypasses_lockout_check)
            .with_tags(tags::named(&request.tags));
        self.authorize_on(caller, &access, &Resource::new_kms_key(&caller.account))?;
        check_tags(&request.tags)?;
        if let Some(policy) = &request.policy {
            check_policy(policy)?;
        }
        self.check_room_for_key(&caller.scope()).await?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let new = NewKey {
                scope: caller.scope(),
                manager: KeyManager::Customer,
                description: request.description.clone(),
                policy: request.policy.clone(),
                tags: request.tags.clone(),
                copied: None,
            };
            let key = self.new_kms_key(new).await?;
            let row = self.audit_row(&caller.arn(), "CreateKey", &key.arn(), None, None);
            if self.commit(Change::create_kms_key(&key).audit(&row)).await? {
                return Ok(KeyMetadataResponse { key_metadata: KeyMetadata::of(&key) });
            }
        }
        Err(contended())
    }

    /// A key that is not stored yet.
    pub(super) async fn new_kms_key(&self, new: NewKey<'_>) -> Result<KmsKey, ApiError> {
        let (now, id) = (self.clock.now(), entropy::uuid(&*self.entropy));
        let arn = key_arn(&new.scope, &id);
        let first = self.new_kms_material(&arn, 1, MaterialCause::Creation, new.copied).await?;
        let policy = new.policy.unwrap_or_else(|| default_policy(&new.scope.account));
        let mut key = KmsKey {
            scope: new.scope,
            id,
            description: new.description,
            manager: new.manager,
            state: KeyState::Enabled,
            created: now,
            policy,
            tags: Vec::new(),
            aliases: Vec::new(),
            rotation: None,
            materials: vec![first],
        };
        if !key.add_tags(&new.tags) {
            let told = format!("A key can have at most {TAGS_MAX} tags.");
            return Err(kms_error(KmsErrorCode::Tag, told));
        }
        Ok(key)
    }

    /// Material for a record.
    pub(super) async fn new_kms_material(
        &self,
        key_arn: &str,
        number: u32,
        cause: MaterialCause,
        copied: Option<&str>,
    ) -> Result<Material, ApiError> {
        let wrapped = self.vault.ring().new_material(key_arn, number, copied).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, key_arn, "no material was made");
            ApiError::internal()
        })?;
        let id: [u8; MATERIAL_ID_BYTES] = entropy::bytes(&*self.entropy);
        let made = self.clock.now();
        Ok(Material { number, id: hex::encode(id), made, cause, wrapped: hex::encode(wrapped) })
    }

    /// Those who make keys at once may pass the bound by as many as they are.
    async fn check_room_for_key(&self, scope: &Scope) -> Result<(), ApiError> {
        let (mut from, to) = keys::kms_keys(scope);
        let mut count = 0;
        loop {
            let entries = self.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
            count += entries.len();
            if count >= KEYS_MAX {
                let told = format!("An account can have at most {KEYS_MAX} keys in a region.");
                return Err(kms_error(KmsErrorCode::LimitExceeded, told));
            }
            match entries.last().filter(|_| entries.len() == SCAN_ENTRIES_MAX) {
                Some((last, _)) => from = last.successor(),
                None => return Ok(()),
            }
        }
    }
}
