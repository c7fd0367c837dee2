//! Replicas: records of their own in other regions, or in other accounts, that follow a primary.
//!
//! Invariants: a replica of another region differs from its primary in nothing but its place, its key, its
//! rotation (it has none) and the days of its own reads; one of another account follows the values alone. What
//! follows changes in the commit that changes the primary, so the two never disagree.

use serde::{Deserialize, Serialize};

use crate::api::{
    CrossAccountPrimaryDescription, CrossAccountReplicaDescription, ReplicaRegion, ReplicationStatus,
};
use crate::secret::{Scope, Secret, SecretId, arn};
use crate::time::Timestamp;

/// Replicas of one secret: all of them are written in one commit.
pub const REPLICAS_MAX: usize = 20;
/// Secrets of other accounts that follow one secret: they are written in the same commit.
pub const CROSS_ACCOUNT_REPLICAS_MAX: usize = 10;
/// The name of the key that seals what names no other.
const MANAGED_KEY: &str = "alias/aws/secretsmanager";
/// Why a region has no replica.
pub const NAME_TAKEN: &str = "Secret with this name already exists in this region";

/// A replica in another region, as its primary knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// Where it is.
    pub region: String,
    /// The key that it asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// Who may have a replica in another account. All accounts of an installation are of one organization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplicaRestriction {
    /// An account of the same organization.
    #[default]
    SameOrg,
    /// Any account.
    NoRestriction,
}

/// A secret of another account that follows a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrossAccountReplica {
    /// Its full ARN.
    pub arn: String,
    /// Who may have it.
    #[serde(default)]
    pub restriction: ReplicaRestriction,
    /// The role that replication is done under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// It has become a secret of its own.
    #[serde(default)]
    pub detached: bool,
}

/// How a secret follows one of another account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Following {
    /// The primary does not know of it yet.
    Pending,
    /// It has the primary's values.
    InSync,
    /// The primary no longer lets it follow.
    Detached,
}

/// The secret of another account that a secret follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrossAccountPrimary {
    /// Its full ARN.
    pub arn: String,
    /// How.
    pub following: Following,
}

/// What a secret is to others. Nothing, as a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replication {
    /// Of a primary: its replicas in other regions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replicas: Vec<Replica>,
    /// Of a replica: where its primary is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_region: Option<String>,
    /// Of a primary: the secrets of other accounts that follow it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cross_account_replicas: Vec<CrossAccountReplica>,
    /// Of a replica: the secret of another account that it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cross_account_primary: Option<CrossAccountPrimary>,
}

impl Replication {
    /// Whether the secret is alone.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl ReplicaRegion {
    /// The key, unless it is the managed one.
    fn own_key(&self) -> Option<String> {
        self.kms_key_id.clone().filter(|id| id != MANAGED_KEY)
    }

    /// What a primary writes down when the replica is there, or why it is not.
    pub fn made(&self, failure: Option<&str>) -> Replica {
        Replica {
            region: self.region.clone(),
            kms_key_id: self.own_key(),
            failure: failure.map(str::to_owned),
        }
    }
}

impl Secret {
    /// The ARN of this very secret in another region: name and suffix are the same.
    pub fn arn_in(&self, region: &str) -> String {
        let suffix = self.arn.rsplit_once('-').map_or("", |(_, suffix)| suffix);
        let scope = Scope { account: self.scope.account.clone(), region: region.to_owned() };
        arn(&scope, &self.name, suffix)
    }

    /// Whether it is a replica of a secret in another region: read-only.
    pub const fn is_replica(&self) -> bool {
        self.replication.primary_region.is_some()
    }

    /// Whether its values come from a secret of another account.
    pub const fn is_cross_account_replica(&self) -> bool {
        self.replication.cross_account_primary.is_some()
    }

