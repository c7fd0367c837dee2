//! Roles.

use serde::Serialize;

use super::read::{self, AttachedBoundary, PageEnd, PageRequest};
use super::{ApiError, IamRequest, Members};
use crate::api::members::Bounds;
use crate::iam::{EntityKind, ROOT_PATH, Role, SESSION_SECONDS_DEFAULT, SESSION_SECONDS_MAX, Tag};
use crate::time::Timestamp;

const DESCRIPTION_CHARS: Bounds = 0..=1000;
const SESSION_SECONDS: Bounds = SESSION_SECONDS_DEFAULT as usize..=SESSION_SECONDS_MAX as usize;

/// Makes a role.
#[derive(Clone, Debug)]
pub struct CreateRoleRequest {
    /// Of the new role.
    pub role_name: String,
    /// Begins and ends with `/`.
    pub path: String,
    /// Who may assume it.
    pub trust: String,
    /// For people.
    pub description: Option<String>,
    /// The longest session.
    pub session_seconds_max: u32,
    /// ARN of the policy that says the most that its sessions may do.
    pub boundary: Option<String>,
    /// No two with one key.
    pub tags: Vec<Tag>,
}

/// Shows a role.
#[derive(Clone, Debug)]
pub struct GetRoleRequest {
    /// Of the role.
    pub role_name: String,
}

/// Changes what a role says about itself.
#[derive(Clone, Debug)]
pub struct UpdateRoleRequest {
    /// Of the role.
    pub role_name: String,
    /// For people.
    pub description: Option<String>,
    /// The longest session.
    pub session_seconds_max: Option<u32>,
}

/// Changes the description of a role.
#[derive(Clone, Debug)]
pub struct UpdateRoleDescriptionRequest {
    /// Of the role.
    pub role_name: String,
    /// For people.
    pub description: String,
}

/// Lists the instance profiles of a role: there are none.
#[derive(Clone, Debug)]
pub struct ListInstanceProfilesForRoleRequest {
    /// Of the role.
    pub role_name: String,
}

/// Changes who may assume a role.
#[derive(Clone, Debug)]
pub struct UpdateAssumeRolePolicyRequest {
    /// Of the role.
    pub role_name: String,
    /// Who may assume it from now on.
    pub trust: String,
}

/// Removes a role that has nothing any more.
#[derive(Clone, Debug)]
pub struct DeleteRoleRequest {
    /// Of the role.
    pub role_name: String,
}

/// Lists roles.
#[derive(Clone, Debug)]
pub struct ListRolesRequest {
    /// What their paths begin with.
    pub path_prefix: String,
    /// Which page.
    pub page: PageRequest,
}

fn description(members: &mut Members) -> Result<Option<String>, ApiError> {
    let allowed = |char: char| matches!(char, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    let pattern = r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*";
    members.matching_text("Description", DESCRIPTION_CHARS, (pattern, allowed))
}

fn session_seconds(members: &mut Members) -> Result<Option<u32>, ApiError> {
    let seconds = members.bounded_integer("MaxSessionDuration", SESSION_SECONDS)?;
    Ok(seconds.and_then(|seconds| u32::try_from(seconds).ok()))
}

impl IamRequest for CreateRoleRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let role_name = read::new_name(members, "RoleName", EntityKind::Role)?;
        Ok(Self {
            role_name: members.require("RoleName", role_name).unwrap_or_default(),
            path: read::path(members, "Path")?.unwrap_or_else(|| ROOT_PATH.to_owned()),
            trust: read::document(members, "AssumeRolePolicyDocument")?,
            description: description(members)?,
            session_seconds_max: session_seconds(members)?.unwrap_or(SESSION_SECONDS_DEFAULT),
            boundary: read::optional_arn(members, "PermissionsBoundary")?,
            tags: read::tags(members)?.unwrap_or_default(),
        })
    }
}

impl IamRequest for GetRoleRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { role_name: read::entity_name(members, EntityKind::Role)? })
    }
}

impl IamRequest for UpdateRoleRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            role_name: read::entity_name(members, EntityKind::Role)?,
            description: description(members)?,
            session_seconds_max: session_seconds(members)?,
        })
    }
}

impl IamRequest for UpdateRoleDescriptionRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let role_name = read::entity_name(members, EntityKind::Role)?;
        let description = description(members)?;
        Ok(Self { role_name, description: members.require("Description", description).unwrap_or_default() })
    }
}

impl IamRequest for ListInstanceProfilesForRoleRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let role_name = read::entity_name(members, EntityKind::Role)?;
        PageRequest::read(members)?;
        Ok(Self { role_name })
    }
}

impl IamRequest for UpdateAssumeRolePolicyRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            role_name: read::entity_name(members, EntityKind::Role)?,
            trust: read::document(members, "PolicyDocument")?,
        })
    }
}

impl IamRequest for DeleteRoleRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { role_name: read::entity_name(members, EntityKind::Role)? })
    }
}

impl IamRequest for ListRolesRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { path_prefix: read::path_prefix(members)?, page: PageRequest::read(members)? })
    }
}

/// A role.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleResponse {
    /// As it is now.
    pub role: RoleEntry,
}

/// A page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRolesResponse {
    /// In the order of their names, capitals or not.
    pub roles: Vec<RoleEntry>,
    /// Whether there are more.
    #[serde(flatten)]
    pub end: PageEnd,
}

/// The only page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListInstanceProfilesForRoleResponse {
    /// Always empty: there are no machines.
    pub instance_profiles: [(); 0],
    /// The end.
    #[serde(flatten)]
    pub end: PageEnd,
}

/// A role in an answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleEntry {
    path: String,
    role_name: String,
    role_id: String,
    arn: String,
    #[serde(serialize_with = "read::moment")]
    create_date: Timestamp,
    #[serde(serialize_with = "read::encoded")]
    assume_role_policy_document: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    max_session_duration: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<AttachedBoundary>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
}

impl RoleEntry {
    /// All of it.
    pub fn of(account: &str, role: &Role) -> Self {
        Self {
            permissions_boundary: AttachedBoundary::of(role.boundary.as_ref()),
            tags: role.tags.clone(),
            ..Self::listed(account, role)
        }
    }

    /// What a listing shows.
    pub fn listed(account: &str, role: &Role) -> Self {
        Self {
            path: role.path.clone(),
            role_name: role.name.clone(),
            role_id: role.id.clone(),
            arn: role.arn(account),
            create_date: role.created,
            assume_role_policy_document: role.trust.clone(),
            description: role.description.clone(),
            max_session_duration: role.session_seconds_max,
            permissions_boundary: None,
            tags: Vec::new(),
        }
    }
}
