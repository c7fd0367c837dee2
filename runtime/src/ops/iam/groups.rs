//! Groups: CreateGroup, GetGroup, UpdateGroup, DeleteGroup, ListGroups, and who is in them.
//!
//! A group is kept by its id, which its members know, and its name leads there: it can be renamed alone.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{
    CreateGroupRequest, DeleteGroupRequest, GetGroupRequest, GetGroupResponse, GroupEntry, GroupResponse,
    IamErrorCode, ListGroupsForUserRequest, ListGroupsRequest, ListGroupsResponse, MembershipRequest,
    UpdateGroupRequest, UserEntry, iam_error,
};
use keywheel_domain::iam::{EntityKind, GROUPS_PER_USER_MAX, Group, Permissions, User, arn, lookup_name};

use super::census::quota_exceeded;
use super::records::{Entity, delete_conflict, name_taken, not_found};
use crate::ops::change::Change;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, Seen, contended, keys};
use crate::store::Batch;

impl Operations {
    /// Makes a group.
    pub(super) async fn create_iam_group(
        &self,
        caller: &Caller,
        request: CreateGroupRequest,
    ) -> Result<GroupResponse, ApiError> {
        let (account, name) = (&caller.account, &request.group_name);
        let group_arn = arn(account, EntityKind::Group, &request.path, name);
        self.authorize(caller, "iam:CreateGroup", Some(&group_arn))?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let mut census = self.iam_census(account).await?;
            if let Some(taken) = self.iam_group(account, name).await? {
                return Err(name_taken(EntityKind::Group, &taken.record.name));
            }
            census.add(EntityKind::Group)?;
            let group = Group {
                name: name.clone(),
                path: request.path.clone(),
                id: self.iam_id(EntityKind::Group.id_prefix()),
                created: self.clock.now(),
                permissions: Permissions::default(),
                members: 0,
            };
            let change = Change::create(keys::iam_group(account, &group.id), &group);
            let change = change.and(named_group(account, &group)).and(census.change());
            let row = self.audit_row(&caller.arn(), "CreateGroup", &group_arn, None, None);
            if self.commit(change.audit(&row)).await? {
                return Ok(GroupResponse { group: GroupEntry::of(account, &group) });
            }
        }
        Err(contended())
    }

    /// Shows a group and a page of its users.
    pub(super) async fn get_iam_group(
        &self,
        caller: &Caller,
        request: GetGroupRequest,
    ) -> Result<GetGroupResponse, ApiError> {
        let account = &caller.account;
        let group = self.iam_group_for(caller, "GetGroup", &request.group_name).await?.record;
        let users = self.iam_all::<User>(keys::users(account)).await?.into_iter().map(|seen| seen.record);
        let users = users.filter(|user| user.groups.contains(&group.id)).collect();
        let asked: (&str, &[&str]) = ("iam:GetGroup", &[&group.id]);
        let (users, end) =
            self.iam_page(caller, asked, &request.page, users, |user| lookup_name(&user.name))?;
        let users = users.iter().map(|user| UserEntry::listed(account, user)).collect();
        Ok(GetGroupResponse { group: GroupEntry::of(account, &group), users, end })
    }

    /// Gives a group another name or path.
    pub(super) async fn update_iam_group(
        &self,
        caller: &Caller,
        request: UpdateGroupRequest,
    ) -> Result<Empty, ApiError> {
        let account = &caller.account;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.iam_group_for(caller, "UpdateGroup", &request.group_name).await?;
            let mut after = seen.record.clone();
            after.name = request.new_group_name.clone().unwrap_or(after.name);
            after.path = request.new_path.clone().unwrap_or(after.path);
            let group_arn = after.arn(account);
            self.authorize(caller, "iam:UpdateGroup", Some(&group_arn))?;
            let mut change = Change::replace(&seen, &after);
            let (old, new) = (
                keys::iam_group_name(account, &seen.record.name),
                keys::iam_group_name(account, &after.name),
            );
            if old != new {
                if self.load_entry(&new).await?.is_some() {
                    return Err(name_taken(EntityKind::Group, &after.name));
                }
                change = change.and(named_group(account, &after)).and(Change::of(Batch::new().delete(old)));
            }
            let detail = format!("was {}", seen.record.arn(account));
            let row = self.audit_row(&caller.arn(), "UpdateGroup", &group_arn, None, Some(detail));
            if self.commit(change.audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Removes a group that has nothing any more.
    pub(super) async fn delete_iam_group(
        &self,
        caller: &Caller,
        request: DeleteGroupRequest,
    ) -> Result<Empty, ApiError> {
        let account = &caller.account;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let mut census = self.iam_census(account).await?;
            let seen = self.iam_group_for(caller, "DeleteGroup", &request.group_name).await?;
            if seen.record.members > 0 {
                return Err(delete_conflict("Cannot delete entity, must remove users from group first."));
            }
            Entity::Group(seen.clone()).check_without_policies()?;
            census.remove(EntityKind::Group);
            let name = Batch::new().delete(keys::iam_group_name(account, &seen.record.name));
            let change = Change::remove_seen(&seen).and(Change::of(name)).and(census.change());
            let row = self.audit_row(&caller.arn(), "DeleteGroup", &seen.record.arn(account), None, None);
            if self.commit(change.audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Lists groups.
    pub(super) async fn list_iam_groups(
        &self,
        caller: &Caller,
        request: ListGroupsRequest,
    ) -> Result<ListGroupsResponse, ApiError> {
        self.authorize(caller, "iam:ListGroups", None)?;
        let (account, prefix) = (&caller.account, &request.path_prefix);
        let groups = self.iam_all::<Group>(keys::iam_groups(account)).await?;
        let groups = groups.into_iter().map(|seen| seen.record);
        let groups = groups.filter(|group| group.path.starts_with(prefix)).collect();
        let asked: (&str, &[&str]) = ("iam:ListGroups", &[prefix]);
        let (groups, end) =
            self.iam_page(caller, asked, &request.page, groups, |group| lookup_name(&group.name))?;
        let groups = groups.iter().map(|group| GroupEntry::of(account, group)).collect();
        Ok(ListGroupsResponse { groups, end })
    }

    /// Lists the groups of a user.
    pub(super) async fn list_iam_groups_for_user(
        &self,
        caller: &Caller,
        request: ListGroupsForUserRequest,
    ) -> Result<ListGroupsResponse, ApiError> {
        let account = &caller.account;
        let user = self.iam_user_for(caller, "ListGroupsForUser", Some(&request.user_name)).await?.record;
        let mut groups = Vec::new();
        for id in &user.groups {
            let seen: Option<Seen<Group>> = self.load(keys::iam_group(account, id)).await?;
            groups.extend(seen.map(|seen| seen.record));
        }
        let asked: (&str, &[&str]) = ("iam:ListGroupsForUser", &[&user.id]);
        let (groups, end) =
            self.iam_page(caller, asked, &request.page, groups, |group| lookup_name(&group.name))?;
        let groups = groups.iter().map(|group| GroupEntry::of(account, group)).collect();
        Ok(ListGroupsResponse { groups, end })
    }

    /// Adds a user to a group. One that is in it stays.
    pub(super) async fn add_user_to_group(
        &self,
        caller: &Caller,
        request: MembershipRequest,
    ) -> Result<Empty, ApiError> {
        self.change_membership(caller, request, "AddUserToGroup", true).await
    }

    /// Takes a user out of a group.
    pub(super) async fn remove_user_from_group(
        &self,
        caller: &Caller,
        request: MembershipRequest,
    ) -> Result<Empty, ApiError> {
        self.change_membership(caller, request, "RemoveUserFromGroup", false).await
    }

    async fn change_membership(
        &self,
        caller: &Caller,
        request: MembershipRequest,
        action: &str,
        joins: bool,
    ) -> Result<Empty, ApiError> {
        let MembershipRequest { group_name, user_name } = request;
        let account = &caller.account;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let group = self.iam_group_for(caller, action, &group_name).await?;
            let user = self.iam_user(account, &user_name).await?;
            let user = user.ok_or_else(|| not_found(EntityKind::User, &user_name))?;
            let (mut group_after, mut user_after) = (group.record.clone(), user.record.clone());
            match (user.record.groups.contains(&group.record.id), joins) {
                (true, true) => return Ok(Empty {}),
                (false, false) => {
                    let told = format!("User {user_name} is not in group {group_name}.");
                    return Err(iam_error(IamErrorCode::NoSuchEntity, told));
                }
                (false, true) => {
                    if user.record.groups.len() >= GROUPS_PER_USER_MAX {
                        return Err(quota_exceeded("GroupsPerUser", GROUPS_PER_USER_MAX));
                    }
                    user_after.groups.push(group.record.id.clone());
                    group_after.members += 1;
                }
                (true, false) => {
                    user_after.groups.retain(|id| *id != group.record.id);
                    group_after.members = group_after.members.saturating_sub(1);
                }
            }
            let change = Change::replace(&group, &group_after).and(Change::replace(&user, &user_after));
            let detail = user.record.arn(account);
            let row = self.audit_row(&caller.arn(), action, &group.record.arn(account), None, Some(detail));
            if self.commit(change.audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }
}

/// Lets a name that no group has lead to a group.
fn named_group(account: &str, group: &Group) -> Change {
    let place = keys::iam_group_name(account, &group.name);
    Change::of(Batch::new().expect(place.clone(), None).put(place, group.id.as_bytes()))
}
