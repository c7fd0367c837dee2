//! Names, ARNs and the stored record of one secret.

use serde::{Deserialize, Serialize};

use crate::api::{DescribeSecretResponse, ExternalSecretRotationMetadata, RotationRules, Tag};
use crate::replication::Replication;
use crate::rotation_policy::{KeptApart, RotationPolicy};
use crate::schedule::Zone;
use crate::time::Timestamp;
use crate::version::{Version, Versions};

/// Random characters at the end of a secret's ARN.
pub const ARN_SUFFIX_CHARS: usize = 6;
/// Characters in a secret's name.
pub const NAME_CHARS_MAX: usize = 512;
/// Tags on a secret.
pub const TAGS_MAX: usize = 50;

/// Where a secret lives: an account, and a region of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// Twelve digits.
    pub account: String,
    /// For example `eu-central-1`.
    pub region: String,
}

impl Scope {
    /// That of a full ARN of ours; of anything else, one that holds nothing.
    pub fn of_arn(arn: &str) -> Self {
        let mut parts = arn.split(':').skip(3).map(str::to_owned);
        let region = parts.next().unwrap_or_default();
        Self { account: parts.next().unwrap_or_default(), region }
    }
}

/// A character that is not allowed in a name or in a `SecretId`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
)]
pub struct InvalidName;

/// Checks a friendly name.
pub fn check_name(name: &str) -> Result<(), InvalidName> {
    check_chars(name, NAME_CHARS_MAX)
}

fn check_chars(text: &str, chars_max: usize) -> Result<(), InvalidName> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-/_+=.@!".contains(&byte);
    if text.is_empty() || text.len() > chars_max || !text.bytes().all(allowed) {
        return Err(InvalidName);
    }
    Ok(())
}

/// The full ARN of a secret.
pub fn arn(scope: &Scope, name: &str, suffix: &str) -> String {
    format!("arn:aws:secretsmanager:{}:{}:secret:{name}-{suffix}", scope.region, scope.account)
}

/// What a caller may write as `SecretId`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretId {
    /// A friendly name in the caller's own scope.
    Name(String),
    /// An ARN with its six random characters: only this very secret.
    FullArn {
        /// Where it points.
        scope: Scope,
        /// The name in it.
        name: String,
        /// All of it.
        arn: String,
    },
    /// An ARN without them: whatever has the name now.
    PartialArn {
        /// Where it points.
        scope: Scope,
        /// The name in it.
        name: String,
    },
}

impl SecretId {
    /// Reads a `SecretId`. An ARN whose name ends in a hyphen and six characters is a full one, as
    /// with the real service.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let Some(rest) = text.strip_prefix("arn:aws:secretsmanager:") else {
            // A colon is in no name: this also refuses ARNs of other things.
            check_name(text)?;
            return Ok(Self::Name(text.to_owned()));
        };
        let mut parts = rest.splitn(4, ':');
        let (Some(region), Some(account), Some("secret"), Some(resource)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidName);
        };
        check_chars(resource, NAME_CHARS_MAX + 1 + ARN_SUFFIX_CHARS)?;
        let scope = Scope { account: account.to_owned(), region: region.to_owned() };
        let suffixed = resource.rsplit_once('-').filter(|(name, suffix)| {
            !name.is_empty()
                && suffix.len() == ARN_SUFFIX_CHARS
                && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        Ok(match suffixed {
            Some((name, _)) => Self::FullArn { scope, name: name.to_owned(), arn: text.to_owned() },
            None => Self::PartialArn { scope, name: resource.to_owned() },
        })
    }

    /// The scope and the name to look under, for a caller in `caller`.
    pub fn place<'a>(&'a self, caller: &'a Scope) -> (&'a Scope, &'a str) {
        match self {
            Self::Name(name) => (caller, name),
            Self::FullArn { scope, name, .. } | Self::PartialArn { scope, name } => (scope, name),
        }
    }

    /// Whether the secret that was found is the one that was meant.
    pub fn means(&self, secret: &Secret) -> bool {
        match self {
            Self::FullArn { arn, .. } => *arn == secret.arn,
            Self::Name(_) | Self::PartialArn { .. } => true,
        }
    }
}

/// A deletion that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// When it was asked for.
    pub asked: Timestamp,
    /// When the secret can no longer be restored.
    pub due: Timestamp,
}

/// How a secret rotates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationSettings {
    /// The rotation function.
    pub function_arn: String,
    /// When, if by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<RotationRules>,
    /// False after CancelRotateSecret.
    pub enabled: bool,
    /// The next scheduled rotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Slot>,
}

