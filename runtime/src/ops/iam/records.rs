//! Finds records of IAM, says why not, and gives them out by the page.

use keywheel_domain::api::iam::{IamErrorCode, PageEnd, PageRequest, iam_error};
use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::iam::{
    BuiltinPolicy, EntityKind, Group, ID_ALPHABET, ID_RANDOM_CHARS, Permissions, Policy, PolicyArn,
    PolicyUses, ROOT_PATH, Role, Tag, User, arn, builtin_policy,
};
use serde::de::DeserializeOwned;

use super::census::Census;
use crate::entropy;
use crate::ops::change::Change;
use crate::ops::load::from_entry;
use crate::ops::next_token::listing;
use crate::ops::{Caller, Operations, Principal, Seen, keys};
use crate::store::{Key, SCAN_ENTRIES_MAX};

/// A user, group or role, as it was seen.
pub(in crate::ops) enum Entity {
    User(Seen<User>),
    Group(Seen<Group>),
    Role(Seen<Role>),
}

/// What of an entity changes without its name. Groups have permissions only.
pub(super) struct Holding<'a> {
    pub(super) permissions: &'a mut Permissions,
    pub(super) boundary: &'a mut Option<String>,
    pub(super) tags: &'a mut Vec<Tag>,
}

impl Entity {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::User(seen) => &seen.record.name,
            Self::Group(seen) => &seen.record.name,
            Self::Role(seen) => &seen.record.name,
        }
    }

    pub(super) fn arn(&self, account: &str) -> String {
        match self {
            Self::User(seen) => seen.record.arn(account),
            Self::Group(seen) => seen.record.arn(account),
            Self::Role(seen) => seen.record.arn(account),
        }
    }

    pub(super) const fn permissions(&self) -> &Permissions {
        match self {
            Self::User(seen) => &seen.record.permissions,
            Self::Group(seen) => &seen.record.permissions,
            Self::Role(seen) => &seen.record.permissions,
        }
    }

    pub(super) const fn boundary(&self) -> Option<&String> {
        match self {
            Self::User(seen) => seen.record.boundary.as_ref(),
            Self::Group(_) => None,
            Self::Role(seen) => seen.record.boundary.as_ref(),
        }
    }

    pub(super) fn tags(&self) -> &[Tag] {
        match self {
            Self::User(seen) => &seen.record.tags,
            Self::Group(_) => &[],
            Self::Role(seen) => &seen.record.tags,
        }
    }

    /// Writes it as `edit` leaves it.
    pub(super) fn edited(&self, edit: impl FnOnce(Holding<'_>)) -> Change {
        match self {
            Self::User(seen) => {
                let mut after = seen.record.clone();
                let User { permissions, boundary, tags, .. } = &mut after;
                edit(Holding { permissions, boundary, tags });
                Change::replace(seen, &after)
            }
            Self::Group(seen) => {
                let mut after = seen.record.clone();
                let permissions = &mut after.permissions;
                edit(Holding { permissions, boundary: &mut None, tags: &mut Vec::new() });
                Change::replace(seen, &after)
            }
            Self::Role(seen) => {
                let mut after = seen.record.clone();
                let Role { permissions, boundary, tags, .. } = &mut after;
                edit(Holding { permissions, boundary, tags });
                Change::replace(seen, &after)
            }
        }
    }

    /// Why it cannot be deleted yet.
    pub(super) fn check_without_policies(&self) -> Result<(), ApiError> {
        let permissions = self.permissions();
        if !permissions.attached.is_empty() {
            return Err(delete_conflict("Cannot delete entity, must detach all policies first."));
        }
        if !permissions.inline.is_empty() {
            return Err(delete_conflict("Cannot delete entity, must delete policies first."));
        }
        Ok(())
    }
}

