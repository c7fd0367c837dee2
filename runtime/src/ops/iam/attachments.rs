//! Attach, Detach and ListAttached of managed policies, and ListEntitiesForPolicy.
//!
//! A policy counts who uses it, in one commit with the use: none is deleted that somebody has.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{
    AttachedPolicyEntry, AttachmentRequest, IamErrorCode, ListAttachedPoliciesRequest,
    ListAttachedPoliciesResponse, ListEntitiesForPolicyRequest, ListEntitiesForPolicyResponse, PageEnd,
    PolicyGroup, PolicyRole, PolicyUsage, PolicyUser, iam_error,
};
use keywheel_domain::iam::{
    ATTACHED_MAX, EntityKind, Group, Permissions, PolicyArn, Role, User, lookup_name,
};

use super::census::quota_exceeded;
use super::records::{Managed, not_attachable, policy_not_found};
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, contended, keys};

impl Operations {
    /// Attaches a managed policy. One that is attached stays.
    pub(super) async fn attach_policy(
        &self,
        caller: &Caller,
        request: AttachmentRequest,
    ) -> Result<Empty, ApiError> {
        let AttachmentRequest { kind, entity_name, policy_arn } = request;
        let action = format!("Attach{}Policy", kind.noun());
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let mut census = self.iam_census(&caller.account).await?;
            let entity = self.iam_entity_for(caller, &action, kind, &entity_name).await?;
            let policy = self.attachable_policy(&caller.account, &policy_arn).await?;
            let attached = &entity.permissions().attached;
            if attached.contains(&policy_arn) {
                return Ok(Empty {});
            }
            if attached.len() >= ATTACHED_MAX {
                return Err(quota_exceeded(&format!("PoliciesPer{}", kind.noun()), ATTACHED_MAX));
            }
            let change = entity.edited(|holding| {
                holding.permissions.attached.insert(policy_arn.clone());
            });
            let change = change.and(policy.counted(&mut census, |uses| uses.attached += 1));
            let arn = entity.arn(&caller.account);
            let row = self.audit_row(&caller.arn(), &action, &arn, None, Some(policy_arn.clone()));
            if self.commit(change.and(census.change()).audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Detaches a managed policy.
    pub(super) async fn detach_policy(
        &self,
        caller: &Caller,
        request: AttachmentRequest,
    ) -> Result<Empty, ApiError> {
        let AttachmentRequest { kind, entity_name, policy_arn } = request;
        let action = format!("Detach{}Policy", kind.noun());
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let mut census = self.iam_census(&caller.account).await?;
            let entity = self.iam_entity_for(caller, &action, kind, &entity_name).await?;
            if !entity.permissions().attached.contains(&policy_arn) {
                return Err(policy_not_found(&policy_arn));
            }
            let policy = self.attachable_policy(&caller.account, &policy_arn).await?;
            let change = entity.edited(|holding| {
                holding.permissions.attached.remove(&policy_arn);
            });
            let count = policy.counted(&mut census, |uses| uses.attached = uses.attached.saturating_sub(1));
            let arn = entity.arn(&caller.account);
            let row = self.audit_row(&caller.arn(), &action, &arn, None, Some(policy_arn.clone()));
            if self.commit(change.and(count).and(census.change()).audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// The managed policy that a request wants to use.
    pub(super) async fn attachable_policy(
        &self,
        account: &str,
        policy_arn: &str,
    ) -> Result<Managed, ApiError> {
        if PolicyArn::parse(policy_arn).is_none() {
            return Err(iam_error(IamErrorCode::InvalidInput, format!("ARN {policy_arn} is not valid.")));
        }
        let policy = self.iam_managed_policy(account, policy_arn).await?;
        policy.ok_or_else(|| not_attachable(policy_arn))
    }

    /// Lists attached managed policies.
    pub(super) async fn list_attached_policies(
        &self,
        caller: &Caller,
        request: ListAttachedPoliciesRequest,
    ) -> Result<ListAttachedPoliciesResponse, ApiError> {
        let ListAttachedPoliciesRequest { kind, entity_name, path_prefix, page } = request;
        let action = format!("ListAttached{}Policies", kind.noun());
        let entity = self.iam_entity_for(caller, &action, kind, &entity_name).await?;
        let parsed = entity.permissions().attached.iter();
        let parsed = parsed.filter_map(|arn| PolicyArn::parse(arn).map(|parts| (arn, parts)));
        let attached = parsed.filter(|(_, parts)| parts.path.starts_with(&path_prefix)).collect();
        let asked: (&str, &[&str]) = (&action, &[entity.name(), &path_prefix]);
        let (attached, end) = self.iam_page(caller, asked, &page, attached, |(_, parts)| {
            format!("{} {}", parts.name, parts.account.unwrap_or_default())
        })?;
        let entry = |(arn, parts): (&String, PolicyArn<'_>)| AttachedPolicyEntry {
            policy_name: parts.name.to_owned(),
            policy_arn: arn.clone(),
        };
        Ok(ListAttachedPoliciesResponse { attached_policies: attached.into_iter().map(entry).collect(), end })
    }

    /// Lists who uses a policy.
    pub(super) async fn list_entities_for_policy(
        &self,
        caller: &Caller,
        request: ListEntitiesForPolicyRequest,
    ) -> Result<ListEntitiesForPolicyResponse, ApiError> {
        let arn = &request.policy_arn;
        self.authorize(caller, "iam:ListEntitiesForPolicy", Some(arn))?;
        if self.iam_managed_policy(&caller.account, arn).await?.is_none() {
            return Err(policy_not_found(arn));
        }
        let users = self.users_of_policy(&caller.account, &request).await?;
        let (kind, usage) = (format!("{:?}", request.kind), format!("{:?}", request.usage));
        let asked: (&str, &[&str]) =
            ("iam:ListEntitiesForPolicy", &[arn, &kind, &request.path_prefix, &usage]);
        let place = |user: &PolicyHolder| format!("{} {}", user.kind.word(), lookup_name(&user.name));
        let (page, end) = self.iam_page(caller, asked, &request.page, users, place)?;
        Ok(listed(page, end))
    }

    async fn users_of_policy(
        &self,
        account: &str,
        request: &ListEntitiesForPolicyRequest,
    ) -> Result<Vec<PolicyHolder>, ApiError> {
        let arn = &request.policy_arn;
        let is_meant = |path: &str, permissions: &Permissions, boundary: Option<&String>| {
            let attached = permissions.attached.contains(arn);
            let bounds = boundary == Some(arn);
            path.starts_with(&request.path_prefix)
                && match request.usage {
                    None => attached || bounds,
                    Some(PolicyUsage::Permissions) => attached,
                    Some(PolicyUsage::Boundary) => bounds,
                }
        };
        let mut found = Vec::new();
        let is_wanted = |kind| request.kind.is_none_or(|wanted| wanted == kind);
        if is_wanted(EntityKind::User) {
            for User { name, id, path, permissions, boundary, .. } in
                self.iam_all(keys::users(account)).await?.into_iter().map(|seen| seen.record)
            {
                if is_meant(&path, &permissions, boundary.as_ref()) {
                    found.push(PolicyHolder { kind: EntityKind::User, name, id });
                }
            }
        }
        if is_wanted(EntityKind::Group) {
            for Group { name, id, path, permissions, .. } in
                self.iam_all(keys::iam_groups(account)).await?.into_iter().map(|seen| seen.record)
            {
                if is_meant(&path, &permissions, None) {
                    found.push(PolicyHolder { kind: EntityKind::Group, name, id });
                }
            }
        }
        if is_wanted(EntityKind::Role) {
            for Role { name, id, path, permissions, boundary, .. } in
                self.iam_all(keys::iam_roles(account)).await?.into_iter().map(|seen| seen.record)
            {
                if is_meant(&path, &permissions, boundary.as_ref()) {
                    found.push(PolicyHolder { kind: EntityKind::Role, name, id });
                }
            }
        }
        Ok(found)
    }
}

/// Somebody who uses a policy.
struct PolicyHolder {
    kind: EntityKind,
    name: String,
    id: String,
}

fn listed(page: Vec<PolicyHolder>, end: PageEnd) -> ListEntitiesForPolicyResponse {
    let mut answer = ListEntitiesForPolicyResponse { end, ..ListEntitiesForPolicyResponse::default() };
    for PolicyHolder { kind, name, id } in page {
        match kind {
            EntityKind::User => answer.policy_users.push(PolicyUser { user_name: name, user_id: id }),
            EntityKind::Group => answer.policy_groups.push(PolicyGroup { group_name: name, group_id: id }),
            EntityKind::Role => answer.policy_roles.push(PolicyRole { role_name: name, role_id: id }),
        }
    }
    answer
}
