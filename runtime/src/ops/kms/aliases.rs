//! CreateAlias, UpdateAlias, DeleteAlias and ListAliases.
//!
//! A key knows its aliases, and each changes in one commit with the key: none ever stands for a key that is gone.

use keywheel_domain::api::kms::{
    AliasEntry, CreateAliasRequest, DeleteAliasRequest, KmsErrorCode, ListAliasesRequest,
    ListAliasesResponse, UpdateAliasRequest, kms_error,
};
use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::kms::{
    ALIASES_MAX, Alias, KeyState, KmsKey, alias_arn, check_alias_name, is_reserved, key_arn,
};

use super::Audience;
use super::records::{alias_not_found, pending_deletion};
use crate::ops::change::Change;
use crate::ops::load::from_entry;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, Seen, contended, keys};
use crate::store::SCAN_ENTRIES_MAX;

impl Operations {
    /// Makes an alias of a key.
    pub(super) async fn create_kms_alias(
        &self,
        caller: &Caller,
        request: CreateAliasRequest,
    ) -> Result<Empty, ApiError> {
        let (scope, name) = (caller.scope(), &request.alias_name);
        let arn = alias_arn(&scope, name);
        self.authorize(caller, "kms:CreateAlias", Some(&arn))?;
        check_name(name)?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let target = self.kms_key_to_change(caller, "CreateAlias", &request.target_key_id).await?;
            if self.load_entry(&keys::kms_alias(&scope, name)).await?.is_some() {
                let told = format!("An alias with the name {arn} already exists");
                return Err(kms_error(KmsErrorCode::AlreadyExists, told));
            }
            let after = with_alias(&target.record, name)?;
            let now = self.clock.now();
            let alias = Alias { name: name.clone(), key_id: after.id.clone(), created: now, updated: now };
            let row = self.audit_row(&caller.arn(), "CreateAlias", &after.arn(), None, Some(name.clone()));
            let change = Change::update_kms_key(&target, &after);
            if self.commit(change.and(Change::put_kms_alias(&after, &alias, None)).audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Lets an alias stand for another key.
    pub(super) async fn update_kms_alias(
        &self,
        caller: &Caller,
        request: UpdateAliasRequest,
    ) -> Result<Empty, ApiError> {
        let name = &request.alias_name;
        self.authorize(caller, "kms:UpdateAlias", Some(&alias_arn(&caller.scope(), name)))?;
        check_name(name)?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_kms_alias(caller, name).await?;
            let target = self.kms_key_to_change(caller, "UpdateAlias", &request.target_key_id).await?;
            if seen.record.key_id == target.record.id {
                return Ok(Empty {});
            }
            let after = with_alias(&target.record, name)?;
            let alias = Alias { key_id: after.id.clone(), updated: self.clock.now(), ..seen.record.clone() };
            let change =
                Change::update_kms_key(&target, &after).and(self.without_alias(caller, &seen).await?);
            let change = change.and(Change::put_kms_alias(&after, &alias, Some(seen.revision)));
            let row = self.audit_row(&caller.arn(), "UpdateAlias", &after.arn(), None, Some(name.clone()));
            if self.commit(change.audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Removes an alias; the key stays.
    pub(super) async fn delete_kms_alias(
        &self,
        caller: &Caller,
        request: DeleteAliasRequest,
    ) -> Result<Empty, ApiError> {
        let name = &request.alias_name;
        self.authorize(caller, "kms:DeleteAlias", Some(&alias_arn(&caller.scope(), name)))?;
        check_name(name)?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_kms_alias(caller, name).await?;
            let arn = key_arn(&caller.scope(), &seen.record.key_id);
            // The service asks for it on both.
            self.kms_key_for(caller, "DeleteAlias", &arn, Audience::Customers).await?;
            let row = self.audit_row(&caller.arn(), "DeleteAlias", &arn, None, Some(name.clone()));
            let change = self.without_alias(caller, &seen).await?.and(Change::remove_kms_alias(&seen));
            if self.commit(change.audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Lists aliases.
    pub(super) async fn list_kms_aliases(
        &self,
        caller: &Caller,
        request: ListAliasesRequest,
    ) -> Result<ListAliasesResponse, ApiError> {
        self.authorize(caller, "kms:ListAliases", None)?;
        let scope = caller.scope();
        self.show_managed_kms_key(&scope).await?;
        let key = match &request.key_id {
            None => None,
            Some(id) => Some(self.kms_key_for(caller, "ListAliases", id, Audience::Any).await?),
        };
        let of_key = key.as_ref().map(|key| key.record.id.as_str());
        let parameters = [of_key.unwrap_or_default()];
        let place = self.kms_listing(caller, "kms:ListAliases", &parameters, &request.page)?;
        let (mut from, to) = keys::kms_aliases(&scope);
        let mut aliases = Vec::new();
        loop {
            let entries = self.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
            let is_end = entries.len() < SCAN_ENTRIES_MAX;
            for (key, entry) in entries {
                from = key.successor();
                let alias: Alias = from_entry(key, &entry)?.record;
                if of_key.is_none_or(|id| id == alias.key_id) {
                    aliases.push(alias);
                }
            }
            if is_end {
                break;
            }
        }
        let (shown, next_marker) =
            self.kms_page(aliases, request.page.limit, &place, |alias| alias.name.clone());
        let entry = |alias: Alias| AliasEntry {
            alias_arn: alias_arn(&scope, &alias.name),
            alias_name: alias.name,
            target_key_id: alias.key_id,
            creation_date: alias.created,
            last_updated_date: alias.updated,
        };
        let truncated = next_marker.is_some();
        Ok(ListAliasesResponse { aliases: shown.into_iter().map(entry).collect(), next_marker, truncated })
    }

    async fn load_kms_alias(&self, caller: &Caller, name: &str) -> Result<Seen<Alias>, ApiError> {
        let scope = caller.scope();
        let seen = self.load(keys::kms_alias(&scope, name)).await?;
        seen.ok_or_else(|| alias_not_found(&alias_arn(&scope, name)))
    }

    /// The key that the alias stands for, without it.
    async fn without_alias(&self, caller: &Caller, seen: &Seen<Alias>) -> Result<Change, ApiError> {
        let arn = key_arn(&caller.scope(), &seen.record.key_id);
        // The key goes with its aliases: then the alias has gone too, and the commit sees that.
        let Some(key) = self.kms_key_by_arn(&arn).await? else { return Ok(Change::new()) };
        let mut after = key.record.clone();
        after.aliases.retain(|name| *name != seen.record.name);
        Ok(Change::update_kms_key(&key, &after))
    }
}

/// The key with one alias more.
fn with_alias(key: &KmsKey, name: &str) -> Result<KmsKey, ApiError> {
    if let KeyState::PendingDeletion { .. } = key.state {
        return Err(pending_deletion(&key.arn()));
    }
    if key.aliases.len() >= ALIASES_MAX {
        let told = format!("A key can have at most {ALIASES_MAX} aliases.");
        return Err(kms_error(KmsErrorCode::LimitExceeded, told));
    }
    let mut after = key.clone();
    after.aliases.push(name.to_owned());
    Ok(after)
}

fn check_name(name: &str) -> Result<(), ApiError> {
    if !name.starts_with("alias/") {
        return Err(ApiError::new(ErrorCode::Validation, "Invalid identifier"));
    }
    if is_reserved(name) {
        return Err(kms_error(KmsErrorCode::NotAuthorized, ""));
    }
    if !check_alias_name(name) {
        let told = format!("{name} contains invalid characters for an alias");
        return Err(kms_error(KmsErrorCode::InvalidAliasName, told));
    }
    Ok(())
}
