//! ReplicateSecretToRegions, and the shapes that all actions on replicas share.

use serde::Serialize;

use super::members::{Bounds, DESCRIPTION_CHARS, Members, SECRET_ID_CHARS};
use super::{ApiError, Request};
use crate::replication::REPLICAS_MAX;
use crate::time::{Timestamp, wire};

/// A region's name.
pub(super) const REGION_CHARS: Bounds = 1..=128;
/// What every region's name looks like.
const REGION_PATTERN: &str = "^([a-z]+-)+\\d+$";

/// A region that is to have a replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaRegion {
    /// For example `eu-west-1`.
    pub region: String,
    /// The key that seals the replica's values; the default one of its region when absent.
    pub kms_key_id: Option<String>,
}

/// Which replicas to make.
#[derive(Clone, Debug, Default)]
pub struct NewReplicas {
    /// The regions; none asks for none.
    pub regions: Vec<ReplicaRegion>,
    /// Overwrite a secret that has the name there.
    pub force_overwrite: bool,
}

impl NewReplicas {
    /// Reads `AddReplicaRegions` and `ForceOverwriteReplicaSecret`; `None` when no regions are given.
    pub(super) fn read(members: &mut Members) -> Result<Option<Self>, ApiError> {
        let force_overwrite = members.boolean("ForceOverwriteReplicaSecret")?.unwrap_or(false);
        let regions = members.structures("AddReplicaRegions", 1..=REPLICAS_MAX, |replica| {
            let region = replica.text("Region", REGION_CHARS)?;
            check_region(replica, "Region", region.as_deref());
            Ok(ReplicaRegion {
                region: replica.require("Region", region).unwrap_or_default(),
                kms_key_id: replica.text("KmsKeyId", DESCRIPTION_CHARS)?.filter(|id| !id.is_empty()),
            })
        })?;
        Ok(regions.map(|regions| Self { regions, force_overwrite }))
    }
}

/// Notes a name that no region has.
pub(super) fn check_region(members: &mut Members, member: &str, region: Option<&str>) {
    if region.is_some_and(|region| !is_region(region)) {
        members.violation(member, &format!("satisfy regular expression pattern: {REGION_PATTERN}"));
    }
}

/// Words in small letters, each with a hyphen behind it, and a number.
fn is_region(text: &str) -> bool {
    let Some((words, number)) = text.rsplit_once('-') else { return false };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && words.split('-').all(is_word)
}

/// Makes replicas of a secret in other regions.
#[derive(Clone, Debug)]
pub struct ReplicateSecretToRegionsRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// Where to.
    pub replicas: NewReplicas,
}

impl Request for ReplicateSecretToRegionsRequest {
    const NAME: &'static str = "ReplicateSecretToRegions";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let secret_id = members.required_text("SecretId", SECRET_ID_CHARS)?;
        let replicas = NewReplicas::read(members)?;
        Ok(Self { secret_id, replicas: members.require("AddReplicaRegions", replicas).unwrap_or_default() })
    }
}

/// How a replica is doing.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplicationStatus {
    /// Where it is.
    pub region: String,
    /// The key, also when it is the managed one.
    pub kms_key_id: String,
    /// `InSync` or `Failed`.
    pub status: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    /// Midnight of the day of the last read of the replica.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wire::option")]
    pub last_accessed_date: Option<Timestamp>,
}

/// The primary, and how its replicas are doing.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplicateSecretToRegionsResponse {
    /// The full ARN of the primary.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// Each replica; absent when there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replication_status: Vec<ReplicationStatus>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_words_and_a_number() {
        let check = |text: &str, expected: bool| assert_eq!(is_region(text), expected, "{text}");
        check("us-east-1", true);
        check("us-gov-west-12", true);
        check("moon-1", true);
        check("us-east", false);
        check("us--1", false);
        check("-1", false);
        check("US-east-1", false);
        check("us-east-1\n", false);
        check("us-1-east", false);
        check("", false);
    }
}
