//! The staging-label algebra: which version is current, pending, previous.
//!
//! Invariants, kept by every function here: a label is on one version at most; `AWSCURRENT` is never
//! taken off without being put elsewhere, and never put on a version without a value; a token names
//! one value for ever. Values themselves are elsewhere: a version only knows whether it has one.

use serde::{Deserialize, Serialize};

use crate::time::{DAY_MS, Timestamp};

/// The version that applications read.
pub const CURRENT: &str = "AWSCURRENT";
/// The version that a rotation prepares.
pub const PENDING: &str = "AWSPENDING";
/// The version that was current before.
pub const PREVIOUS: &str = "AWSPREVIOUS";

/// Labels on all versions of a secret together.
pub const STAGES_MAX: usize = 20;
/// Versions without a label that are kept, however old.
pub const DEPRECATED_VERSIONS_KEPT: usize = 100;
/// Versions that a secret can have at once, those of the last day included.
pub const VERSIONS_MAX: usize = 500;
/// Versions without a label that one change drops at most: replicas drop them in the same commit.
pub const DROPPED_AT_ONCE_MAX: usize = 32;
/// A version that lost its last label stays for this long at least.
pub const DEPRECATED_KEPT_MS: i64 = DAY_MS;

/// One version of a secret, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The token under which it was made.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// Labels, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<String>,
    /// Whether a value is stored under its id. A rotation begins with a version that has none.
    pub filled: bool,
    /// Midnight of the day of the last read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accessed: Option<Timestamp>,
    /// When it lost its last label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<Timestamp>,
}

impl Version {
    /// Whether it carries this label.
    pub fn has(&self, stage: &str) -> bool {
        self.stages.iter().any(|held| held == stage)
    }
}

/// The versions of a secret, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Versions(Vec<Version>);

/// What is known of a value that is put under a token whose version has one already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same value.
    Same,
    /// Another value.
    Different,
}

/// Why a version was not stored.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PutError {
    /// The token names a version with another value.
    #[error("the token is in use for a version with another value")]
    TokenReused,
    /// More labels than [`STAGES_MAX`].
    #[error("a secret has at most {STAGES_MAX} staging labels")]
    TooManyStages,
    /// More versions than [`VERSIONS_MAX`], none of them old enough to go.
    #[error("a secret has at most {VERSIONS_MAX} versions")]
    TooManyVersions,
}

/// Why a label was not moved.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoveError {
    /// Neither version was named.
    #[error("name the version to move the label to, to remove it from, or both")]
    NothingAsked,
    /// The label is elsewhere, and the caller did not say so.
    #[error("the label is on version `{holder}`, which must be named")]
    HolderNotNamed {
        /// The version that has the label.
        holder: String,
    },
    /// The version named as holder does not have the label.
    #[error("the label is not on version `{version}`")]
    NotTheHolder {
        /// The version that the caller named.
        version: String,
    },
    /// No such version, or it has no value and the label is `AWSCURRENT`.
    #[error("there is no value in version `{version}`")]
    NoSuchVersion {
        /// The version that the caller named.
        version: String,
    },
    /// `AWSCURRENT` can only move.
    #[error("the current version cannot be left without its label")]
    CurrentMustStay,
    /// More labels than [`STAGES_MAX`].
    #[error("a secret has at most {STAGES_MAX} staging labels")]
    TooManyStages,
}

