//! Deployed functions: what one is made of, and how its versions, aliases and permissions change.
//!
//! A function is one record. Its code is kept by digest and its environment by id, both outside of the
//! record; a published version never changes.

mod environment;
mod id;
mod policy;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::environment::{ALLOW_VARIABLE, ENVIRONMENT_BYTES_MAX, Environment, EnvironmentError};
pub use self::id::{
    FunctionId, FunctionIdError, LATEST, NAME_CHARS_MAX, QUALIFIER_CHARS_MAX, Qualifier, arn, is_alias_name,
    is_name,
};
pub use self::policy::{INVOKE_ACTION, Policy, SECRETS_MANAGER, STATEMENTS_MAX, Statement};
use crate::secret::Scope;
use crate::time::{SECOND_MS, Timestamp};

/// Published versions of one function.
pub const VERSIONS_MAX: usize = 200;
/// Aliases of one function.
pub const ALIASES_MAX: usize = 100;
/// Tags on a function.
pub const TAGS_MAX: usize = 50;
/// Seconds that a step may take.
pub const TIMEOUT_S_MAX: u32 = 900;
/// Seconds that a step may take where nobody says it.
pub const TIMEOUT_S_DEFAULT: u32 = 60;
/// Mebibytes of memory that a step may use.
pub const MEMORY_MIB_MAX: u32 = 1024;
/// Mebibytes of memory that a step may use where nobody says it.
pub const MEMORY_MIB_DEFAULT: u32 = 64;
/// Characters of a description.
pub const DESCRIPTION_CHARS_MAX: usize = 256;

/// What runs, and how: the one that changes, or one that was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Absent for the one that changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// SHA-256 of the component in hexadecimal: names what ran in every record.
    pub digest: String,
    /// SHA-256 of what was uploaded, in base64.
    pub code_sha256: String,
    /// Bytes of what was uploaded.
    pub code_bytes: u64,
    /// What the owner wrote.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// ARN of the role that it runs as: one of IAM decides what else it may read, any other is kept and told.
    pub role: String,
    /// Kept and told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// Kept and told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// Kept and told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// Wall time of a step in seconds.
    pub timeout_s: u32,
    /// Memory of a step in mebibytes.
    pub memory_mib: u32,
    /// The id under which its environment is sealed; absent when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_id: Option<String>,
    /// When it last changed.
    pub modified: Timestamp,
    /// Changes with each change.
    pub revision_id: String,
}

impl Version {
    /// `$LATEST` or the number.
    pub fn name(&self) -> String {
        self.number.map_or_else(|| LATEST.to_owned(), |number| number.to_string())
    }

    /// The wall time of a step in milliseconds.
    pub fn wall_ms_max(&self) -> i64 {
        i64::from(self.timeout_s) * SECOND_MS
    }

    /// The same, but for what tells one version from another.
    fn is_like(&self, other: &Self) -> bool {
        let bare = |version: &Self| Self {
            number: None,
            description: String::new(),
            modified: Timestamp::default(),
            revision_id: String::new(),
            ..version.clone()
        };
        bare(self) == bare(other)
    }
}

/// A name for a version, which can be moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// Unique in its function.
    pub name: String,
    /// The published version; the one that changes when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// What the owner wrote.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Changes with each change.
    pub revision_id: String,
}

/// The record of one function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Where it lives.
    #[serde(flatten)]
    pub scope: Scope,
    /// Unique in its scope.
    pub name: String,
    /// The version that changes.
    pub latest: Version,
    /// What was published, in the order of the numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<Version>,
    /// The highest number that was ever given: none is given twice.
    #[serde(default)]
    pub numbered: u64,
    /// In the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Alias>,
    /// Who may invoke it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Policy>,
    /// By key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Steps that may run at once; the host's own bound when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<u32>,
}

/// Why no version was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// [`VERSIONS_MAX`].
    #[error("the function has {VERSIONS_MAX} published versions: delete those that nobody uses")]
    TooMany,
}

impl Function {
    /// A function without published versions.
    pub const fn new(scope: Scope, name: String, latest: Version) -> Self {
        Self {
            scope,
            name,
            latest,
            versions: Vec::new(),
            numbered: 0,
            aliases: Vec::new(),
            policies: Vec::new(),
            tags: BTreeMap::new(),
            reserved: None,
        }
    }

    /// Its ARN, without a qualifier.
    pub fn arn(&self) -> String {
        arn(&self.scope, &self.name)
    }

    /// The version that a qualifier names.
    pub fn select(&self, qualifier: Option<&Qualifier>) -> Option<&Version> {
        match qualifier {
            None | Some(Qualifier::Latest) => Some(&self.latest),
            Some(Qualifier::Version(number)) => self.version(Some(*number)),
            Some(Qualifier::Alias(name)) => self.version(self.alias(name)?.version),
        }
    }

    /// The version of this number; the one that changes when there is none.
    pub fn version(&self, number: Option<u64>) -> Option<&Version> {
        match number {
            None => Some(&self.latest),
            Some(_) => self.versions.iter().find(|version| version.number == number),
        }
    }

    /// The alias of this name.
    pub fn alias(&self, name: &str) -> Option<&Alias> {
        self.aliases.iter().find(|alias| alias.name == name)
    }

    /// Freezes the latest code and configuration under the next number, and tells the number. When nothing
    /// has changed since the last version, that one is told.
    pub fn publish(
        &mut self,
        description: Option<String>,
        revision_id: String,
        now: Timestamp,
    ) -> Result<u64, PublishError> {
        if let Some(last) = self.versions.last()
            && last.is_like(&self.latest)
            && let Some(number) = last.number
        {
            return Ok(number);
        }
        if self.versions.len() >= VERSIONS_MAX {
            return Err(PublishError::TooMany);
        }
        self.numbered += 1;
        self.versions.push(Version {
            number: Some(self.numbered),
            description: description.unwrap_or_else(|| self.latest.description.clone()),
            modified: now,
            revision_id,
            ..self.latest.clone()
        });
        Ok(self.numbered)
    }

    /// The permissions on the function without a qualifier, or on a version or alias.
    pub fn policy(&self, qualifier: Option<&Qualifier>) -> Option<&Policy> {
        let qualifier = qualifier.map(ToString::to_string);
        self.policies.iter().find(|policy| policy.qualifier == qualifier)
    }

    /// Whether Secrets Manager may invoke what this qualifier names on behalf of a secret.
    pub fn lets_rotate(&self, qualifier: Option<&Qualifier>, secret_account: &str, secret_arn: &str) -> bool {
        self.policy(qualifier).is_some_and(|policy| policy.lets_rotate(secret_account, secret_arn))
    }

    /// Digests of all code that it refers to.
    pub fn digests(&self) -> BTreeSet<&str> {
        self.all_versions().map(|version| version.digest.as_str()).collect()
    }

    /// Ids of all environments that it refers to.
    pub fn environment_ids(&self) -> BTreeSet<&str> {
        self.all_versions().filter_map(|version| version.environment_id.as_deref()).collect()
    }

    /// The one that changes, and then the published ones.
    pub fn all_versions(&self) -> impl Iterator<Item = &Version> {
        std::iter::once(&self.latest).chain(&self.versions)
    }
}
