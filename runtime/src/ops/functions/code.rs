//! Code in the store: the bytes of a component under their digest, in parts that a batch has room for.
//!
//! The head counts the functions that refer to the code. As long as it counts none, the parts may be
//! incomplete: somebody is uploading, or died while uploading. Each uploader writes all parts before a
//! commit that expects the head as it was before them counts the first reference, so that counted code is
//! whole. What is counted by nobody for [`ORPHAN_MS`] is removed when the process starts and before code is
//! uploaded, so that what dead uploads leave does not pile up.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::lambda::{LambdaError, LambdaErrorCode};
use keywheel_domain::time::{HOUR_MS, Timestamp};
use serde::{Deserialize, Serialize};

use super::contended;
use crate::ops::change::{Change, to_bytes};
use crate::ops::load::from_entry;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Operations, Seen, keys};
use crate::store::{BATCH_BYTES_MAX, Batch, Key, SCAN_ENTRIES_MAX, VALUE_BYTES_MAX};

/// Bytes of one part.
const PART_BYTES: usize = VALUE_BYTES_MAX;
/// Parts that are written at once: keys and expectations need room too.
const PARTS_AT_ONCE: usize = BATCH_BYTES_MAX / PART_BYTES - 1;
/// Bytes of all code together.
const CODE_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
/// How long code without a reference is left alone: longer than any upload takes.
const ORPHAN_MS: i64 = HOUR_MS;

/// What is known of some code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CodeHead {
    /// SHA-256 of all bytes, in hexadecimal.
    pub(super) digest: String,
    /// Of all parts.
    pub(super) bytes: u64,
    /// Functions that refer to it.
    pub(super) users: u64,
    /// When it was begun to be uploaded.
    pub(super) since: Timestamp,
}

impl CodeHead {
    pub(super) fn part_keys(&self) -> Vec<Key> {
        let parts = self.bytes.div_ceil(PART_BYTES as u64);
        (0..parts).map(|part| keys::code_part(&self.digest, part)).collect()
    }

    fn is_orphan(&self, now: Timestamp) -> bool {
        self.users == 0 && now.millis_since(self.since) > ORPHAN_MS
    }
}

impl Operations {
    pub(super) async fn code_head(&self, digest: &str) -> Result<Option<Seen<CodeHead>>, ApiError> {
        self.load(keys::code(digest)).await
    }

    /// Stores code, unless it is there: the head that a commit may now refer to. On disk at each `await`: a
    /// head that counts nobody, and some of the parts.
    pub(super) async fn store_code(&self, digest: &str, wasm: &[u8]) -> Result<Seen<CodeHead>, LambdaError> {
        let place = keys::code(digest);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let now = self.clock.now();
            let seen = self.code_head(digest).await?;
            let head = match seen {
                Some(head) if head.record.users > 0 => return Ok(head),
                // Another upload of the same code: both write the same parts.
                Some(head) if !head.record.is_orphan(now) => head,
                stale => {
                    let (digest, bytes) = (digest.to_owned(), wasm.len() as u64);
                    let head = CodeHead { digest, bytes, users: 0, since: now };
                    let expected = stale.map(|head| head.revision);
                    let batch =
                        Batch::new().expect(place.clone(), expected).put(place.clone(), to_bytes(&head));
                    self.commit(Change::of(batch)).await?;
                    continue;
                }
            };
            if self.write_parts(&head, wasm).await? {
                return Ok(head);
            }
        }
        Err(contended())
    }

    /// Writes all parts, as long as the head is as it was seen.
    async fn write_parts(&self, head: &Seen<CodeHead>, wasm: &[u8]) -> Result<bool, ApiError> {
        let parts: Vec<_> = wasm.chunks(PART_BYTES).zip(head.record.part_keys()).collect();
        for some in parts.chunks(PARTS_AT_ONCE) {
            let batch = Batch::new().expect(head.key.clone(), Some(head.revision));
            let batch = some.iter().fold(batch, |batch, (part, key)| batch.put(key.clone(), *part));
            if !self.commit(Change::of(batch)).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a function refers to the code of this digest.
    pub async fn has_code(&self, digest: &str) -> Result<bool, ApiError> {
        Ok(self.code_head(digest).await?.is_some_and(|head| head.record.users > 0))
    }

    /// The code of this digest; `None` when it is gone.
    pub async fn load_code(&self, digest: &str) -> Result<Option<Vec<u8>>, ApiError> {
        let Some(head) = self.code_head(digest).await?.filter(|head| head.record.users > 0) else {
            return Ok(None);
        };
        let mut wasm = Vec::with_capacity(usize::try_from(head.record.bytes).unwrap_or(0));
        for key in head.record.part_keys() {
            let Some(part) = self.load_entry(&key).await? else { return Ok(None) };
            wasm.extend_from_slice(&part.value);
        }
        Ok(Some(wasm))
    }

    /// Removes code that nobody refers to for a while, and tells the bytes of what is left.
    pub async fn collect_code(&self) -> Result<u64, ApiError> {
        let (now, mut bytes) = (self.clock.now(), 0);
        let (mut from, to) = keys::all_code();
        loop {
            let entries = self.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
            let Some((last, _)) = entries.last() else { return Ok(bytes) };
            from = last.successor();
            for (key, entry) in entries {
                let head: Seen<CodeHead> = from_entry(key, &entry)?;
                if !head.record.is_orphan(now) {
                    bytes += head.record.bytes;
                    continue;
                }
                let batch =
                    Batch::new().expect(head.key.clone(), Some(head.revision)).delete(head.key.clone());
                let batch = head.record.part_keys().into_iter().fold(batch, Batch::delete);
                // A conflict means that somebody uploads it again.
                if self.commit(Change::of(batch)).await? {
                    tracing::info!(digest = head.record.digest, "code that nobody refers to was removed");
                }
            }
        }
    }

    /// Refuses code for which there is no room.
    pub(super) async fn check_room_for_code(&self, bytes: usize) -> Result<(), LambdaError> {
        let taken = self.collect_code().await?;
        if taken.saturating_add(bytes as u64) <= CODE_BYTES_MAX {
            return Ok(());
        }
        let told = format!("All code together would have more than {CODE_BYTES_MAX} bytes.");
        Err(LambdaError::new(LambdaErrorCode::CodeStorageExceeded, told))
    }
}