/// A scheduled rotation: its window, and the moment inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The window opens.
    pub opens: Timestamp,
    /// The window closes.
    pub closes: Timestamp,
    /// The rotation starts.
    pub starts: Timestamp,
}

/// The look for drift that comes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// When.
    pub next: Timestamp,
}

/// The record of one secret: everything but its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// Where it lives.
    #[serde(flatten)]
    pub scope: Scope,
    /// The friendly name.
    pub name: String,
    /// The full ARN; unlike the name it is never used again.
    pub arn: String,
    /// What the owner wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The key that seals its values; the default one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// In the order in which they were added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// When it was made.
    pub created: Timestamp,
    /// Last change of anything but reads.
    pub changed: Timestamp,
    /// Midnight of the day of the last read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accessed: Option<Timestamp>,
    /// End of the last rotation that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotated: Option<Timestamp>,
    /// Last new value that was put by hand: counts as a rotation for `AutomaticallyAfterDays`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Timestamp>,
    /// When a verification first found that the target does not take the current value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drifted: Option<Timestamp>,
    /// What the clock showed when the next slot was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Timestamp>,
    /// When it was scheduled for deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Deletion>,
    /// Its versions and their labels.
    pub versions: Versions,
    /// How it rotates, if that was ever configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<RotationSettings>,
    /// What AWS cannot say about how it rotates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<RotationPolicy>,
    /// Whose policies keep this secret apart from theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept_apart: Vec<KeptApart>,
    /// When to see whether the current value still logs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// The partner's name for a kind of managed external secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_type: Option<String>,
    /// What the partner of a managed external secret needs to rotate it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external_metadata: Vec<ExternalSecretRotationMetadata>,
    /// The role under which the partner's secret is rotated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_role_arn: Option<String>,
    /// The resource policy, as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_policy: Option<String>,
    /// Who follows it, or whom it follows.
    #[serde(default, skip_serializing_if = "Replication::is_none")]
    pub replication: Replication,
}

impl Secret {
    /// A new secret without a version.
    pub fn new(scope: Scope, name: &str, suffix: &str, now: Timestamp) -> Self {
        Self {
            arn: arn(&scope, name, suffix),
            scope,
            name: name.to_owned(),
            description: None,
            kms_key_id: None,
            tags: Vec::new(),
            created: now,
            changed: now,
            accessed: None,
            rotated: None,
            replaced: None,
            drifted: None,
            planned: None,
            deletion: None,
            versions: Versions::default(),
            rotation: None,
            policy: None,
            kept_apart: Vec::new(),
            verification: None,
            secret_type: None,
            external_metadata: Vec::new(),
            external_role_arn: None,
            resource_policy: None,
            replication: Replication::default(),
        }
    }

    /// Adds tags, overwriting those with the same key. `false` when there would be too many.
    #[must_use]
    pub fn add_tags(&mut self, tags: &[Tag]) -> bool {
        for tag in tags {
            match self.tags.iter_mut().find(|held| held.key == tag.key) {
                Some(held) => held.value.clone_from(&tag.value),
                None => self.tags.push(tag.clone()),
            }
        }
        self.tags.len() <= TAGS_MAX
    }

    /// As ListSecrets tells it; DescribeSecret adds what is told of replicas.
    pub fn describe(&self) -> DescribeSecretResponse {
        let labels: std::collections::BTreeMap<_, _> = self
            .versions
            .iter()
            .filter(|version| !version.stages.is_empty())
            .map(|version| (version.id.clone(), version.stages.clone()))
            .collect();
        let rotation = self.rotation.as_ref();
        DescribeSecretResponse {
            arn: self.arn.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            kms_key_id: self.kms_key_id.clone(),
            rotation_enabled: rotation.map(|rotation| rotation.enabled),
            rotation_lambda_arn: rotation.map(|rotation| rotation.function_arn.clone()),
            rotation_rules: rotation
                .and_then(|rotation| rotation.rules.clone())
                .map(|rules| self.described(rules)),
            last_rotated_date: self.rotated,
            last_changed_date: Some(self.changed),
            last_accessed_date: self.accessed,
            deleted_date: self.deletion.as_ref().map(|deletion| deletion.asked),
            next_rotation_date: rotation.and_then(|rotation| rotation.next).map(|slot| slot.closes),
            tags: (!self.tags.is_empty()).then(|| self.tags.clone()),
            version_ids_to_stages: (!labels.is_empty()).then_some(labels),
            created_date: Some(self.created),
            secret_type: self.secret_type.clone(),
            external_secret_rotation_metadata: self.external_metadata.clone(),
            external_secret_rotation_role_arn: self.external_role_arn.clone(),
            primary_region: self.told_primary_region().map(str::to_owned),
            replication_status: Vec::new(),
            cross_account_primary: None,
            cross_account_replicas: Vec::new(),
        }
    }

