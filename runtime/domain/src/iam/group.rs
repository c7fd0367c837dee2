//! Groups.

use serde::{Deserialize, Serialize};

use super::{EntityKind, Permissions, arn};
use crate::time::Timestamp;

/// A group. Its members know it, by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// As it was given, capitals and all.
    pub name: String,
    /// Begins and ends with `/`.
    pub path: String,
    /// `AGPA…`.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// What its members get.
    pub permissions: Permissions,
    /// How many users are in it.
    pub members: usize,
}

impl Group {
    /// The ARN.
    pub fn arn(&self, account: &str) -> String {
        arn(account, EntityKind::Group, &self.path, &self.name)
    }
}
