//! The encryption context: pairs that are told in plain beside a ciphertext, and without which it does not open.

use std::collections::BTreeMap;

/// Most bytes of all pairs together.
pub const CONTEXT_BYTES_MAX: usize = 8192;

/// The pairs in their one form: sorted by key, each part behind its length, so that no two contexts are the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncryptionContext(Vec<u8>);

impl EncryptionContext {
    /// Of these pairs.
    pub fn new(pairs: &BTreeMap<String, String>) -> Self {
        Self::of(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
    }

    /// That of a version of a secret.
    pub fn of_secret(secret_arn: &str, version_id: &str) -> Self {
        Self::of([("SecretARN", secret_arn), ("SecretVersionId", version_id)].into_iter())
    }

    /// `pairs` must be sorted by key.
    fn of<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut form = Vec::new();
        for part in pairs.flat_map(|(key, value)| [key, value]) {
            form.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            form.extend_from_slice(part.as_bytes());
        }
        Self(form)
    }

    /// What is authenticated.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The pairs, in the order of their keys.
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        let mut parts = Vec::new();
        let mut rest = self.0.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<{ size_of::<u64>() }>() {
            let length = usize::try_from(u64::from_be_bytes(*length)).unwrap_or(usize::MAX);
            let Some((part, after)) = after.split_at_checked(length) else { break };
            parts.push(str::from_utf8(part).unwrap_or_default());
            rest = after;
        }
        parts.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
    }

    /// Whether the pairs are within [`CONTEXT_BYTES_MAX`].
    pub fn is_within_bounds(pairs: &BTreeMap<String, String>) -> bool {
        pairs.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() <= CONTEXT_BYTES_MAX
    }
}
