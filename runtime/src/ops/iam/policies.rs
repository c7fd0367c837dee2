//! CreatePolicy, GetPolicy, DeletePolicy and ListPolicies.

use keywheel_domain::api::iam::{
    CreatePolicyRequest, IamErrorCode, ListPoliciesRequest, ListPoliciesResponse, PolicyEntry, PolicyRequest,
    PolicyResponse, PolicyScope, PolicyUsage, iam_error,
};
use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::iam::{
    BUILTIN_POLICIES, POLICY_CHARS_MAX, POLICY_ID_PREFIX, Policy, PolicyUses, PolicyVersion, ROOT_PATH,
    policy_arn,
};
use keywheel_domain::policy::Kind;

use super::census::quota_exceeded;
use super::documents::{check_document, measured};
use super::records::{Managed, delete_conflict, policy_not_found};
use super::tags::check_new_tags;
use crate::ops::change::Change;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, Seen, contended, keys};

impl Operations {
    /// Makes a managed policy.
    pub(super) async fn create_iam_policy(
        &self,
        caller: &Caller,
        request: CreatePolicyRequest,
    ) -> Result<PolicyResponse, ApiError> {
        let (account, name) = (&caller.account, &request.policy_name);
        let arn = policy_arn(account, &request.path, name);
        self.authorize(caller, "iam:CreatePolicy", Some(&arn))?;
        check_new_tags(&request.tags)?;
        check_policy(&request.document)?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let mut census = self.iam_census(account).await?;
            let place = keys::iam_policy(account, name);
            if self.load_entry(&place).await?.is_some() {
                let told = format!("A policy called {name} already exists. Duplicate names are not allowed.");
                return Err(iam_error(IamErrorCode::EntityAlreadyExists, told));
            }
            census.add_policy()?;
            let now = self.clock.now();
            let first = PolicyVersion { number: 1, document: request.document.clone(), created: now };
            let policy = Policy {
                name: name.clone(),
                path: request.path.clone(),
                id: self.iam_id(POLICY_ID_PREFIX),
                description: request.description.clone(),
                created: now,
                updated: now,
                versions: vec![first],
                default: 1,
                next: 2,
                uses: PolicyUses::default(),
                tags: request.tags.clone(),
            };
            let change = Change::create(place, &policy).and(census.change());
            let row = self.audit_row(&caller.arn(), "CreatePolicy", &arn, None, None);
            if self.commit(change.audit(&row)).await? {
                return Ok(PolicyResponse { policy: PolicyEntry::of(account, &policy) });
            }
        }
        Err(contended())
    }

    /// Shows a managed policy.
    pub(super) async fn get_iam_policy(
        &self,
        caller: &Caller,
        request: PolicyRequest,
    ) -> Result<PolicyResponse, ApiError> {
        let policy = match self.managed_policy_for(caller, "GetPolicy", &request.policy_arn).await? {
            Managed::Own(seen) => PolicyEntry::of(&caller.account, &seen.record),
            Managed::Builtin(policy) => {
                let census = self.iam_census(&caller.account).await?;
                let uses = census.counts.builtin.get(policy.arn).copied().unwrap_or_default();
                PolicyEntry::of_builtin(policy, uses)
            }
        };
        Ok(PolicyResponse { policy })
    }

    /// Removes a managed policy that nobody uses and that has one version.
    pub(super) async fn delete_iam_policy(
        &self,
        caller: &Caller,
        request: PolicyRequest,
    ) -> Result<Empty, ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let mut census = self.iam_census(&caller.account).await?;
            let seen = self.own_policy_for(caller, "DeletePolicy", &request.policy_arn).await?;
            if !seen.record.uses.is_none() {
                return Err(delete_conflict("Cannot delete a policy attached to entities."));
            }
            if seen.record.versions.len() > 1 {
                return Err(delete_conflict(
                    "This policy has more than one version. Before you delete a policy, you must delete the \
                     policy's versions. The default version is deleted with the policy.",
                ));
            }
            census.remove_policy();
            let change = Change::remove_seen(&seen).and(census.change());
            let row = self.audit_row(&caller.arn(), "DeletePolicy", &request.policy_arn, None, None);
            if self.commit(change.audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }

    /// Lists managed policies.
    pub(super) async fn list_iam_policies(
        &self,
        caller: &Caller,
        request: ListPoliciesRequest,
    ) -> Result<ListPoliciesResponse, ApiError> {
        self.authorize(caller, "iam:ListPolicies", None)?;
        let account = &caller.account;
        let is_meant = |path: &str, uses: PolicyUses| {
            let count = match request.usage {
                None => uses.attached + uses.boundary,
                Some(PolicyUsage::Permissions) => uses.attached,
                Some(PolicyUsage::Boundary) => uses.boundary,
            };
            let is_used = count > 0 || (!request.only_attached && request.usage.is_none());
            path.starts_with(&request.path_prefix) && is_used
        };
        let mut policies = Vec::new();
        if request.scope != Some(PolicyScope::Builtin) {
            for seen in self.iam_all::<Policy>(keys::iam_policies(account)).await? {
                if is_meant(&seen.record.path, seen.record.uses) {
                    policies.push(PolicyEntry::of(account, &seen.record).listed());
                }
            }
        }
        if request.scope != Some(PolicyScope::Local) {
            let census = self.iam_census(account).await?;
            for policy in &BUILTIN_POLICIES {
                let uses = census.counts.builtin.get(policy.arn).copied().unwrap_or_default();
                if is_meant(ROOT_PATH, uses) {
                    policies.push(PolicyEntry::of_builtin(policy, uses).listed());
                }
            }
        }
        let parameters = [
            request.path_prefix.as_str(),
            &format!("{:?} {} {:?}", request.scope, request.only_attached, request.usage),
        ];
        let asked: (&str, &[&str]) = ("iam:ListPolicies", &parameters);
        let (policies, end) = self.iam_page(caller, asked, &request.page, policies, PolicyEntry::place)?;
        Ok(ListPoliciesResponse { policies, end })
    }

    /// The managed policy that a caller names, after asking whether the caller may do this with it.
    pub(super) async fn managed_policy_for(
        &self,
        caller: &Caller,
        action: &str,
        arn: &str,
    ) -> Result<Managed, ApiError> {
        self.authorize(caller, &format!("iam:{action}"), Some(arn))?;
        let policy = self.iam_managed_policy(&caller.account, arn).await?;
        policy.ok_or_else(|| policy_not_found(arn))
    }

    /// The same, to be changed.
    pub(super) async fn own_policy_for(
        &self,
        caller: &Caller,
        action: &str,
        arn: &str,
    ) -> Result<Seen<Policy>, ApiError> {
        match self.managed_policy_for(caller, action, arn).await? {
            Managed::Own(seen) => Ok(*seen),
            Managed::Builtin(_) => Err(ApiError::new(
                ErrorCode::AccessDenied,
                format!(
                    "User: {} is not authorized to perform: iam:{action} on resource: policy {arn}: nobody \
                     changes a built-in policy",
                    caller.arn()
                ),
            )),
        }
    }
}

/// Refuses what is no managed policy.
pub(super) fn check_policy(document: &str) -> Result<(), ApiError> {
    check_document(document, Kind::Identity)?;
    if measured(document) > POLICY_CHARS_MAX {
        return Err(quota_exceeded("PolicySize", POLICY_CHARS_MAX));
    }
    Ok(())
}