    /// Rules as a description shows them: once the secret was rotated, an expression is told in days too.
    fn described(&self, mut rules: RotationRules) -> RotationRules {
        if let Some(rotated) = self.rotated
            && let Ok(schedule) = rules.schedule()
        {
            let zone = self.policy.as_ref().map_or(Zone::UTC, RotationPolicy::zone);
            rules.automatically_after_days = schedule.days_between(&zone, rotated);
        }
        rules
    }

    /// The version that a reader asks for: by id, by label, by both.
    pub fn select(&self, id: Option<&str>, stage: Option<&str>) -> Result<&Version, SelectError> {
        match (id, stage) {
            (Some(id), stage) => {
                let version = self
                    .versions
                    .get(id)
                    .filter(|version| version.filled)
                    .ok_or_else(|| SelectError::NoVersion { id: id.to_owned() })?;
                if stage.is_some_and(|stage| !version.has(stage)) {
                    return Err(SelectError::StageElsewhere);
                }
                Ok(version)
            }
            (None, stage) => {
                let stage = stage.unwrap_or(crate::version::CURRENT);
                self.versions
                    .holder(stage)
                    .filter(|version| version.filled)
                    .ok_or_else(|| SelectError::NoStage { stage: stage.to_owned() })
            }
        }
    }
}

/// Why no version was found, in the service's words.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// No version has this id, or it has no value.
    #[error("Secrets Manager can't find the specified secret value for VersionId: {id}")]
    NoVersion {
        /// What was asked for.
        id: String,
    },
    /// No version with a value has this label.
    #[error("Secrets Manager can't find the specified secret value for staging label: {stage}")]
    NoStage {
        /// What was asked for.
        stage: String,
    },
    /// The version does not have the label.
    #[error("You provided a VersionStage that is not associated to the provided VersionId.")]
    StageElsewhere,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope { account: "123456789012".into(), region: "us-east-1".into() }
    }

    #[test]
    fn a_secret_is_found_by_name_and_by_both_arns() {
        let secret = Secret::new(scope(), "prod/Db-a1b2", "AbCdEf", Timestamp::default());
        let check = |id: &str, found: bool| {
            let parsed = SecretId::parse(id).expect("the id has only allowed characters");
            let caller = scope();
            let (place, name) = parsed.place(&caller);
            let hit = *place == secret.scope && name == secret.name && parsed.means(&secret);
            assert_eq!(hit, found, "{id}");
        };
        check("prod/Db-a1b2", true);
        check("arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/Db-a1b2-AbCdEf", true);
        check("arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/Db-a1b2", true);
        check("arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/Db-a1b2-XbCdEf", false);
        check("arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/Db-a1b2", false);
        check("prod/Db", false);
    }

    #[test]
    fn a_partial_arn_of_a_name_that_looks_suffixed_is_a_full_one() {
        let id = SecretId::parse("arn:aws:secretsmanager:us-east-1:123456789012:secret:name-a1b2c3");
        assert!(matches!(id, Ok(SecretId::FullArn { name, .. }) if name == "name"));
        let id = SecretId::parse("arn:aws:secretsmanager:us-east-1:123456789012:secret:name-a1b2c3-");
        assert!(matches!(id, Ok(SecretId::PartialArn { name, .. }) if name == "name-a1b2c3-"));
    }

    #[test]
    fn the_longest_name_is_found_by_its_arn() {
        let secret = Secret::new(scope(), &"n".repeat(NAME_CHARS_MAX), "AbCdEf", Timestamp::default());
        let id = SecretId::parse(&secret.arn).expect("an ARN of ours is one");
        assert!(id.means(&secret) && id.place(&scope()) == (&scope(), secret.name.as_str()));
        assert_eq!(SecretId::parse(&"n".repeat(NAME_CHARS_MAX + 1)), Err(InvalidName));
    }

    #[test]
    fn other_characters_are_refused() {
        for id in ["", "a b", "a:b", "ä", "a\0b", "arn:aws:s3:::bucket", "arn:aws:secretsmanager:x:y:key:z"]
        {
            assert_eq!(SecretId::parse(id), Err(InvalidName), "{id:?}");
        }
    }
}