/// A managed policy: one of the account or a built-in one.
pub(in crate::ops) enum Managed {
    Own(Box<Seen<Policy>>),
    Builtin(&'static BuiltinPolicy),
}

impl Managed {
    pub(in crate::ops) fn document(&self) -> &str {
        match self {
            Self::Own(seen) => seen.record.document(),
            Self::Builtin(policy) => policy.document,
        }
    }

    /// Counts a use or the end of one: in the policy's record, or in the census.
    pub(super) fn counted(&self, census: &mut Census, count: impl FnOnce(&mut PolicyUses)) -> Change {
        match self {
            Self::Own(seen) => {
                let mut after = seen.record.clone();
                count(&mut after.uses);
                Change::replace(seen, &after)
            }
            Self::Builtin(policy) => {
                count(census.counts.builtin.entry(policy.arn.to_owned()).or_default());
                Change::new()
            }
        }
    }
}

impl Operations {
    /// The user of this name, capitals or not.
    pub(in crate::ops) async fn iam_user(
        &self,
        account: &str,
        name: &str,
    ) -> Result<Option<Seen<User>>, ApiError> {
        self.load(keys::user(account, name)).await
    }

    /// The group of this name, capitals or not.
    pub(super) async fn iam_group(&self, account: &str, name: &str) -> Result<Option<Seen<Group>>, ApiError> {
        let Some(entry) = self.load_entry(&keys::iam_group_name(account, name)).await? else {
            return Ok(None);
        };
        let id = String::from_utf8(entry.value).map_err(|_| ApiError::internal())?;
        self.load(keys::iam_group(account, &id)).await
    }

    /// The role of this name, capitals or not.
    pub(super) async fn iam_role(&self, account: &str, name: &str) -> Result<Option<Seen<Role>>, ApiError> {
        self.load(keys::iam_role(account, name)).await
    }

    /// The managed policy of this ARN.
    pub(in crate::ops) async fn iam_managed_policy(
        &self,
        account: &str,
        arn: &str,
    ) -> Result<Option<Managed>, ApiError> {
        if let Some(policy) = builtin_policy(arn) {
            return Ok(Some(Managed::Builtin(policy)));
        }
        let Some(PolicyArn { account: Some(of), name, .. }) = PolicyArn::parse(arn) else { return Ok(None) };
        if of != account {
            return Ok(None);
        }
        let seen: Option<Seen<Policy>> = self.load(keys::iam_policy(account, name)).await?;
        Ok(seen.filter(|seen| seen.record.arn(account) == arn).map(|seen| Managed::Own(Box::new(seen))))
    }

    /// The entity that a caller names, after asking whether the caller may do this with it.
    pub(super) async fn iam_entity_for(
        &self,
        caller: &Caller,
        action: &str,
        kind: EntityKind,
        name: &str,
    ) -> Result<Entity, ApiError> {
        let account = &caller.account;
        let found = match kind {
            EntityKind::User => self.iam_user(account, name).await?.map(Entity::User),
            EntityKind::Group => self.iam_group(account, name).await?.map(Entity::Group),
            EntityKind::Role => self.iam_role(account, name).await?.map(Entity::Role),
        };
        let named = || arn(account, kind, ROOT_PATH, name);
        let resource = found.as_ref().map_or_else(named, |entity| entity.arn(account));
        self.authorize(caller, &format!("iam:{action}"), Some(&resource))?;
        found.ok_or_else(|| not_found(kind, name))
    }

    /// The user that a caller names, or the caller, after asking whether the caller may do this.
    pub(super) async fn iam_user_for(
        &self,
        caller: &Caller,
        action: &str,
        name: Option<&str>,
    ) -> Result<Seen<User>, ApiError> {
        let name = match (name, &caller.principal) {
            (Some(name), _) => name,
            (None, Principal::User { name, .. }) => name,
            (None, _) => {
                let told = "Must specify userName when calling with non-User credentials";
                return Err(ApiError::new(ErrorCode::Validation, told));
            }
        };
        match self.iam_entity_for(caller, action, EntityKind::User, name).await? {
            Entity::User(seen) => Ok(seen),
            _ => Err(ApiError::internal()),
        }
    }

