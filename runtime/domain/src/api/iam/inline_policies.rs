//! Policies that are in one user, group or role, and go with it.

use serde::Serialize;

use super::read::{self, PageEnd, PageRequest};
use super::{ApiError, EntityRequest, Members};
use crate::iam::EntityKind;

/// Adds an inline policy, or overwrites the one of this name.
#[derive(Clone, Debug)]
pub struct PutInlinePolicyRequest {
    /// Of whom.
    pub kind: EntityKind,
    /// Of the user, group or role.
    pub entity_name: String,
    /// Of the policy.
    pub policy_name: String,
    /// What it says.
    pub document: String,
}

/// Shows or removes an inline policy.
#[derive(Clone, Debug)]
pub struct InlinePolicyRequest {
    /// Of whom.
    pub kind: EntityKind,
    /// Of the user, group or role.
    pub entity_name: String,
    /// Of the policy.
    pub policy_name: String,
}

/// Lists the names of inline policies.
#[derive(Clone, Debug)]
pub struct ListInlinePoliciesRequest {
    /// Of whom.
    pub kind: EntityKind,
    /// Of the user, group or role.
    pub entity_name: String,
    /// Which page.
    pub page: PageRequest,
}

impl EntityRequest for PutInlinePolicyRequest {
    fn read(kind: EntityKind, members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            kind,
            entity_name: read::entity_name(members, kind)?,
            policy_name: read::name(members, "PolicyName")?,
            document: read::document(members, "PolicyDocument")?,
        })
    }
}

impl EntityRequest for InlinePolicyRequest {
    fn read(kind: EntityKind, members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            kind,
            entity_name: read::entity_name(members, kind)?,
            policy_name: read::name(members, "PolicyName")?,
        })
    }
}

impl EntityRequest for ListInlinePoliciesRequest {
    fn read(kind: EntityKind, members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { kind, entity_name: read::entity_name(members, kind)?, page: PageRequest::read(members)? })
    }
}

/// An inline policy. One of the names is there.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InlinePolicyResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_name: Option<String>,
    policy_name: String,
    #[serde(serialize_with = "read::encoded")]
    policy_document: String,
}

impl InlinePolicyResponse {
    /// The policy of an entity.
    pub fn of(kind: EntityKind, entity_name: &str, policy_name: &str, document: &str) -> Self {
        let name = |of| (kind == of).then(|| entity_name.to_owned());
        Self {
            user_name: name(EntityKind::User),
            group_name: name(EntityKind::Group),
            role_name: name(EntityKind::Role),
            policy_name: policy_name.to_owned(),
            policy_document: document.to_owned(),
        }
    }
}

/// A page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListInlinePoliciesResponse {
    /// In their order.
    pub policy_names: Vec<String>,
    /// Whether there are more.
    #[serde(flatten)]
    pub end: PageEnd,
}
