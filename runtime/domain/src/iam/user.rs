//! Users.

use serde::{Deserialize, Serialize};

use super::{APPROVER_POLICY_ARN, EntityKind, Permissions, ROOT_PATH, Tag, arn};
use crate::time::Timestamp;

/// A user. The secrets of their access keys have records of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct User {
    /// As it was given, capitals and all.
    pub name: String,
    /// Begins and ends with `/`.
    pub path: String,
    /// `AIDA…`.
    pub id: String,
    /// When the user was made.
    pub created: Timestamp,
    /// What they sign with, the oldest first.
    pub keys: Vec<UserKey>,
    /// Their own policies.
    pub permissions: Permissions,
    /// Ids of groups.
    pub groups: Vec<String>,
    /// ARN of the policy that says the most that they may do.
    pub boundary: Option<String>,
    /// In the order in which they were added.
    pub tags: Vec<Tag>,
}

/// An access key of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserKey {
    /// `AKIA…`.
    pub id: String,
    /// Whether requests signed with it are answered.
    pub active: bool,
    /// When it was made.
    pub created: Timestamp,
}

impl User {
    /// The ARN.
    pub fn arn(&self, account: &str) -> String {
        arn(account, EntityKind::User, &self.path, &self.name)
    }
}

/// A user as it may be stored: those of before were approvers with one access key and nothing else.
#[derive(Deserialize)]
struct Stored {
    name: String,
    created: Timestamp,
    access_key_id: Option<String>,
    path: Option<String>,
    id: Option<String>,
    #[serde(default)]
    keys: Vec<UserKey>,
    #[serde(default)]
    permissions: Permissions,
    #[serde(default)]
    groups: Vec<String>,
    boundary: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

impl From<Stored> for User {
    fn from(stored: Stored) -> Self {
        let Stored { name, created, keys, mut permissions, groups, boundary, tags, .. } = stored;
        let path = stored.path.unwrap_or_else(|| ROOT_PATH.to_owned());
        let mut user = Self {
            name,
            path,
            id: stored.id.unwrap_or_default(),
            created,
            keys,
            permissions: Permissions::default(),
            groups,
            boundary,
            tags,
        };
        if let Some(key) = stored.access_key_id {
            permissions.attached.insert(APPROVER_POLICY_ARN.to_owned());
            // No other user has this key, so no other one gets this id.
            let own = key.strip_prefix("AKIA").unwrap_or(&key);
            user.id = format!("{}A{own}", EntityKind::User.id_prefix());
            user.keys = vec![UserKey { id: key, active: true, created }];
        }
        user.permissions = permissions;
        user
    }
}
