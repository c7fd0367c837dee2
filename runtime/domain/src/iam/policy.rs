//! Managed policies.

use serde::{Deserialize, Serialize};

use super::{POLICY_VERSIONS_MAX, Tag, policy_arn};
use crate::time::Timestamp;

/// The longest name, in characters.
pub(super) const NAME_CHARS_MAX: usize = 128;
/// What ids of policies begin with.
pub const POLICY_ID_PREFIX: &str = "ANPA";

/// A managed policy of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// As it was given, capitals and all.
    pub name: String,
    /// Begins and ends with `/`.
    pub path: String,
    /// `ANPA…`.
    pub id: String,
    /// For people.
    pub description: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it last got a version.
    pub updated: Timestamp,
    /// The oldest first; never empty.
    pub versions: Vec<PolicyVersion>,
    /// The number of the version that counts.
    pub default: u32,
    /// The number of the next version: none is given twice.
    pub next: u32,
    /// Where it is used.
    pub uses: PolicyUses,
    /// In the order in which they were added.
    pub tags: Vec<Tag>,
}

/// A version of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// From 1.
    pub number: u32,
    /// The document.
    pub document: String,
    /// When it was made.
    pub created: Timestamp,
}

/// How many users, groups and roles use a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyUses {
    /// It is attached to so many.
    pub attached: usize,
    /// It is the boundary of so many.
    pub boundary: usize,
}

impl PolicyUses {
    /// Whether nobody uses it.
    pub const fn is_none(self) -> bool {
        self.attached == 0 && self.boundary == 0
    }
}

impl PolicyVersion {
    /// As in requests: `v1`.
    pub fn id(&self) -> String {
        version_id(self.number)
    }
}

fn version_id(number: u32) -> String {
    format!("v{number}")
}

impl Policy {
    /// The ARN.
    pub fn arn(&self, account: &str) -> String {
        policy_arn(account, &self.path, &self.name)
    }

    /// `v1` and so on.
    pub fn default_version_id(&self) -> String {
        version_id(self.default)
    }

    /// The document that counts.
    pub fn document(&self) -> &str {
        let counts = self.versions.iter().find(|version| version.number == self.default);
        &counts.expect("the default version cannot be deleted").document
    }

    /// The version of this id.
    pub fn version(&self, id: &str) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.id() == id)
    }

    /// The policy with one more version; `None` when it has as many as it can have.
    #[must_use]
    pub fn with_version(&self, document: &str, is_default: bool, now: Timestamp) -> Option<Self> {
        if self.versions.len() >= POLICY_VERSIONS_MAX {
            return None;
        }
        let mut after = self.clone();
        let number = self.next;
        after.versions.push(PolicyVersion { number, document: document.to_owned(), created: now });
        after.next += 1;
        after.updated = now;
        if is_default {
            after.default = number;
        }
        Some(after)
    }
}
