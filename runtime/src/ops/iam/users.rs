//! CreateUser, GetUser, UpdateUser, DeleteUser and ListUsers.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{
    CreateUserRequest, DeleteUserRequest, GetUserRequest, ListUsersRequest, ListUsersResponse,
    UpdateUserRequest, UserEntry, UserResponse,
};
use keywheel_domain::iam::{EntityKind, Permissions, User, arn, lookup_name};

use super::records::{Entity, delete_conflict, name_taken, not_attachable};
use super::tags::check_new_tags;
use crate::ops::change::Change;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, Principal, Seen, contended, keys};
use crate::vault::{KeyOwner, access_key_place, changed_access_key};

impl Operations {
    /// Makes a user.
    pub(super) async fn create_iam_user(
        &self,
        caller: &Caller,
        request: CreateUserRequest,
    ) -> Result<UserResponse, ApiError> {
        let (account, name) = (&caller.account, &request.user_name);
        let user_arn = arn(account, EntityKind::User, &request.path, name);
        self.authorize(caller, "iam:CreateUser", Some(&user_arn))?;
        check_new_tags(&request.tags)?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let mut census = self.iam_census(account).await?;
            if let Some(taken) = self.iam_user(account, name).await? {
                return Err(name_taken(EntityKind::User, &taken.record.name));
            }
            census.add(EntityKind::User)?;
            let user = User {
                name: name.clone(),
                path: request.path.clone(),
                id: self.iam_id(EntityKind::User.id_prefix()),
                created: self.clock.now(),
                keys: Vec::new(),
                permissions: Permissions::default(),
                groups: Vec::new(),
                boundary: request.boundary.clone(),
                tags: request.tags.clone(),
            };
            let mut change = Change::create(keys::user(account, name), &user);
            if let Some(boundary) = &request.boundary {
                let policy = self.iam_managed_policy(account, boundary).await?;
                let policy = policy.ok_or_else(|| not_attachable(boundary))?;
                change = change.and(policy.counted(&mut census, |uses| uses.boundary += 1));
            }
            let row = self.audit_row(&caller.arn(), "CreateUser", &user_arn, None, None);
            if self.commit(change.and(census.change()).audit(&row)).await? {
                return Ok(UserResponse { user: UserEntry::of(account, &user) });
            }
        }
        Err(contended())
    }

    /// Shows a user, or who asks.
    pub(super) async fn get_iam_user(
        &self,
        caller: &Caller,
        request: GetUserRequest,
    ) -> Result<UserResponse, ApiError> {
        if let (None, Principal::Root { .. }) = (&request.user_name, &caller.principal) {
            return Ok(UserResponse { user: UserEntry::root(&caller.account) });
        }
        let seen = self.iam_user_for(caller, "GetUser", request.user_name.as_deref()).await?;
        Ok(UserResponse { user: UserEntry::of(&caller.account, &seen.record) })
    }

    /// Gives a user another name or path. The access keys stay good.
    pub(super) async fn update_iam_user(
        &self,
        caller: &Caller,
        request: UpdateUserRequest,
    ) -> Result<Empty, ApiError> {
        let account = &caller.account;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.iam_user_for(caller, "UpdateUser", Some(&request.user_name)).await?;
            let mut after = seen.record.clone();
            after.name = request.new_user_name.clone().unwrap_or(after.name);
            after.path = request.new_path.clone().unwrap_or(after.path);
            let user_arn = after.arn(account);
            self.authorize(caller, "iam:UpdateUser", Some(&user_arn))?;
            let place = keys::user(account, &after.name);
            let mut change = if place == seen.key {
                Change::replace(&seen, &after)
            } else if self.load_entry(&place).await?.is_some() {
                return Err(name_taken(EntityKind::User, &after.name));
            } else {
                Change::remove_seen(&seen).and(Change::create(place, &after))
            };
            if after.name != seen.record.name {
                change = change.and(self.keys_of_renamed(&seen, &after).await?);
            }
            let detail = format!("was {}", seen.record.arn(account));
            let row = self.audit_row(&caller.arn(), "UpdateUser", &user_arn, None, Some(detail));
            if self.commit(change.audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// The access keys of a user, sealed to the new name.
    async fn keys_of_renamed(&self, seen: &Seen<User>, after: &User) -> Result<Change, ApiError> {
        let owner = KeyOwner::User(after.name.clone());
        let mut change = Change::new();
        for key in &seen.record.keys {
            // One that is gone went with a change of the user, which the commit sees.
            let Some(entry) = self.load_entry(&access_key_place(&key.id)).await? else { continue };
            let batch = changed_access_key(&self.vault, &key.id, &entry, &owner, key.active).await;
            change = change.and(Change::of(batch.map_err(|error| super::access_keys::not_made(&error))?));
        }
        Ok(change)
    }

    /// Removes a user who has nothing any more.
    pub(super) async fn delete_iam_user(
        &self,
        caller: &Caller,
        request: DeleteUserRequest,
    ) -> Result<Empty, ApiError> {
        let account = &caller.account;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let mut census = self.iam_census(account).await?;
            let seen = self.iam_user_for(caller, "DeleteUser", Some(&request.user_name)).await?;
            let user = &seen.record;
            if !user.groups.is_empty() {
                return Err(delete_conflict("Cannot delete entity, must remove users from group first."));
            }
            if !user.keys.is_empty() {
                return Err(delete_conflict("Cannot delete entity, must delete access keys first."));
            }
            Entity::User(seen.clone()).check_without_policies()?;
            census.remove(EntityKind::User);
            let change = Change::remove_seen(&seen);
            let change =
                change.and(self.without_boundary(account, user.boundary.as_ref(), &mut census).await?);
            let row = self.audit_row(&caller.arn(), "DeleteUser", &user.arn(account), None, None);
            if self.commit(change.and(census.change()).audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Lists users.
    pub(super) async fn list_iam_users(
        &self,
        caller: &Caller,
        request: ListUsersRequest,
    ) -> Result<ListUsersResponse, ApiError> {
        self.authorize(caller, "iam:ListUsers", None)?;
        let (account, prefix) = (&caller.account, &request.path_prefix);
        let users = self.iam_all::<User>(keys::users(account)).await?.into_iter().map(|seen| seen.record);
        let users = users.filter(|user| user.path.starts_with(prefix)).collect();
        let asked: (&str, &[&str]) = ("iam:ListUsers", &[prefix]);
        let (users, end) =
            self.iam_page(caller, asked, &request.page, users, |user| lookup_name(&user.name))?;
        let users = users.iter().map(|user| UserEntry::listed(account, user)).collect();
        Ok(ListUsersResponse { users, end })
    }
}
