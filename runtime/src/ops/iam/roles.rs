//! CreateRole, GetRole, UpdateRole, UpdateAssumeRolePolicy, DeleteRole and ListRoles.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{
    CreateRoleRequest, DeleteRoleRequest, GetRoleRequest, ListInstanceProfilesForRoleRequest,
    ListInstanceProfilesForRoleResponse, ListRolesRequest, ListRolesResponse, PageEnd, RoleEntry,
    RoleResponse, UpdateAssumeRolePolicyRequest, UpdateRoleDescriptionRequest, UpdateRoleRequest,
};
use keywheel_domain::iam::{EntityKind, Permissions, Role, TRUST_POLICY_CHARS_MAX, arn, lookup_name};
use keywheel_domain::policy::Kind;
use serde_json::{Map, Value};

use super::census::quota_exceeded;
use super::documents::{check_document, measured};
use super::records::{Entity, name_taken, not_attachable};
use super::tags::check_new_tags;
use crate::ops::change::Change;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, contended, keys};

impl Operations {
    /// Makes a role.
    pub(super) async fn create_iam_role(
        &self,
        caller: &Caller,
        request: CreateRoleRequest,
    ) -> Result<RoleResponse, ApiError> {
        let (account, name) = (&caller.account, &request.role_name);
        let role_arn = arn(account, EntityKind::Role, &request.path, name);
        self.authorize(caller, "iam:CreateRole", Some(&role_arn))?;
        check_new_tags(&request.tags)?;
        check_trust(&request.trust)?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let mut census = self.iam_census(account).await?;
            if let Some(taken) = self.iam_role(account, name).await? {
                return Err(name_taken(EntityKind::Role, &taken.record.name));
            }
            census.add(EntityKind::Role)?;
            let role = Role {
                name: name.clone(),
                path: request.path.clone(),
                id: self.iam_id(EntityKind::Role.id_prefix()),
                created: self.clock.now(),
                description: request.description.clone(),
                session_seconds_max: request.session_seconds_max,
                trust: request.trust.clone(),
                permissions: Permissions::default(),
                boundary: request.boundary.clone(),
                tags: request.tags.clone(),
            };
            let mut change = Change::create(keys::iam_role(account, name), &role);
            if let Some(boundary) = &request.boundary {
                let policy = self.iam_managed_policy(account, boundary).await?;
                let policy = policy.ok_or_else(|| not_attachable(boundary))?;
                change = change.and(policy.counted(&mut census, |uses| uses.boundary += 1));
            }
            let row = self.audit_row(&caller.arn(), "CreateRole", &role_arn, None, None);
            if self.commit(change.and(census.change()).audit(&row)).await? {
                return Ok(RoleResponse { role: RoleEntry::of(account, &role) });
            }
        }
        Err(contended())
    }

    /// Shows a role.
    pub(super) async fn get_iam_role(
        &self,
        caller: &Caller,
        request: GetRoleRequest,
    ) -> Result<RoleResponse, ApiError> {
        let seen = self.iam_role_for(caller, "GetRole", &request.role_name).await?;
        Ok(RoleResponse { role: RoleEntry::of(&caller.account, &seen.record) })
    }

    /// Changes what a role says about itself. The answer has no member, but an element.
    pub(super) async fn update_iam_role(
        &self,
        caller: &Caller,
        request: UpdateRoleRequest,
    ) -> Result<Value, ApiError> {
        self.change_role(caller, "UpdateRole", &request.role_name, |role| {
            role.description = request.description.clone().or_else(|| role.description.take());
            role.session_seconds_max = request.session_seconds_max.unwrap_or(role.session_seconds_max);
        })
        .await?;
        Ok(Value::Object(Map::new()))
    }

    /// Changes the description of a role, and shows it.
    pub(super) async fn update_role_description(
        &self,
        caller: &Caller,
        request: UpdateRoleDescriptionRequest,
    ) -> Result<RoleResponse, ApiError> {
        self.change_role(caller, "UpdateRoleDescription", &request.role_name, |role| {
            role.description = Some(request.description.clone());
        })
        .await?;
        let seen = self.iam_role_for(caller, "UpdateRoleDescription", &request.role_name).await?;
        Ok(RoleResponse { role: RoleEntry::of(&caller.account, &seen.record) })
    }

    /// Lists the instance profiles of a role. Tools ask before they delete one.
    pub(super) async fn list_instance_profiles_for_role(
        &self,
        caller: &Caller,
        request: ListInstanceProfilesForRoleRequest,
    ) -> Result<ListInstanceProfilesForRoleResponse, ApiError> {
        self.iam_role_for(caller, "ListInstanceProfilesForRole", &request.role_name).await?;
        Ok(ListInstanceProfilesForRoleResponse { instance_profiles: [], end: PageEnd::default() })
    }

    /// Changes who may assume a role.
    pub(super) async fn update_assume_role_policy(
        &self,
        caller: &Caller,
        request: UpdateAssumeRolePolicyRequest,
    ) -> Result<Empty, ApiError> {
        // Whether there is such a role is not told to whoever may not know.
        self.iam_role_for(caller, "UpdateAssumeRolePolicy", &request.role_name).await?;
        check_trust(&request.trust)?;
        self.change_role(caller, "UpdateAssumeRolePolicy", &request.role_name, |role| {
            role.trust.clone_from(&request.trust);
        })
        .await
    }

    async fn change_role(
        &self,
        caller: &Caller,
        action: &str,
        name: &str,
        edit: impl Fn(&mut Role),
    ) -> Result<Empty, ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.iam_role_for(caller, action, name).await?;
            let mut after = seen.record.clone();
            edit(&mut after);
            if after == seen.record {
                return Ok(Empty {});
            }
            let role_arn = after.arn(&caller.account);
            let row = self.audit_row(&caller.arn(), action, &role_arn, None, None);
            if self.commit(Change::replace(&seen, &after).audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Removes a role that has nothing any more.
    pub(super) async fn delete_iam_role(
        &self,
        caller: &Caller,
        request: DeleteRoleRequest,
    ) -> Result<Empty, ApiError> {
        let account = &caller.account;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let mut census = self.iam_census(account).await?;
            let seen = self.iam_role_for(caller, "DeleteRole", &request.role_name).await?;
            Entity::Role(seen.clone()).check_without_policies()?;
            census.remove(EntityKind::Role);
            let boundary = seen.record.boundary.as_ref();
            let change = Change::remove_seen(&seen);
            let change = change.and(self.without_boundary(account, boundary, &mut census).await?);
            let row = self.audit_row(&caller.arn(), "DeleteRole", &seen.record.arn(account), None, None);
            if self.commit(change.and(census.change()).audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Lists roles.
    pub(super) async fn list_iam_roles(
        &self,
        caller: &Caller,
        request: ListRolesRequest,
    ) -> Result<ListRolesResponse, ApiError> {
        self.authorize(caller, "iam:ListRoles", None)?;
        let (account, prefix) = (&caller.account, &request.path_prefix);
        let roles = self.iam_all::<Role>(keys::iam_roles(account)).await?.into_iter().map(|seen| seen.record);
        let roles = roles.filter(|role| role.path.starts_with(prefix)).collect();
        let asked: (&str, &[&str]) = ("iam:ListRoles", &[prefix]);
        let (roles, end) =
            self.iam_page(caller, asked, &request.page, roles, |role| lookup_name(&role.name))?;
        let roles = roles.iter().map(|role| RoleEntry::listed(account, role)).collect();
        Ok(ListRolesResponse { roles, end })
    }
}

/// Refuses what does not say who may assume a role.
fn check_trust(document: &str) -> Result<(), ApiError> {
    check_document(document, Kind::Trust)?;
    if measured(document) > TRUST_POLICY_CHARS_MAX {
        return Err(quota_exceeded("ACLSizePerRole", TRUST_POLICY_CHARS_MAX));
    }
    Ok(())
}
