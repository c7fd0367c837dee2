//! CreatePolicyVersion, GetPolicyVersion, ListPolicyVersions, SetDefaultPolicyVersion and DeletePolicyVersion.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{
    CreatePolicyVersionRequest, IamErrorCode, ListPolicyVersionsRequest, ListPolicyVersionsResponse,
    PolicyVersionEntry, PolicyVersionRequest, PolicyVersionResponse, iam_error,
};
use keywheel_domain::iam::{POLICY_VERSIONS_MAX, Policy, PolicyVersion};

use super::policies::check_policy;
use super::records::{Managed, delete_conflict};
use crate::ops::change::Change;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, contended};

/// The only version of a built-in policy.
const BUILTIN_VERSION: &str = "v1";

impl Operations {
    /// Adds a version.
    pub(super) async fn create_policy_version(
        &self,
        caller: &Caller,
        request: CreatePolicyVersionRequest,
    ) -> Result<PolicyVersionResponse, ApiError> {
        let arn = &request.policy_arn;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.own_policy_for(caller, "CreatePolicyVersion", arn).await?;
            check_policy(&request.document)?;
            let now = self.clock.now();
            let after = seen.record.with_version(&request.document, request.set_as_default, now);
            let after = after.ok_or_else(|| {
                let told = format!(
                    "A managed policy can have up to {POLICY_VERSIONS_MAX} versions. Before you create a new \
                     version, you must delete an existing version."
                );
                iam_error(IamErrorCode::LimitExceeded, told)
            })?;
            let made = after.versions.last().expect("a version was added");
            let row = self.audit_row(&caller.arn(), "CreatePolicyVersion", arn, None, Some(made.id()));
            if self.commit(Change::replace(&seen, &after).audit(&row)).await? {
                let entry = PolicyVersionEntry::listed(&after, made);
                return Ok(PolicyVersionResponse { policy_version: entry });
            }
        }
        Err(contended())
    }

    /// Shows a version.
    pub(super) async fn get_policy_version(
        &self,
        caller: &Caller,
        request: PolicyVersionRequest,
    ) -> Result<PolicyVersionResponse, ApiError> {
        let PolicyVersionRequest { policy_arn, version_id } = &request;
        let entry = match self.managed_policy_for(caller, "GetPolicyVersion", policy_arn).await? {
            Managed::Own(seen) => {
                let version = seen.record.version(version_id);
                version.map(|version| PolicyVersionEntry::of(&seen.record, version))
            }
            Managed::Builtin(policy) => {
                (version_id == BUILTIN_VERSION).then(|| PolicyVersionEntry::of_builtin(Some(policy.document)))
            }
        };
        let policy_version = entry.ok_or_else(|| version_not_found(&request))?;
        Ok(PolicyVersionResponse { policy_version })
    }

    /// Lists versions.
    pub(super) async fn list_policy_versions(
        &self,
        caller: &Caller,
        request: ListPolicyVersionsRequest,
    ) -> Result<ListPolicyVersionsResponse, ApiError> {
        let arn = &request.policy_arn;
        let versions = match self.managed_policy_for(caller, "ListPolicyVersions", arn).await? {
            Managed::Own(seen) => {
                let listed = |version: &PolicyVersion| {
                    (version.number, PolicyVersionEntry::listed(&seen.record, version))
                };
                seen.record.versions.iter().map(listed).collect()
            }
            Managed::Builtin(_) => vec![(1, PolicyVersionEntry::of_builtin(None))],
        };
        let asked: (&str, &[&str]) = ("iam:ListPolicyVersions", &[arn]);
        // The latest first.
        let place = |(number, _): &(u32, PolicyVersionEntry)| format!("{:010}", u32::MAX - number);
        let (versions, end) = self.iam_page(caller, asked, &request.page, versions, place)?;
        Ok(ListPolicyVersionsResponse {
            versions: versions.into_iter().map(|(_, version)| version).collect(),
            end,
        })
    }

    /// Lets a version count.
    pub(super) async fn set_default_policy_version(
        &self,
        caller: &Caller,
        request: PolicyVersionRequest,
    ) -> Result<Empty, ApiError> {
        self.change_versions(caller, "SetDefaultPolicyVersion", &request, |policy, number| {
            policy.default = number;
            Ok(())
        })
        .await
    }

    /// Removes a version that does not count.
    pub(super) async fn delete_policy_version(
        &self,
        caller: &Caller,
        request: PolicyVersionRequest,
    ) -> Result<Empty, ApiError> {
        self.change_versions(caller, "DeletePolicyVersion", &request, |policy, number| {
            if policy.default == number {
                return Err(delete_conflict("Cannot delete the default version of a policy."));
            }
            policy.versions.retain(|version| version.number != number);
            Ok(())
        })
        .await
    }

    async fn change_versions(
        &self,
        caller: &Caller,
        action: &str,
        request: &PolicyVersionRequest,
        edit: impl Fn(&mut Policy, u32) -> Result<(), ApiError>,
    ) -> Result<Empty, ApiError> {
        let PolicyVersionRequest { policy_arn, version_id } = request;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.own_policy_for(caller, action, policy_arn).await?;
            let version = seen.record.version(version_id).ok_or_else(|| version_not_found(request))?;
            let mut after = seen.record.clone();
            edit(&mut after, version.number)?;
            if after == seen.record {
                return Ok(Empty {});
            }
            let row = self.audit_row(&caller.arn(), action, policy_arn, None, Some(version_id.clone()));
            if self.commit(Change::replace(&seen, &after).audit(&row)).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }
}

fn version_not_found(request: &PolicyVersionRequest) -> ApiError {
    let PolicyVersionRequest { policy_arn, version_id } = request;
    let told = format!("Policy {policy_arn} version {version_id} does not exist or is not attachable.");
    iam_error(IamErrorCode::NoSuchEntity, told)
}