impl Versions {
    /// All versions, oldest first.
    pub fn iter(&self) -> std::slice::Iter<'_, Version> {
        self.0.iter()
    }

    /// The version with this id.
    pub fn get(&self, id: &str) -> Option<&Version> {
        self.0.iter().find(|version| version.id == id)
    }

    /// The version that carries this label.
    pub fn holder(&self, stage: &str) -> Option<&Version> {
        self.0.iter().find(|version| version.has(stage))
    }

    /// Whether `stage` is on the version `id`.
    pub fn is_at(&self, stage: &str, id: &str) -> bool {
        self.get(id).is_some_and(|version| version.has(stage))
    }

    /// A pending version that is not current as well: a rotation that is not complete.
    pub fn unfinished(&self) -> Option<&Version> {
        self.holder(PENDING).filter(|version| !version.has(CURRENT))
    }

    /// Stores a value under `id` with `stages`, moved from where they are. The first value of a
    /// secret is current whatever `stages` says. `known` compares with the value that the version
    /// has already, if it has one; the same value under the same token changes nothing.
    pub fn put(
        &self,
        id: &str,
        stages: &[String],
        known: Option<Comparison>,
        now: Timestamp,
    ) -> Result<Self, PutError> {
        match known {
            Some(Comparison::Same) => return Ok(self.clone()),
            Some(Comparison::Different) => return Err(PutError::TokenReused),
            None => {}
        }
        assert!(!self.get(id).is_some_and(|version| version.filled), "a filled version is compared first");
        if !self.has_room(id, now) {
            return Err(PutError::TooManyVersions);
        }
        let first = !self.0.iter().any(|version| version.filled);
        let mut after = self.clone();
        match after.0.iter_mut().find(|version| version.id == id) {
            Some(version) => version.filled = true,
            None => after.0.push(Version {
                id: id.to_owned(),
                created: now,
                stages: Vec::new(),
                filled: true,
                accessed: None,
                deprecated: None,
            }),
        }
        for stage in stages {
            after.attach(stage, id, now);
        }
        if first {
            after.attach(CURRENT, id, now);
        }
        after.within_quota().ok_or(PutError::TooManyStages)
    }

    /// Whether a rotation to the version `id` has room to its very end: for the version, for `AWSPENDING`, and
    /// for `AWSPREVIOUS` when it finishes. One that is pending already goes on in any case.
    pub fn check_begin(&self, id: &str, now: Timestamp) -> Result<(), PutError> {
        if self.is_at(PENDING, id) {
            return Ok(());
        }
        if !self.has_room(id, now) {
            return Err(PutError::TooManyVersions);
        }
        let own = [CURRENT, PENDING, PREVIOUS];
        let stages = self.0.iter().flat_map(|version| &version.stages);
        let others = stages.filter(|stage| !own.contains(&stage.as_str())).count();
        if others + own.len() > STAGES_MAX { Err(PutError::TooManyStages) } else { Ok(()) }
    }

    /// Begins a rotation: an empty version `id`, labelled `AWSPENDING`. A version that is there
    /// already keeps its value. A label left on the current version moves.
    pub fn begin(&self, id: &str, now: Timestamp) -> Self {
        let mut after = self.clone();
        if after.get(id).is_none() {
            after.0.push(Version {
                id: id.to_owned(),
                created: now,
                stages: Vec::new(),
                filled: false,
                accessed: None,
                deprecated: None,
            });
        }
        after.attach(PENDING, id, now);
        after.without_husks()
    }

    /// Takes `AWSPENDING` off, wherever it is; an empty version that loses it is gone.
    pub fn without_pending(&self, now: Timestamp) -> Self {
        let mut after = self.clone();
        after.detach(PENDING, now);
        after.without_husks()
    }

    /// The versions without `id`. Should somebody have put another label on it, it stays with that one,
    /// and only its `AWSPENDING` goes.
    pub fn without(&self, id: &str) -> Self {
        let mut after = self.clone();
        for version in after.0.iter_mut().filter(|version| version.id == id) {
            version.stages.retain(|stage| stage != PENDING);
        }
        after.0.retain(|version| version.id != id || !version.stages.is_empty());
        after
    }

    /// Moves a label as UpdateSecretVersionStage does.
    pub fn move_stage(
        &self,
        stage: &str,
        from: Option<&str>,
        to: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, MoveError> {
        if from.is_none() && to.is_none() {
            return Err(MoveError::NothingAsked);
        }
        let holder = self.holder(stage).map(|version| version.id.as_str());
        if let Some(to) = to {
            let target = self.get(to);
            if !target.is_some_and(|version| version.filled || stage != CURRENT) {
                return Err(MoveError::NoSuchVersion { version: to.to_owned() });
            }
            // Asking twice for the same move is no error, also when the second asks as the first did.
            if holder == Some(to) {
                return Ok(self.clone());
            }
        }
        match (holder, from) {
            (Some(holder), None) => return Err(MoveError::HolderNotNamed { holder: holder.to_owned() }),
            (holder, Some(from)) if holder != Some(from) => {
                return Err(MoveError::NotTheHolder { version: from.to_owned() });
            }
            _ => {}
        }
        let mut after = self.clone();
        match to {
            Some(to) => after.attach(stage, to, now),
            None if stage == CURRENT => return Err(MoveError::CurrentMustStay),
            None => after.detach(stage, now),
        }
        after.within_quota().ok_or(MoveError::TooManyStages)
    }

    /// Notes a read on this day; `None` when it was noted already.
    pub fn touched(&self, id: &str, day: Timestamp) -> Option<Self> {
        let index = self.0.iter().position(|version| version.id == id)?;
        if self.0[index].accessed.is_some_and(|accessed| accessed >= day) {
            return None;
        }
        let mut after = self.clone();
        after.0[index].accessed = Some(day);
        Some(after)
    }

    /// What a replica has that follows these versions and had `replica`'s: those with a label, and of the others
    /// those that it had. The days of its reads are its own.
    #[must_use]
    pub fn followed_by(&self, replica: &Self) -> Self {
        let followed = self.0.iter().filter_map(|version| {
            let held = replica.get(&version.id);
            let kept = held.is_some() || !version.stages.is_empty();
            kept.then(|| Version { accessed: held.and_then(|held| held.accessed), ..version.clone() })
        });
        Self(followed.collect())
    }

    /// Drops what nobody needs: of the versions without a label, those beyond the newest
    /// [`DEPRECATED_VERSIONS_KEPT`] that lost theirs longer than [`DEPRECATED_KEPT_MS`] ago. Returns the
    /// ids of the dropped versions, whose values go with them.
    pub fn retire(&self, now: Timestamp) -> (Self, Vec<String>) {
        let mut spare = self
            .0
            .iter()
            .filter(|version| version.stages.is_empty())
            .count()
            .saturating_sub(DEPRECATED_VERSIONS_KEPT)
            .min(DROPPED_AT_ONCE_MAX);
        let (mut kept, mut dropped) = (Vec::with_capacity(self.0.len()), Vec::new());
        for version in &self.0 {
            let old = version.stages.is_empty()
                && version.deprecated.is_some_and(|since| now.millis_since(since) > DEPRECATED_KEPT_MS);
            if old && spare > 0 {
                spare -= 1;
                dropped.push(version.id.clone());
            } else {
                kept.push(version.clone());
            }
        }
        (Self(kept), dropped)
    }

    /// Whether there may be a version `id`: those that are old enough to go with the next change take no room.
    fn has_room(&self, id: &str, now: Timestamp) -> bool {
        self.get(id).is_some() || self.0.len() < VERSIONS_MAX || !self.retire(now).1.is_empty()
    }

    fn within_quota(self) -> Option<Self> {
        let stages: usize = self.0.iter().map(|version| version.stages.len()).sum();
        (stages <= STAGES_MAX).then(|| self.without_husks())
    }

    /// Puts a label on a version, off any other; the version that was current becomes the previous.
    fn attach(&mut self, stage: &str, id: &str, now: Timestamp) {
        if self.is_at(stage, id) {
            return;
        }
        let before = self.holder(stage).map(|version| version.id.clone());
        self.detach(stage, now);
        for version in self.0.iter_mut().filter(|version| version.id == id) {
            version.stages.push(stage.to_owned());
            version.stages.sort_unstable();
            version.deprecated = None;
        }
        if let (CURRENT, Some(before)) = (stage, before) {
            self.attach(PREVIOUS, &before, now);
        }
    }

    fn detach(&mut self, stage: &str, now: Timestamp) {
        for version in self.0.iter_mut().filter(|version| version.has(stage)) {
            version.stages.retain(|held| held != stage);
            if version.stages.is_empty() {
                version.deprecated = Some(now);
            }
        }
    }

    /// An empty version is only a place for a label: without one it is gone.
    fn without_husks(mut self) -> Self {
        self.0.retain(|version| version.filled || !version.stages.is_empty());
        self
    }
}

#[cfg(test)]
mod tests;
