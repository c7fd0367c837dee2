//! What the last invocations of a function logged: a ring of bounded length and bounded entries.

use keywheel_domain::api::ApiError;
use keywheel_domain::secret::Scope;
use keywheel_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ops::change::{Change, to_bytes};
use crate::ops::load::from_entry;
use crate::ops::{Operations, Seen, keys};
use crate::store::{BATCH_BYTES_MAX, Batch, Key, SCAN_ENTRIES_MAX};

/// Invocations of a function that are remembered.
pub(super) const INVOCATIONS_MAX: u64 = 100;
/// Bytes of the lines of one invocation that are remembered: its end tells most.
const LINES_BYTES_MAX: usize = 16 * 1024;
/// Lost races after which invocations are not remembered.
const ATTEMPTS_MAX: usize = 8;
/// Invocations that are remembered in one commit.
const COMMIT_MAX: usize = 16;
/// What a byte of a log may become: `\u0001`.
const ESCAPED_BYTES_MAX: usize = 6;

const _: () = assert!(INVOCATIONS_MAX < SCAN_ENTRIES_MAX as u64, "one scan sees all that is remembered");
const _: () = assert!(COMMIT_MAX as u64 <= INVOCATIONS_MAX, "no commit writes a place of the ring twice");
const _: () = assert!(
    COMMIT_MAX * LINES_BYTES_MAX * ESCAPED_BYTES_MAX < BATCH_BYTES_MAX / 2,
    "a commit has room for what is not lines too"
);

/// One invocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvocationLog {
    /// Grows with each invocation of the function.
    #[serde(default)]
    pub number: u64,
    /// When it ended.
    pub at: Timestamp,
    /// `$LATEST` or a number.
    pub version: String,
    /// Digest of the component that ran.
    pub digest: String,
    /// The phase.
    pub step: String,
    /// Full ARN of the secret.
    pub secret_arn: String,
    /// Id of the version that it worked on.
    pub token: String,
    /// How long it ran.
    pub duration_us: u64,
    /// Why it failed; absent when it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// What it logged, redacted.
    pub lines: Vec<String>,
}

/// The ring's head: how many invocations there were.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Ring {
    count: u64,
}

impl Operations {
    /// Remembers invocations of a function, oldest first, some in a commit. What fails here is told in the log and
    /// fails nothing else.
    pub async fn remember_invocations(&self, scope: &Scope, name: &str, mut logs: Vec<InvocationLog>) {
        for logs in logs.chunks_mut(COMMIT_MAX) {
            if !self.remember_some(scope, name, logs).await {
                tracing::warn!(function = name, count = logs.len(), "logs of invocations were not kept");
            }
        }
    }

    async fn remember_some(&self, scope: &Scope, name: &str, logs: &mut [InvocationLog]) -> bool {
        for log in logs.iter_mut() {
            cut(&mut log.lines);
        }
        for _ in 0..ATTEMPTS_MAX {
            match self.add_to_ring(scope, name, logs).await {
                Ok(true) => return true,
                Ok(false) => {}
                Err(_) => return false,
            }
        }
        false
    }

    async fn add_to_ring(
        &self,
        scope: &Scope,
        name: &str,
        logs: &mut [InvocationLog],
    ) -> Result<bool, ApiError> {
        let head = keys::function_ring(scope, name);
        let seen: Option<Seen<Ring>> = self.load(head.clone()).await?;
        let mut count = seen.as_ref().map_or(0, |seen| seen.record.count);
        let mut batch = Batch::new().expect(head.clone(), seen.map(|seen| seen.revision));
        if !self.functions.has(name) {
            // The log of a function that is gone would stay for ever.
            let place = keys::function(scope, name);
            let Some(function) = self.load_entry(&place).await? else { return Ok(true) };
            batch = batch.expect(place, Some(function.revision));
        }
        for log in logs {
            let slot = keys::function_log(scope, name, count % INVOCATIONS_MAX);
            count += 1;
            log.number = count;
            batch = batch.put(slot, to_bytes(log));
        }
        self.commit(Change::of(batch.put(head, to_bytes(&Ring { count })))).await
    }

    /// What is remembered of a function, oldest first.
    pub(super) async fn invocations_of(
        &self,
        scope: &Scope,
        name: &str,
    ) -> Result<Vec<InvocationLog>, ApiError> {
        let (from, to) = keys::function_logs(scope, name);
        let entries = self.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
        let read = |(key, entry)| from_entry::<InvocationLog>(key, &entry).map(|seen| seen.record);
        let mut found: Vec<InvocationLog> = entries.into_iter().map(read).collect::<Result<_, _>>()?;
        found.sort_by_key(|log| log.number);
        Ok(found)
    }

    /// All keys of what is remembered of a function.
    pub(super) async fn function_log_keys(&self, scope: &Scope, name: &str) -> Result<Vec<Key>, ApiError> {
        let (from, to) = keys::function_logs(scope, name);
        let entries = self.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
        let slots = entries.into_iter().map(|(key, _)| key);
        Ok(slots.chain([keys::function_ring(scope, name)]).collect())
    }
}

/// Keeps the last lines that have room.
fn cut(lines: &mut Vec<String>) {
    let mut bytes = 0;
    let kept = lines.iter().rev().take_while(|line| {
        bytes += line.len() + 1;
        bytes <= LINES_BYTES_MAX
    });
    let kept = kept.count();
    if kept < lines.len() {
        let dropped = lines.len() - kept;
        lines.drain(..dropped);
        lines.insert(0, format!("warn: {dropped} earlier lines are not kept here"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept() {
        let check = |given: Vec<String>, expected: Vec<String>| {
            let mut lines = given;
            cut(&mut lines);
            assert_eq!(lines, expected);
        };
        check(vec!["a".into(), "b".into()], vec!["a".into(), "b".into()]);
        let half = "x".repeat(LINES_BYTES_MAX / 2);
        let dropped = "warn: 1 earlier lines are not kept here".to_owned();
        check(
            vec!["a".into(), half.clone(), half[1..].to_owned() + "y"],
            vec!["warn: 2 earlier lines are not kept here".into(), half[1..].to_owned() + "y"],
        );
        check(
            vec![half.clone(), "b".into(), half[1..].to_owned()],
            vec![dropped, "b".into(), half[1..].to_owned()],
        );
    }
}
