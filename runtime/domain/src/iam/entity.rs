//! What users, groups and roles have in common.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Who can have policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntityKind {
    /// A person or a program with access keys of its own.
    User,
    /// Users who share policies.
    Group,
    /// Assumed by those whom its trust policy names.
    Role,
}

impl EntityKind {
    /// As in names of operations.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
        }
    }

    /// As in ARNs and sentences.
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }

    /// What ids begin with.
    pub const fn id_prefix(self) -> &'static str {
        match self {
            Self::User => "AIDA",
            Self::Group => "AGPA",
            Self::Role => "AROA",
        }
    }

    /// The longest name of a new one, in characters.
    pub const fn name_chars_max(self) -> usize {
        match self {
            Self::User | Self::Role => 64,
            Self::Group => 128,
        }
    }

    /// Characters of all inline policies of one together, white space between their elements not counted.
    pub const fn inline_chars_max(self) -> usize {
        match self {
            Self::User => 2_048,
            Self::Group => 5_120,
            Self::Role => 10_240,
        }
    }
}

/// The policies of one user, group or role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions {
    /// Documents by the names of the policies.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inline: BTreeMap<String, String>,
    /// ARNs of managed policies.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub attached: BTreeSet<String>,
}

impl Permissions {
    /// The key under which an inline policy is kept: as it was named first, capitals or not.
    pub fn inline_name(&self, name: &str) -> Option<&str> {
        self.inline.keys().find(|known| known.eq_ignore_ascii_case(name)).map(String::as_str)
    }
}
