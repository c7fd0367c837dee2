//! Groups, and who is in them.

use serde::Serialize;

use super::read::{self, PageEnd, PageRequest};
use super::{ApiError, IamRequest, Members, UserEntry};
use crate::iam::{EntityKind, Group, ROOT_PATH};
use crate::time::Timestamp;

/// Makes a group.
#[derive(Clone, Debug)]
pub struct CreateGroupRequest {
    /// Of the new group.
    pub group_name: String,
    /// Begins and ends with `/`.
    pub path: String,
}

/// Shows a group and a page of its users.
#[derive(Clone, Debug)]
pub struct GetGroupRequest {
    /// Of the group.
    pub group_name: String,
    /// Which page of users.
    pub page: PageRequest,
}

/// Gives a group another name or path.
#[derive(Clone, Debug)]
pub struct UpdateGroupRequest {
    /// As it is now.
    pub group_name: String,
    /// From now on.
    pub new_group_name: Option<String>,
    /// From now on.
    pub new_path: Option<String>,
}

/// Removes a group that has nothing any more.
#[derive(Clone, Debug)]
pub struct DeleteGroupRequest {
    /// Of the group.
    pub group_name: String,
}

/// Lists groups.
#[derive(Clone, Debug)]
pub struct ListGroupsRequest {
    /// What their paths begin with.
    pub path_prefix: String,
    /// Which page.
    pub page: PageRequest,
}

/// Lists the groups of a user.
#[derive(Clone, Debug)]
pub struct ListGroupsForUserRequest {
    /// Of the user.
    pub user_name: String,
    /// Which page.
    pub page: PageRequest,
}

/// Adds a user to a group, or takes one out.
#[derive(Clone, Debug)]
pub struct MembershipRequest {
    /// Of the group.
    pub group_name: String,
    /// Of the user.
    pub user_name: String,
}

impl IamRequest for CreateGroupRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let group_name = read::new_name(members, "GroupName", EntityKind::Group)?;
        Ok(Self {
            group_name: members.require("GroupName", group_name).unwrap_or_default(),
            path: read::path(members, "Path")?.unwrap_or_else(|| ROOT_PATH.to_owned()),
        })
    }
}

impl IamRequest for GetGroupRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { group_name: read::name(members, "GroupName")?, page: PageRequest::read(members)? })
    }
}

impl IamRequest for UpdateGroupRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            group_name: read::name(members, "GroupName")?,
            new_group_name: read::new_name(members, "NewGroupName", EntityKind::Group)?,
            new_path: read::path(members, "NewPath")?,
        })
    }
}

impl IamRequest for DeleteGroupRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { group_name: read::name(members, "GroupName")? })
    }
}

impl IamRequest for ListGroupsRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { path_prefix: read::path_prefix(members)?, page: PageRequest::read(members)? })
    }
}

impl IamRequest for ListGroupsForUserRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { user_name: read::name(members, "UserName")?, page: PageRequest::read(members)? })
    }
}

impl IamRequest for MembershipRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            group_name: read::name(members, "GroupName")?,
            user_name: read::name(members, "UserName")?,
        })
    }
}

/// A group.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupResponse {
    /// As it is now.
    pub group: GroupEntry,
}

/// A group and a page of its users.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetGroupResponse {
    /// As it is now.
    pub group: GroupEntry,
    /// In the order of their names, capitals or not.
    pub users: Vec<UserEntry>,
    /// Whether there are more.
    #[serde(flatten)]
    pub end: PageEnd,
}

/// A page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListGroupsResponse {
    /// In the order of their names, capitals or not.
    pub groups: Vec<GroupEntry>,
    /// Whether there are more.
    #[serde(flatten)]
    pub end: PageEnd,
}

/// A group in an answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupEntry {
    path: String,
    group_name: String,
    group_id: String,
    arn: String,
    #[serde(serialize_with = "read::moment")]
    create_date: Timestamp,
}

impl GroupEntry {
    /// All of it.
    pub fn of(account: &str, group: &Group) -> Self {
        Self {
            path: group.path.clone(),
            group_name: group.name.clone(),
            group_id: group.id.clone(),
            arn: group.arn(account),
            create_date: group.created,
        }
    }
}
