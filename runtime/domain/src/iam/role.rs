//! Roles.

use serde::{Deserialize, Serialize};

use super::{EntityKind, Permissions, Tag, arn};
use crate::time::Timestamp;

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// As it was given, capitals and all.
    pub name: String,
    /// Begins and ends with `/`.
    pub path: String,
    /// `AROA…`.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// For people.
    pub description: Option<String>,
    /// The longest session, in seconds.
    pub session_seconds_max: u32,
    /// The document that says who may assume it.
    pub trust: String,
    /// What its sessions get.
    pub permissions: Permissions,
    /// ARN of the policy that says the most that its sessions may do.
    pub boundary: Option<String>,
    /// In the order in which they were added.
    pub tags: Vec<Tag>,
}

impl Role {
    /// The ARN.
    pub fn arn(&self, account: &str) -> String {
        arn(account, EntityKind::Role, &self.path, &self.name)
    }
}
