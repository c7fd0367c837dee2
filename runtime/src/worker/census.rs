//! Counts what waits, for who watches over the process, what there is, for the quotas, and finds schedules that a
//! wrong clock has set. What is counted is in the store, so that the numbers are right after a restart too.

use std::collections::HashMap;

use keywheel_domain::api::ApiError;
use keywheel_domain::rotation::{Job, Purpose, State};
use keywheel_domain::secret::{Scope, Secret};
use keywheel_domain::time::{HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use super::Worker;
use crate::metrics::{JobCounts, SecretCounts};
use crate::ops::keys;
use crate::store::{Key, SCAN_ENTRIES_MAX};

/// How often unfinished rotations are counted.
const JOBS_COUNTED_MS: i64 = 15 * SECOND_MS;
/// How often secrets are, of which there are many more.
const SECRETS_COUNTED_MS: i64 = 5 * MINUTE_MS;
/// Schedules that are set anew at once after the clock went back; the rest follows at the next count.
const RESET_MAX: usize = 10_000;
/// A rotation that takes longer than this is overdue.
const OVERDUE_MS: i64 = HOUR_MS;

impl Worker {
    /// Counts again and again until `stop` turns true, and writes when access keys were used.
    pub(super) async fn count(&self, mut stop: watch::Receiver<bool>) {
        let mut secrets_at = Timestamp::default();
        while !*stop.borrow() {
            let now = self.clock.now();
            let with_secrets = now >= secrets_at;
            match self.census(with_secrets).await {
                Ok(()) if with_secrets => secrets_at = now.plus_millis(SECRETS_COUNTED_MS),
                Ok(()) => {}
                Err(error) => tracing::warn!(%error, "what waits could not be counted"),
            }
            if let Err(error) = self.ops.write_key_uses().await {
                tracing::warn!(%error, "when access keys were used could not be written");
            }
            tokio::select! {
                _ = stop.changed() => {}
                () = self.clock.sleep_until(now.plus_millis(JOBS_COUNTED_MS)) => {}
            }
        }
    }

    /// Counts once.
    pub async fn census(&self, with_secrets: bool) -> Result<(), ApiError> {
        let now = self.clock.now();
        let mut jobs = JobCounts::default();
        self.each(keys::all_jobs(), |job: Job| count_job(&mut jobs, &job, now)).await?;
        self.metrics.set_jobs(&jobs);
        if with_secrets {
            let (mut secrets, mut ahead) = (SecretCounts::default(), Vec::new());
            let mut of_scopes: HashMap<Scope, usize> = HashMap::new();
            let see = |secret: Secret| {
                count_secret(&mut secrets, &secret, now);
                match of_scopes.get_mut(&secret.scope) {
                    Some(count) => *count += 1,
                    None => drop(of_scopes.insert(secret.scope.clone(), 1)),
                }
                if ahead.len() < RESET_MAX && secret.after_clock_change(now).is_some() {
                    ahead.push(secret.arn);
                }
            };
            self.each(keys::all_secrets(), see).await?;
            self.metrics.set_secrets(&secrets);
            self.ops.quotas().count(of_scopes);
            for secret_arn in ahead {
                self.ops.reset_schedule(&secret_arn, now).await?;
            }
        }
        Ok(())
    }

    /// Calls `see` for each record of a range, reading a bounded number at a time.
    async fn each<T: DeserializeOwned>(
        &self,
        (mut from, to): (Key, Key),
        mut see: impl FnMut(T),
    ) -> Result<(), ApiError> {
        loop {
            let found = self.ops.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
            for (key, entry) in &found {
                from = key.successor();
                // One that cannot be read is told of where it is used.
                if let Ok(record) = serde_json::from_slice(&entry.value) {
                    see(record);
                }
            }
            if found.len() < SCAN_ENTRIES_MAX {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }
}

fn count_job(counts: &mut JobCounts, job: &Job, now: Timestamp) {
    *counts.by_state.entry(job.state.as_str()).or_default() += 1;
    let rotates = matches!(job.purpose, Purpose::Rotate | Purpose::RollBack);
    if rotates && now.millis_since(job.requested) > OVERDUE_MS {
        counts.overdue += 1;
    }
    debug_assert!(!matches!(job.state, State::Ended { .. }), "what has ended is history");
}

fn count_secret(counts: &mut SecretCounts, secret: &Secret, now: Timestamp) {
    let Some(rotation) = secret.rotation.as_ref().filter(|_| secret.deletion.is_none()) else { return };
    if secret.drifted.is_some() {
        counts.drifted += 1;
    }
    if !rotation.enabled {
        return;
    }
    let since = secret.rotated.unwrap_or(secret.created);
    counts.see(&secret.name, now.millis_since(since).max(0) / SECOND_MS);
}
