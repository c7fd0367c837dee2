//! Tags of users, roles and policies.

use serde::{Deserialize, Serialize};

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Unlike every other key of the same holder, also where capitals are not told apart.
    pub key: String,
    /// May be empty.
    pub value: String,
}

/// The tags with these added, each over one of the same key.
#[must_use]
pub fn merged(tags: &[Tag], added: &[Tag]) -> Vec<Tag> {
    let mut merged = tags.to_vec();
    for tag in added {
        match merged.iter_mut().find(|known| known.key.eq_ignore_ascii_case(&tag.key)) {
            Some(known) => *known = tag.clone(),
            None => merged.push(tag.clone()),
        }
    }
    merged
}

/// The tags without those of these keys.
#[must_use]
pub fn without(tags: &[Tag], keys: &[String]) -> Vec<Tag> {
    let goes = |tag: &&Tag| !keys.iter().any(|key| key.eq_ignore_ascii_case(&tag.key));
    tags.iter().filter(goes).cloned().collect()
}
