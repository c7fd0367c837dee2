//! DescribeSecret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::members::{Members, SECRET_ID_CHARS};
use super::{ApiError, ExternalSecretRotationMetadata, ReplicationStatus, Request, Tag};
use crate::schedule::{Rules, ScheduleError, parse_duration};
use crate::time::{Timestamp, wire};

/// Tells all about a secret but its value.
#[derive(Clone, Debug)]
pub struct DescribeSecretRequest {
    /// Name or ARN.
    pub secret_id: String,
}

impl Request for DescribeSecretRequest {
    const NAME: &'static str = "DescribeSecret";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { secret_id: members.required_text("SecretId", SECRET_ID_CHARS)? })
    }
}

/// `RotationRulesType` of the service model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotationRules {
    /// 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatically_after_days: Option<u32>,
    /// Hours of the rotation window, for example `3h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// `rate(…)` or `cron(…)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_expression: Option<String>,
}

impl RotationRules {
    /// The schedule that the rules describe.
    pub fn schedule(&self) -> Result<Rules, ScheduleError> {
        let rules = Rules {
            automatically_after_days: self.automatically_after_days,
            duration_hours: self.duration.as_deref().map(parse_duration).transpose()?,
            schedule_expression: self.schedule_expression.clone(),
        };
        rules.validate().map(|()| rules)
    }

    /// Whether the next rotation is counted from the last one; `cron()` goes by the calendar.
    pub fn count_from_rotation(&self) -> bool {
        self.schedule_expression.as_deref().is_none_or(|expression| expression.starts_with("rate"))
    }
}

/// All about a secret but its value; what has no value is absent.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSecretResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// What the owner wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The key, when it is not the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// Absent when rotation was never configured; false when it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_enabled: Option<bool>,
    /// The rotation function.
    #[serde(rename = "RotationLambdaARN", skip_serializing_if = "Option::is_none")]
    pub rotation_lambda_arn: Option<String>,
    /// When it rotates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_rules: Option<RotationRules>,
    /// End of the last rotation that succeeded.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wire::option")]
    pub last_rotated_date: Option<Timestamp>,
    /// Last change of anything.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wire::option")]
    pub last_changed_date: Option<Timestamp>,
    /// Midnight of the day of the last read.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wire::option")]
    pub last_accessed_date: Option<Timestamp>,
    /// When deletion was asked for.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wire::option")]
    pub deleted_date: Option<Timestamp>,
    /// End of the window of the next scheduled rotation.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wire::option")]
    pub next_rotation_date: Option<Timestamp>,
    /// Tags, in the order in which they were added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
    /// The labels of each version that has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_ids_to_stages: Option<BTreeMap<String, Vec<String>>>,
    /// When the secret was made.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wire::option")]
    pub created_date: Option<Timestamp>,
    /// The partner's name for a kind of managed external secret.
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    pub secret_type: Option<String>,
    /// What the partner needs to rotate it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub external_secret_rotation_metadata: Vec<ExternalSecretRotationMetadata>,
    /// The role under which it is rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_secret_rotation_role_arn: Option<String>,
    /// The region of the primary; absent when nothing is replicated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_region: Option<String>,
    /// The replicas; absent in a list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replication_status: Vec<ReplicationStatus>,
    /// The secret of another account that this one follows; absent in a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cross_account_primary: Option<CrossAccountPrimaryDescription>,
    /// The secrets of other accounts that follow this one; absent in a list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cross_account_replicas: Vec<CrossAccountReplicaDescription>,
}

/// The secret of another account that a secret follows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CrossAccountPrimaryDescription {
    /// Its full ARN.
    #[serde(rename = "PrimarySecretARN")]
    pub primary_secret_arn: String,
    /// `Pending`, `InSync` or `Detached`.
    pub replication_status: &'static str,
    /// What that means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_message: Option<&'static str>,
}

/// A secret of another account that follows a secret.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CrossAccountReplicaDescription {
    /// Its full ARN.
    #[serde(rename = "ReplicaSecretARN")]
    pub replica_secret_arn: String,
    /// The role that replication is done under.
    #[serde(rename = "ReplicationRoleARN", skip_serializing_if = "Option::is_none")]
    pub replication_role_arn: Option<String>,
    /// `InSync` or `Detached`.
    pub replication_status: &'static str,
    /// What that means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_message: Option<&'static str>,
}
