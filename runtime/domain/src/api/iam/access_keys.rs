//! CreateAccessKey, UpdateAccessKey, DeleteAccessKey, ListAccessKeys and GetAccessKeyLastUsed.

use serde::{Serialize, Serializer};

use super::read::{self, PageEnd, PageRequest};
use super::{ApiError, IamRequest, Members};
use crate::api::members::Bounds;
use crate::iam::UserKey;
use crate::sensitive::Sensitive;
use crate::time::Timestamp;

const KEY_ID_CHARS: Bounds = 16..=128;

/// Makes an access key.
#[derive(Clone, Debug)]
pub struct CreateAccessKeyRequest {
    /// `None` means the caller.
    pub user_name: Option<String>,
}

/// Lets an access key rest, or be used again.
#[derive(Clone, Debug)]
pub struct UpdateAccessKeyRequest {
    /// `None` means the caller.
    pub user_name: Option<String>,
    /// Of the key.
    pub access_key_id: String,
    /// Whether it can be used.
    pub active: bool,
}

/// Removes an access key.
#[derive(Clone, Debug)]
pub struct DeleteAccessKeyRequest {
    /// `None` means the caller.
    pub user_name: Option<String>,
    /// Of the key.
    pub access_key_id: String,
}

/// Lists the access keys of a user.
#[derive(Clone, Debug)]
pub struct ListAccessKeysRequest {
    /// `None` means the caller.
    pub user_name: Option<String>,
    /// Which page.
    pub page: PageRequest,
}

/// Asks when an access key was last used.
#[derive(Clone, Debug)]
pub struct GetAccessKeyLastUsedRequest {
    /// Of the key.
    pub access_key_id: String,
}

fn key_id(members: &mut Members) -> Result<String, ApiError> {
    let allowed = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let id = members.matching_text("AccessKeyId", KEY_ID_CHARS, (r"[\w]+", allowed))?;
    Ok(members.require("AccessKeyId", id).unwrap_or_default())
}

impl IamRequest for CreateAccessKeyRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { user_name: read::optional_name(members, "UserName")? })
    }
}

impl IamRequest for UpdateAccessKeyRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            user_name: read::optional_name(members, "UserName")?,
            access_key_id: key_id(members)?,
            active: members.required_word("Status", &[("Active", true), ("Inactive", false)])? == Some(true),
        })
    }
}

impl IamRequest for DeleteAccessKeyRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { user_name: read::optional_name(members, "UserName")?, access_key_id: key_id(members)? })
    }
}

impl IamRequest for ListAccessKeysRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { user_name: read::optional_name(members, "UserName")?, page: PageRequest::read(members)? })
    }
}

impl IamRequest for GetAccessKeyLastUsedRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { access_key_id: key_id(members)? })
    }
}

/// The new key.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccessKeyResponse {
    /// With its secret.
    pub access_key: NewAccessKeyEntry,
}

/// A new key. The secret is in this answer and never in another one.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewAccessKeyEntry {
    /// What every answer shows.
    #[serde(flatten)]
    pub key: AccessKeyEntry,
    /// Its secret half.
    #[serde(serialize_with = "expose")]
    pub secret_access_key: Sensitive<String>,
}

fn expose<S: Serializer>(secret: &Sensitive<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// An access key in an answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKeyEntry {
    user_name: String,
    access_key_id: String,
    status: &'static str,
    #[serde(serialize_with = "read::moment")]
    create_date: Timestamp,
}

impl AccessKeyEntry {
    /// The key of a user.
    pub fn of(user_name: &str, key: &UserKey) -> Self {
        Self {
            user_name: user_name.to_owned(),
            access_key_id: key.id.clone(),
            status: if key.active { "Active" } else { "Inactive" },
            create_date: key.created,
        }
    }
}

/// A page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccessKeysResponse {
    /// In the order of their ids.
    pub access_key_metadata: Vec<AccessKeyEntry>,
    /// Whether there are more.
    #[serde(flatten)]
    pub end: PageEnd,
}

/// Whose key it is, and when it was last used.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyLastUsedResponse {
    /// Of its user.
    pub user_name: String,
    /// To the hour.
    pub access_key_last_used: AccessKeyLastUsed,
}

/// When and where an access key was last used.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKeyLastUsed {
    /// `None` of one that never was.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "read::optional_moment")]
    pub last_used_date: Option<Timestamp>,
    /// `N/A` of one that never was.
    pub service_name: String,
    /// `N/A` of one that never was.
    pub region: String,
}
