//! What a step has left: labels, values and the target, so that two moments can be compared.

use keywheel_domain::api::{ApiError, SecretValue};
use sha2::{Digest as _, Sha256};

use super::world::World;
use keywheel_domain::version::{CURRENT, PENDING};

/// A moment. Each line has a name that people may read, and what it is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State(Vec<(String, String)>);

impl State {
    pub(super) async fn of(world: &World) -> Result<Self, ApiError> {
        let mut lines = Vec::new();
        let versions = world.versions().await?;
        for version in versions.iter() {
            let labels = version.stages.join(", ");
            lines.push((format!("the labels of version {}", version.id), labels));
        }
        for stage in [CURRENT, PENDING] {
            let fingerprint = world.value(stage).await?.as_ref().map(fingerprint).unwrap_or_default();
            lines.push((format!("the value of {stage}"), fingerprint));
            let logs_in = world.logs_in(stage).await?;
            lines.push((format!("whether {stage} logs in"), format!("{logs_in:?}")));
        }
        if let (Some(targets), Some(address)) = (world.targets(), world.address().await?) {
            lines.extend(targets.inventory(&address).into_iter().map(|entry| (entry, String::new())));
        }
        Ok(Self(lines))
    }

    /// What differs between this moment and a later one, for people.
    pub(super) fn differences(&self, later: &Self) -> Vec<String> {
        let names = |state: &Self, other: &Self| -> Vec<String> {
            let lines = state.0.iter().filter(|line| !other.0.contains(line));
            lines.map(|(name, _)| name.clone()).collect()
        };
        let mut found = names(later, self);
        for name in names(self, later) {
            if !found.contains(&name) {
                found.push(name);
            }
        }
        found
    }
}

fn fingerprint(value: &SecretValue) -> String {
    let bytes = match value {
        SecretValue::Text(text) => text.expose().as_bytes(),
        SecretValue::Binary(bytes) => bytes.expose(),
    };
    hex::encode(Sha256::digest(bytes))
}
