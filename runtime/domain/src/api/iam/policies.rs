//! Managed policies and their versions.

use serde::Serialize;

use super::attachments::{PolicyUsage, usage};
use super::read::{self, PageEnd, PageRequest};
use super::{ApiError, IamRequest, Members};
use crate::api::members::Bounds;
use crate::iam::{BuiltinPolicy, Policy, PolicyUses, PolicyVersion, ROOT_PATH, Tag};
use crate::time::Timestamp;

const DESCRIPTION_CHARS: Bounds = 0..=1000;
/// The longest id of a version: `v` and a number.
const VERSION_ID_CHARS: Bounds = 2..=11;

/// Makes a managed policy.
#[derive(Clone, Debug)]
pub struct CreatePolicyRequest {
    /// Of the new policy.
    pub policy_name: String,
    /// Begins and ends with `/`.
    pub path: String,
    /// Its first version.
    pub document: String,
    /// For people.
    pub description: Option<String>,
    /// No two with one key.
    pub tags: Vec<Tag>,
}

/// Shows, or removes, a managed policy.
#[derive(Clone, Debug)]
pub struct PolicyRequest {
    /// Of the policy.
    pub policy_arn: String,
}

/// Whose policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyScope {
    /// Those of the account.
    Local,
    /// Built-in ones.
    Builtin,
}

/// Lists managed policies.
#[derive(Clone, Debug)]
pub struct ListPoliciesRequest {
    /// `None` means all.
    pub scope: Option<PolicyScope>,
    /// Only those that somebody uses.
    pub only_attached: bool,
    /// What their paths begin with.
    pub path_prefix: String,
    /// Which use; `None` means both.
    pub usage: Option<PolicyUsage>,
    /// Which page.
    pub page: PageRequest,
}

/// Adds a version.
#[derive(Clone, Debug)]
pub struct CreatePolicyVersionRequest {
    /// Of the policy.
    pub policy_arn: String,
    /// What it says.
    pub document: String,
    /// Whether it counts from now on.
    pub set_as_default: bool,
}

/// Shows a version, removes it, or lets it count.
#[derive(Clone, Debug)]
pub struct PolicyVersionRequest {
    /// Of the policy.
    pub policy_arn: String,
    /// `v1` and so on.
    pub version_id: String,
}

/// Lists versions.
#[derive(Clone, Debug)]
pub struct ListPolicyVersionsRequest {
    /// Of the policy.
    pub policy_arn: String,
    /// Which page.
    pub page: PageRequest,
}

impl IamRequest for CreatePolicyRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            policy_name: read::name(members, "PolicyName")?,
            path: read::policy_path(members, "Path")?.unwrap_or_else(|| ROOT_PATH.to_owned()),
            document: read::document(members, "PolicyDocument")?,
            description: members.text("Description", DESCRIPTION_CHARS)?,
            tags: read::tags(members)?.unwrap_or_default(),
        })
    }
}

impl IamRequest for PolicyRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { policy_arn: read::arn(members, "PolicyArn")? })
    }
}

impl IamRequest for ListPoliciesRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let scopes =
            [("All", None), ("AWS", Some(PolicyScope::Builtin)), ("Local", Some(PolicyScope::Local))];
        Ok(Self {
            scope: members.word("Scope", &scopes)?.flatten(),
            only_attached: members.boolean("OnlyAttached")?.unwrap_or(false),
            path_prefix: read::policy_path(members, "PathPrefix")?.unwrap_or_else(|| ROOT_PATH.to_owned()),
            usage: usage(members)?,
            page: PageRequest::read(members)?,
        })
    }
}

impl IamRequest for CreatePolicyVersionRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            policy_arn: read::arn(members, "PolicyArn")?,
            document: read::document(members, "PolicyDocument")?,
            set_as_default: members.boolean("SetAsDefault")?.unwrap_or(false),
        })
    }
}

impl IamRequest for PolicyVersionRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let policy_arn = read::arn(members, "PolicyArn")?;
        let version_id = members.text("VersionId", 0..=usize::MAX)?;
        let version_id = members.require("VersionId", version_id);
        let is_number = |text: &str| {
            let digits = text.strip_prefix('v').unwrap_or_default();
            !digits.is_empty()
                && !digits.starts_with('0')
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && VERSION_ID_CHARS.contains(&text.len())
        };
        if version_id.as_deref().is_some_and(|id| !is_number(id)) {
            let pattern = r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?";
            members.violation("VersionId", &format!("satisfy regular expression pattern: {pattern}"));
        }
        Ok(Self { policy_arn, version_id: version_id.unwrap_or_default() })
    }
}