    /// ARNs of the records that change with this one.
    pub fn followers(&self) -> Vec<String> {
        let replicas = self.replication.replicas.iter().filter(|replica| replica.failure.is_none());
        let replicas = replicas.map(|replica| self.arn_in(&replica.region));
        let others = self.replication.cross_account_replicas.iter().filter(|replica| !replica.detached);
        replicas.chain(others.map(|replica| replica.arn.clone())).collect()
    }

    /// The regions with a replica, or with one that failed.
    pub fn replica_regions(&self) -> Vec<&str> {
        self.replication.replicas.iter().map(|replica| replica.region.as_str()).collect()
    }

    /// The region that a description tells: that of the primary, when there are replicas.
    pub fn told_primary_region(&self) -> Option<&str> {
        let own = (!self.replication.replicas.is_empty()).then_some(self.scope.region.as_str());
        self.replication.primary_region.as_deref().or(own)
    }

    /// A replica of this secret, with its labelled versions.
    pub fn new_replica(&self, place: &ReplicaRegion, now: Timestamp) -> Self {
        let scope = Scope { account: self.scope.account.clone(), region: place.region.clone() };
        let suffix = self.arn.rsplit_once('-').map_or("", |(_, suffix)| suffix);
        let mut replica = Self::new(scope, &self.name, suffix, now);
        replica.kms_key_id = place.own_key();
        replica.replication.primary_region = Some(self.scope.region.clone());
        Self { changed: now, ..self.followed_by(&replica) }
    }

    /// What becomes of a record that follows when its primary has become this one.
    pub fn followed_by(&self, replica: &Self) -> Self {
        let mut after = replica.clone();
        after.versions = self.versions.followed_by(&replica.versions);
        after.rotated = self.rotated;
        if replica.is_replica() {
            after.description.clone_from(&self.description);
            after.tags.clone_from(&self.tags);
            after.secret_type.clone_from(&self.secret_type);
            after.resource_policy.clone_from(&self.resource_policy);
        }
        if after != *replica {
            after.changed = self.changed;
        }
        after
    }

    /// What is told of the replicas; `accessed` tells when one was last read.
    pub fn replication_status(&self, accessed: impl Fn(&str) -> Option<Timestamp>) -> Vec<ReplicationStatus> {
        let told = |replica: &Replica| ReplicationStatus {
            region: replica.region.clone(),
            kms_key_id: replica.kms_key_id.clone().unwrap_or_else(|| MANAGED_KEY.to_owned()),
            status: if replica.failure.is_some() { "Failed" } else { "InSync" },
            status_message: replica.failure.clone(),
            last_accessed_date: accessed(&replica.region),
        };
        self.replication.replicas.iter().map(told).collect()
    }

    /// The secret of another account that this one follows, as it is told.
    pub fn told_cross_account_primary(&self) -> Option<CrossAccountPrimaryDescription> {
        self.replication.cross_account_primary.as_ref().map(|primary| {
            let (replication_status, status_message) = match primary.following {
                Following::Pending => ("Pending", Some("The primary secret has not been associated yet.")),
                Following::InSync => ("InSync", None),
                Following::Detached => ("Detached", Some("The primary secret has been disassociated.")),
            };
            let primary_secret_arn = primary.arn.clone();
            CrossAccountPrimaryDescription { primary_secret_arn, replication_status, status_message }
        })
    }

    /// The secrets of other accounts that follow this one, as they are told.
    pub fn told_cross_account_replicas(&self) -> Vec<CrossAccountReplicaDescription> {
        let told = |replica: &CrossAccountReplica| {
            let (replication_status, status_message) = match replica.detached {
                false => ("InSync", None),
                true => ("Detached", Some("The replica secret has been promoted.")),
            };
            CrossAccountReplicaDescription {
                replica_secret_arn: replica.arn.clone(),
                replication_role_arn: replica.role_arn.clone(),
                replication_status,
                status_message,
            }
        };
        self.replication.cross_account_replicas.iter().map(told).collect()
    }
}

