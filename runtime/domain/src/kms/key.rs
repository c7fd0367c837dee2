//! The record of a key, and what may be done in which state.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::key_arn;
use crate::secret::Scope;
use crate::time::{DAY_MS, Timestamp};

/// Tags on a key.
pub const TAGS_MAX: usize = 50;
/// Aliases of a key.
pub const ALIASES_MAX: usize = 50;
/// Rotations on demand of a key, in all its life.
pub const ON_DEMAND_ROTATIONS_MAX: usize = 25;
/// Versions of material of a key: a hundred years of the shortest period, and all rotations on demand.
pub const MATERIALS_MAX: usize = 432;
/// Days between the request and the deletion of a key.
pub const DELETION_DAYS: RangeInclusive<usize> = 7..=30;
/// The same, where the request names none.
pub const DELETION_DAYS_DEFAULT: usize = 30;
/// Days between two rotations of material.
pub const PERIOD_DAYS: RangeInclusive<usize> = 90..=2560;
/// The same, where the request names none.
pub const PERIOD_DAYS_DEFAULT: usize = 365;

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyManager {
    /// The service's own.
    #[serde(rename = "AWS")]
    Aws,
    /// A customer's.
    #[serde(rename = "CUSTOMER")]
    Customer,
}

/// Whether a key can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyState {
    /// It can.
    Enabled,
    /// Not before it is enabled again.
    Disabled,
    /// Not before its deletion is cancelled.
    PendingDeletion {
        /// When the key will be gone.
        due: Timestamp,
    },
}

impl KeyState {
    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion { .. } => "PendingDeletion",
        }
    }
}

/// A tag of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyTag {
    /// 1 to 128 characters.
    pub tag_key: String,
    /// 0 to 256 characters.
    pub tag_value: String,
}

/// Why there is a version of material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MaterialCause {
    /// The key was made with it.
    Creation,
    /// A period ended.
    Automatic,
    /// Somebody asked.
    OnDemand,
}

/// One version of material.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Material {
    /// From 1, without a gap: what ciphertexts name.
    pub number: u32,
    /// 64 hexadecimal digits: what callers are told.
    pub id: String,
    /// When it was made.
    pub made: Timestamp,
    /// Why.
    pub cause: MaterialCause,
    /// The material wrapped by the root key, in hexadecimal digits.
    pub wrapped: String,
}

/// How a key rotates by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodicRotation {
    /// Days between two rotations.
    pub period_days: usize,
    /// When the next is due.
    pub next: Timestamp,
}

/// A name for a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// With its prefix `alias/`.
    pub name: String,
    /// Id of the key.
    pub key_id: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it last came to stand for another key.
    pub updated: Timestamp,
}

/// The record of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KmsKey {
    /// Where it lives.
    #[serde(flatten)]
    pub scope: Scope,
    /// A UUID.
    pub id: String,
    /// What the owner wrote.
    #[serde(default)]
    pub description: String,
    /// Whose it is.
    pub manager: KeyManager,
    /// Whether it can be used.
    pub state: KeyState,
    /// When it was made.
    pub created: Timestamp,
    /// The key policy, as it was put.
    pub policy: String,
    /// In the order in which they were added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyTag>,
    /// The names of its aliases: they go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// How it rotates by itself, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<PeriodicRotation>,
    /// Its material, oldest first; never empty. The last one encrypts.
    pub materials: Vec<Material>,
}

/// A key has as much material as it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key has been rotated as often as it may be")]
pub struct TooManyRotations;

impl KmsKey {
    /// Its ARN.
    pub fn arn(&self) -> String {
        key_arn(&self.scope, &self.id)
    }

    /// The material that encrypts.
    ///
    /// # Panics
    /// When the record is damaged: a key has material from the beginning.
    pub fn current(&self) -> &Material {
        self.materials.last().expect("a key is made with material")
    }

    /// The number of the next material; `None` when there may be no more.
    pub fn next_number(&self, cause: MaterialCause) -> Result<u32, TooManyRotations> {
        let on_demand = self.rotations(MaterialCause::OnDemand);
        let is_full = self.materials.len() >= MATERIALS_MAX
            || (cause == MaterialCause::OnDemand && on_demand >= ON_DEMAND_ROTATIONS_MAX);
        if is_full { Err(TooManyRotations) } else { Ok(self.current().number + 1) }
    }

    /// How often it was rotated for this cause.
    pub fn rotations(&self, cause: MaterialCause) -> usize {
        self.materials.iter().filter(|material| material.cause == cause).count()
    }

    /// Sets how it rotates by itself, the first time a period from now.
    pub fn rotate_every(&mut self, period_days: usize, now: Timestamp) {
        let next = now.plus_millis(days_ms(period_days));
        self.rotation = Some(PeriodicRotation { period_days, next });
    }

    /// Sets the next rotation after one that is due: a period later, and never in the past.
    pub fn set_next_rotation(&mut self, now: Timestamp) {
        if let Some(rotation) = &mut self.rotation {
            let period = days_ms(rotation.period_days);
            let next = rotation.next.plus_millis(period);
            rotation.next = if next > now { next } else { now.plus_millis(period) };
        }
    }

    /// Marks it for deletion.
    pub fn schedule_deletion(&mut self, days: usize, now: Timestamp) -> Timestamp {
        let due = now.plus_millis(days_ms(days));
        self.state = KeyState::PendingDeletion { due };
        due
    }

    /// Adds tags, overwriting those with the same key. `false` when there would be too many.
    #[must_use]
    pub fn add_tags(&mut self, tags: &[KeyTag]) -> bool {
        for tag in tags {
            match self.tags.iter_mut().find(|held| held.tag_key == tag.tag_key) {
                Some(held) => held.tag_value.clone_from(&tag.tag_value),
                None => self.tags.push(tag.clone()),
            }
        }
        self.tags.len() <= TAGS_MAX
    }
}

/// The policy of a key whose maker gave none: the account decides who may use it.
pub fn default_policy(account: &str) -> String {
    let policy = json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
            "Action": "kms:*",
            "Resource": "*",
        }],
    });
    policy.to_string()
}

fn days_ms(days: usize) -> i64 {
    i64::try_from(days).unwrap_or(i64::MAX).saturating_mul(DAY_MS)
}