    /// The role that a caller names, after asking whether the caller may do this with it.
    pub(super) async fn iam_role_for(
        &self,
        caller: &Caller,
        action: &str,
        name: &str,
    ) -> Result<Seen<Role>, ApiError> {
        match self.iam_entity_for(caller, action, EntityKind::Role, name).await? {
            Entity::Role(seen) => Ok(seen),
            _ => Err(ApiError::internal()),
        }
    }

    /// The group that a caller names, after asking whether the caller may do this with it.
    pub(super) async fn iam_group_for(
        &self,
        caller: &Caller,
        action: &str,
        name: &str,
    ) -> Result<Seen<Group>, ApiError> {
        match self.iam_entity_for(caller, action, EntityKind::Group, name).await? {
            Entity::Group(seen) => Ok(seen),
            _ => Err(ApiError::internal()),
        }
    }

    /// A new id.
    pub(in crate::ops) fn iam_id(&self, prefix: &str) -> String {
        format!("{prefix}{}", entropy::of_alphabet(&*self.entropy, ID_ALPHABET, ID_RANDOM_CHARS))
    }

    /// All records between two keys. Quotas bound how many there are.
    pub(in crate::ops) async fn iam_all<T: DeserializeOwned>(
        &self,
        (mut from, to): (Key, Key),
    ) -> Result<Vec<Seen<T>>, ApiError> {
        let mut all = Vec::new();
        loop {
            let entries = self.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
            let is_end = entries.len() < SCAN_ENTRIES_MAX;
            for (key, entry) in entries {
                from = key.successor();
                all.push(from_entry(key, &entry)?);
            }
            if is_end {
                return Ok(all);
            }
        }
    }

    /// The page of what there is. `name` tells items apart and gives their order; `parameters` is what else the request
    /// asks for.
    pub(super) fn iam_page<T>(
        &self,
        caller: &Caller,
        (action, parameters): (&str, &[&str]),
        page: &PageRequest,
        mut items: Vec<T>,
        name: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, PageEnd), ApiError> {
        let listing = listing(caller, action, parameters);
        let position = self.position(&listing, page.marker.as_deref());
        let position = position.map_err(|_| ApiError::new(ErrorCode::Validation, "Invalid Marker."))?;
        items.sort_by_cached_key(&name);
        let start = position.map_or(0, |last| items.partition_point(|item| name(item) <= last));
        let has_more = items.len() - start > page.limit;
        let shown: Vec<T> = items.into_iter().skip(start).take(page.limit).collect();
        let last = shown.last().filter(|_| has_more);
        let marker = last.map(|last| self.next_token(&listing, &name(last)));
        Ok((shown, PageEnd::before(marker)))
    }
}

/// There is no such entity.
pub(super) fn not_found(kind: EntityKind, name: &str) -> ApiError {
    let told = format!("The {} with name {name} cannot be found.", kind.word());
    iam_error(IamErrorCode::NoSuchEntity, told)
}

/// The name is another one's, capitals or not.
pub(super) fn name_taken(kind: EntityKind, name: &str) -> ApiError {
    let told = format!("{} with name {name} already exists.", kind.noun());
    iam_error(IamErrorCode::EntityAlreadyExists, told)
}

/// It still has something.
pub(super) fn delete_conflict(told: &str) -> ApiError {
    iam_error(IamErrorCode::DeleteConflict, told)
}

/// Nobody can have this policy.
pub(super) fn not_attachable(policy_arn: &str) -> ApiError {
    let told = format!("Policy {policy_arn} does not exist or is not attachable.");
    iam_error(IamErrorCode::NoSuchEntity, told)
}

/// There is no such managed policy.
pub(super) fn policy_not_found(policy_arn: &str) -> ApiError {
    iam_error(IamErrorCode::NoSuchEntity, format!("Policy {policy_arn} was not found."))
}
