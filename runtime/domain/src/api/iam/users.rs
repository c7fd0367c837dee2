//! CreateUser, GetUser, UpdateUser, DeleteUser and ListUsers.

use serde::Serialize;

use super::read::{self, AttachedBoundary, PageEnd, PageRequest};
use super::{ApiError, IamRequest, Members};
use crate::iam::{EntityKind, ROOT_PATH, Tag, User};
use crate::time::Timestamp;

/// Makes a user.
#[derive(Clone, Debug)]
pub struct CreateUserRequest {
    /// Of the new user.
    pub user_name: String,
    /// Begins and ends with `/`.
    pub path: String,
    /// ARN of the policy that says the most that the user may do.
    pub boundary: Option<String>,
    /// No two with one key.
    pub tags: Vec<Tag>,
}

/// Shows a user, or who asks.
#[derive(Clone, Debug)]
pub struct GetUserRequest {
    /// `None` means the caller.
    pub user_name: Option<String>,
}

/// Gives a user another name or path.
#[derive(Clone, Debug)]
pub struct UpdateUserRequest {
    /// As it is now.
    pub user_name: String,
    /// From now on.
    pub new_user_name: Option<String>,
    /// From now on.
    pub new_path: Option<String>,
}

/// Removes a user who has nothing any more.
#[derive(Clone, Debug)]
pub struct DeleteUserRequest {
    /// Of the user.
    pub user_name: String,
}

/// Lists users.
#[derive(Clone, Debug)]
pub struct ListUsersRequest {
    /// What their paths begin with.
    pub path_prefix: String,
    /// Which page.
    pub page: PageRequest,
}

impl IamRequest for CreateUserRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let user_name = read::new_name(members, "UserName", EntityKind::User)?;
        Ok(Self {
            user_name: members.require("UserName", user_name).unwrap_or_default(),
            path: read::path(members, "Path")?.unwrap_or_else(|| ROOT_PATH.to_owned()),
            boundary: read::optional_arn(members, "PermissionsBoundary")?,
            tags: read::tags(members)?.unwrap_or_default(),
        })
    }
}

impl IamRequest for GetUserRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { user_name: read::optional_name(members, "UserName")? })
    }
}

impl IamRequest for UpdateUserRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            user_name: read::name(members, "UserName")?,
            new_user_name: read::new_name(members, "NewUserName", EntityKind::User)?,
            new_path: read::path(members, "NewPath")?,
        })
    }
}

impl IamRequest for DeleteUserRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { user_name: read::name(members, "UserName")? })
    }
}

impl IamRequest for ListUsersRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { path_prefix: read::path_prefix(members)?, page: PageRequest::read(members)? })
    }
}

/// A user.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserResponse {
    /// As it is now.
    pub user: UserEntry,
}

/// A page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUsersResponse {
    /// In the order of their names, capitals or not.
    pub users: Vec<UserEntry>,
    /// Whether there are more.
    #[serde(flatten)]
    pub end: PageEnd,
}

/// A user in an answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserEntry {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    user_id: String,
    arn: String,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "read::optional_moment")]
    create_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<AttachedBoundary>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
}

impl UserEntry {
    /// All of it.
    pub fn of(account: &str, user: &User) -> Self {
        Self {
            permissions_boundary: AttachedBoundary::of(user.boundary.as_ref()),
            tags: user.tags.clone(),
            ..Self::listed(account, user)
        }
    }

    /// What a listing shows.
    pub fn listed(account: &str, user: &User) -> Self {
        Self {
            path: user.path.clone(),
            user_name: Some(user.name.clone()),
            user_id: user.id.clone(),
            arn: user.arn(account),
            create_date: Some(user.created),
            permissions_boundary: None,
            tags: Vec::new(),
        }
    }

    /// The account itself, which has no record.
    pub fn root(account: &str) -> Self {
        Self {
            path: ROOT_PATH.to_owned(),
            user_name: None,
            user_id: account.to_owned(),
            arn: format!("arn:aws:iam::{account}:root"),
            create_date: None,
            permissions_boundary: None,
            tags: Vec::new(),
        }
    }
}