/// Whether `text` is the full ARN of a secret in another account and the same region as `own`.
pub fn is_cross_account(text: &str, own: &Scope) -> bool {
    match SecretId::parse(text) {
        Ok(SecretId::FullArn { scope, .. }) => scope.account != own.account && scope.region == own.region,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Tag;
    use crate::rotation_policy::RotationPolicy;
    use crate::secret::RotationSettings;
    use crate::version::{CURRENT, PENDING};

    fn primary() -> Secret {
        let scope = Scope { account: "123456789012".into(), region: "us-east-1".into() };
        let mut secret = Secret::new(scope, "app", "AbCdEf", Timestamp::default());
        for (id, stage) in [("one", "blue"), ("two", CURRENT), ("three", PENDING)] {
            secret.versions = secret.versions.put(id, &[stage.into()], None, Timestamp::default()).unwrap();
        }
        secret.tags = vec![Tag { key: "team".into(), value: "blue".into() }];
        secret
    }

    fn place() -> ReplicaRegion {
        ReplicaRegion { region: "eu-west-1".into(), kms_key_id: None }
    }

    #[test]
    fn a_replica_has_the_suffix_and_not_the_rotation_of_its_primary() {
        let mut primary = primary();
        let function_arn = "arn:x".to_owned();
        primary.rotation = Some(RotationSettings { function_arn, rules: None, enabled: true, next: None });
        primary.policy = Some(RotationPolicy::default());
        let replica = primary.new_replica(&place(), Timestamp::default());
        assert_eq!(replica.arn, "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-AbCdEf");
        assert_eq!(replica.arn, primary.arn_in("eu-west-1"));
        assert_eq!((&replica.rotation, &replica.policy), (&None, &None));
        assert_eq!((&replica.tags, &replica.versions), (&primary.tags, &primary.versions));
        assert!(replica.is_replica() && replica.followers().is_empty());
    }

    #[test]
    fn a_replica_follows_and_keeps_the_days_of_its_own_reads() {
        let mut primary = primary();
        let day = Timestamp::from_millis(86_400_000);
        let mut replica = primary.new_replica(&place(), Timestamp::default());
        replica.versions = replica.versions.touched("two", day).unwrap();
        replica.accessed = Some(day);
        assert_eq!(primary.followed_by(&replica), replica, "nothing has changed");
        primary.versions = primary.versions.move_stage(CURRENT, Some("two"), Some("three"), day).unwrap();
        primary.changed = day;
        let after = primary.followed_by(&replica);
        assert!(after.versions.is_at(CURRENT, "three") && after.changed == day);
        assert_eq!(after.versions.get("two").unwrap().accessed, Some(day));
        assert_eq!(after.accessed, Some(day));
    }

    #[test]
    fn an_unlabelled_version_comes_to_a_replica_with_its_label_only() {
        let mut primary = primary();
        let now = Timestamp::default();
        primary.versions = primary.versions.put("four", &["blue".into()], None, now).unwrap();
        primary.versions = primary.versions.move_stage("blue", Some("four"), Some("two"), now).unwrap();
        let replica = primary.new_replica(&place(), now);
        assert!(replica.versions.get("four").is_none());
        primary.versions = primary.versions.move_stage("blue", Some("two"), Some("four"), now).unwrap();
        assert!(primary.followed_by(&replica).versions.is_at("blue", "four"));
    }

    #[test]
    fn one_of_another_account_follows_the_values_alone() {
        let primary = primary();
        let scope = Scope { account: "999999999999".into(), region: "us-east-1".into() };
        let replica = Secret::new(scope.clone(), "theirs", "FfFfFf", Timestamp::default());
        let after = primary.followed_by(&replica);
        assert_eq!((&after.versions, after.tags.len()), (&primary.versions, 0));
        assert!(
            is_cross_account(&replica.arn, &primary.scope) && !is_cross_account(&primary.arn, &primary.scope)
        );
        assert!(!is_cross_account(
            "arn:aws:secretsmanager:eu-west-1:999999999999:secret:a-AbCdEf",
            &primary.scope
        ));
        assert!(!is_cross_account("theirs", &primary.scope));
    }
}
