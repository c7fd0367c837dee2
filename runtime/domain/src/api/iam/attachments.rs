//! Managed policies that users, groups and roles have, and permissions boundaries.

use serde::Serialize;

use super::read::{self, PageEnd, PageRequest};
use super::{ApiError, EntityRequest, IamRequest, Members};
use crate::iam::{EntityKind, ROOT_PATH};

/// Attaches a managed policy, or detaches it.
#[derive(Clone, Debug)]
pub struct AttachmentRequest {
    /// Of whom.
    pub kind: EntityKind,
    /// Of the user, group or role.
    pub entity_name: String,
    /// Of the policy.
    pub policy_arn: String,
}

/// Lists attached managed policies.
#[derive(Clone, Debug)]
pub struct ListAttachedPoliciesRequest {
    /// Of whom.
    pub kind: EntityKind,
    /// Of the user, group or role.
    pub entity_name: String,
    /// What the paths of the policies begin with.
    pub path_prefix: String,
    /// Which page.
    pub page: PageRequest,
}

/// Which use of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyUsage {
    /// It is attached.
    Permissions,
    /// It is a boundary.
    Boundary,
}

/// Lists who uses a policy.
#[derive(Clone, Debug)]
pub struct ListEntitiesForPolicyRequest {
    /// Of the policy.
    pub policy_arn: String,
    /// Only these; `None` means all.
    pub kind: Option<EntityKind>,
    /// What their paths begin with.
    pub path_prefix: String,
    /// Only this use; `None` means both.
    pub usage: Option<PolicyUsage>,
    /// Which page.
    pub page: PageRequest,
}

/// Says what is the most that a user or role may do.
#[derive(Clone, Debug)]
pub struct PutBoundaryRequest {
    /// Of whom.
    pub kind: EntityKind,
    /// Of the user or role.
    pub entity_name: String,
    /// ARN of the policy.
    pub boundary: String,
}

/// Takes a boundary away.
#[derive(Clone, Debug)]
pub struct DeleteBoundaryRequest {
    /// Of whom.
    pub kind: EntityKind,
    /// Of the user or role.
    pub entity_name: String,
}

/// `PolicyUsageFilter`.
pub(super) fn usage(members: &mut Members) -> Result<Option<PolicyUsage>, ApiError> {
    let words =
        [("PermissionsPolicy", PolicyUsage::Permissions), ("PermissionsBoundary", PolicyUsage::Boundary)];
    members.word("PolicyUsageFilter", &words)
}

impl EntityRequest for AttachmentRequest {
    fn read(kind: EntityKind, members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            kind,
            entity_name: read::short_entity_name(members, kind)?,
            policy_arn: read::arn(members, "PolicyArn")?,
        })
    }
}

impl EntityRequest for ListAttachedPoliciesRequest {
    fn read(kind: EntityKind, members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            kind,
            entity_name: read::short_entity_name(members, kind)?,
            path_prefix: read::policy_path(members, "PathPrefix")?.unwrap_or_else(|| ROOT_PATH.to_owned()),
            page: PageRequest::read(members)?,
        })
    }
}

impl IamRequest for ListEntitiesForPolicyRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        // The last two are kinds that never use a policy.
        let kinds = [
            ("User", Some(EntityKind::User)),
            ("Role", Some(EntityKind::Role)),
            ("Group", Some(EntityKind::Group)),
            ("LocalManagedPolicy", None),
            ("AWSManagedPolicy", None),
        ];
        Ok(Self {
            policy_arn: read::arn(members, "PolicyArn")?,
            kind: members.word("EntityFilter", &kinds)?.flatten(),
            path_prefix: read::path(members, "PathPrefix")?.unwrap_or_else(|| ROOT_PATH.to_owned()),
            usage: usage(members)?,
            page: PageRequest::read(members)?,
        })
    }
}

impl EntityRequest for PutBoundaryRequest {
    fn read(kind: EntityKind, members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            kind,
            entity_name: read::short_entity_name(members, kind)?,
            boundary: read::arn(members, "PermissionsBoundary")?,
        })
    }
}

impl EntityRequest for DeleteBoundaryRequest {
    fn read(kind: EntityKind, members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { kind, entity_name: read::short_entity_name(members, kind)? })
    }
}

/// A page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAttachedPoliciesResponse {
    /// In the order of their names.
    pub attached_policies: Vec<AttachedPolicyEntry>,
    /// Whether there are more.
    #[serde(flatten)]
    pub end: PageEnd,
}

/// An attached policy in an answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedPolicyEntry {
    /// Behind its path.
    pub policy_name: String,
    /// With its path.
    pub policy_arn: String,
}

/// A page of those who use a policy.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListEntitiesForPolicyResponse {
    /// In the order of their names.
    pub policy_groups: Vec<PolicyGroup>,
    /// In the order of their names.
    pub policy_users: Vec<PolicyUser>,
    /// In the order of their names.
    pub policy_roles: Vec<PolicyRole>,
    /// Whether there are more.
    #[serde(flatten)]
    pub end: PageEnd,
}

/// A group that has a policy.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyGroup {
    /// Of the group.
    pub group_name: String,
    /// Of the group.
    pub group_id: String,
}

/// A user who has a policy.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyUser {
    /// Of the user.
    pub user_name: String,
    /// Of the user.
    pub user_id: String,
}

/// A role that has a policy.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyRole {
    /// Of the role.
    pub role_name: String,
    /// Of the role.
    pub role_id: String,
}