impl IamRequest for ListPolicyVersionsRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { policy_arn: read::arn(members, "PolicyArn")?, page: PageRequest::read(members)? })
    }
}

/// A managed policy.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyResponse {
    /// As it is now.
    pub policy: PolicyEntry,
}

/// A page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPoliciesResponse {
    /// In the order of their names.
    pub policies: Vec<PolicyEntry>,
    /// Whether there are more.
    #[serde(flatten)]
    pub end: PageEnd,
}

/// A managed policy in an answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyEntry {
    policy_name: String,
    policy_id: String,
    arn: String,
    path: String,
    default_version_id: String,
    attachment_count: usize,
    permissions_boundary_usage_count: usize,
    is_attachable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(serialize_with = "read::moment")]
    create_date: Timestamp,
    #[serde(serialize_with = "read::moment")]
    update_date: Timestamp,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
}

impl PolicyEntry {
    /// All of it.
    pub fn of(account: &str, policy: &Policy) -> Self {
        Self {
            policy_name: policy.name.clone(),
            policy_id: policy.id.clone(),
            arn: policy.arn(account),
            path: policy.path.clone(),
            default_version_id: policy.default_version_id(),
            attachment_count: policy.uses.attached,
            permissions_boundary_usage_count: policy.uses.boundary,
            is_attachable: true,
            description: policy.description.clone(),
            create_date: policy.created,
            update_date: policy.updated,
            tags: policy.tags.clone(),
        }
    }

    /// One that every account has.
    pub fn of_builtin(policy: &BuiltinPolicy, uses: PolicyUses) -> Self {
        Self {
            policy_name: policy.name.to_owned(),
            policy_id: policy.id.to_owned(),
            arn: policy.arn.to_owned(),
            path: ROOT_PATH.to_owned(),
            default_version_id: "v1".to_owned(),
            attachment_count: uses.attached,
            permissions_boundary_usage_count: uses.boundary,
            is_attachable: true,
            description: Some(policy.description.to_owned()),
            create_date: BuiltinPolicy::CREATED,
            update_date: BuiltinPolicy::CREATED,
            tags: Vec::new(),
        }
    }

    /// What a listing shows.
    #[must_use]
    pub fn listed(self) -> Self {
        Self { description: None, tags: Vec::new(), ..self }
    }

    /// What orders a listing and tells its policies apart, also a built-in one from another of its name.
    pub fn place(&self) -> String {
        let is_builtin = self.arn.starts_with("arn:aws:iam::aws:");
        format!("{} {}", self.policy_name, if is_builtin { "aws" } else { "local" })
    }
}

/// A version.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyVersionResponse {
    /// As it is now.
    pub policy_version: PolicyVersionEntry,
}

/// A page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPolicyVersionsResponse {
    /// The latest first.
    pub versions: Vec<PolicyVersionEntry>,
    /// Whether there are more.
    #[serde(flatten)]
    pub end: PageEnd,
}

/// A version in an answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyVersionEntry {
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "read::optional_encoded")]
    document: Option<String>,
    version_id: String,
    is_default_version: bool,
    #[serde(serialize_with = "read::moment")]
    create_date: Timestamp,
}

impl PolicyVersionEntry {
    /// With its document.
    pub fn of(policy: &Policy, version: &PolicyVersion) -> Self {
        Self { document: Some(version.document.clone()), ..Self::listed(policy, version) }
    }

    /// Without its document.
    pub fn listed(policy: &Policy, version: &PolicyVersion) -> Self {
        Self {
            document: None,
            version_id: version.id(),
            is_default_version: version.number == policy.default,
            create_date: version.created,
        }
    }

    /// The only version of a policy that every account has, with its document where that is shown.
    pub fn of_builtin(document: Option<&str>) -> Self {
        Self {
            document: document.map(str::to_owned),
            version_id: "v1".to_owned(),
            is_default_version: true,
            create_date: BuiltinPolicy::CREATED,
        }
    }
}
