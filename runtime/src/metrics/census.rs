//! What waits, as it was last counted.

use std::collections::BTreeMap;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Secrets that are named with their age: the label is a name, so their number is bounded.
const OLDEST_MAX: usize = 10;
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// Upper bounds of the ages that secrets are counted by, in seconds.
const AGES: [(&str, i64); 6] = [
    ("86400", DAY_SECONDS),
    ("604800", 7 * DAY_SECONDS),
    ("2592000", 30 * DAY_SECONDS),
    ("7776000", 90 * DAY_SECONDS),
    ("31536000", 365 * DAY_SECONDS),
    ("+Inf", i64::MAX),
];

/// Unfinished rotations.
#[derive(Clone, Debug, Default)]
pub struct JobCounts {
    /// By the word of their state.
    pub by_state: BTreeMap<&'static str, i64>,
    /// Those that take longer than they should.
    pub overdue: i64,
}

/// Secrets.
#[derive(Clone, Debug, Default)]
pub struct SecretCounts {
    /// Whose target did not take the current value at the last verification.
    pub drifted: i64,
    by_age: [i64; AGES.len()],
    oldest: Vec<(i64, String)>,
}

impl SecretCounts {
    /// Counts a secret that rotates by its age: seconds since it was rotated last.
    pub fn see(&mut self, name: &str, age_seconds: i64) {
        for (count, (_, bound)) in self.by_age.iter_mut().zip(AGES) {
            *count += i64::from(age_seconds <= bound);
        }
        if self.oldest.len() < OLDEST_MAX || self.oldest.last().is_some_and(|(age, _)| age_seconds > *age) {
            self.oldest.push((age_seconds, name.to_owned()));
            self.oldest.sort_unstable_by(|one, other| other.cmp(one));
            self.oldest.truncate(OLDEST_MAX);
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AgeLabels {
    le: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SecretLabels {
    secret: String,
}

/// The gauges of the counts.
#[derive(Default)]
pub(super) struct CensusGauges {
    unfinished: Family<StateLabels, Gauge>,
    overdue: Gauge,
    drifted: Gauge,
    ages: Family<AgeLabels, Gauge>,
    oldest: Family<SecretLabels, Gauge>,
}

impl CensusGauges {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "rotations_unfinished",
            "Rotations that are not complete, by state",
            self.unfinished.clone(),
        );
        registry.register(
            "rotations_overdue",
            "Rotations that are not complete an hour after they were asked for",
            self.overdue.clone(),
        );
        registry.register(
            "secrets_drifted",
            "Secrets whose target did not take the current value at the last verification",
            self.drifted.clone(),
        );
        registry.register(
            "secrets_by_rotation_age",
            "Secrets that rotate, by the seconds since they were rotated last: at most so many",
            self.ages.clone(),
        );
        registry.register(
            "oldest_rotation_age_seconds",
            "Seconds since the last rotation of the secrets where it is longest ago",
            self.oldest.clone(),
        );
    }

    pub(super) fn set_jobs(&self, counts: &JobCounts) {
        self.unfinished.clear();
        for (state, count) in &counts.by_state {
            self.unfinished.get_or_create(&StateLabels { state }).set(*count);
        }
        // An alert on a state that nothing is in reads a zero, and not nothing.
        for state in ["NeedsAttention", "WaitingApproval"] {
            drop(self.unfinished.get_or_create(&StateLabels { state }));
        }
        self.overdue.set(counts.overdue);
    }

    pub(super) fn set_secrets(&self, counts: &SecretCounts) {
        self.drifted.set(counts.drifted);
        for ((le, _), count) in AGES.iter().zip(counts.by_age) {
            self.ages.get_or_create(&AgeLabels { le }).set(count);
        }
        self.oldest.clear();
        for (age, name) in &counts.oldest {
            self.oldest.get_or_create(&SecretLabels { secret: name.clone() }).set(*age);
        }
    }
}
