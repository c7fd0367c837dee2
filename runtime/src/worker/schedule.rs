//! The due scan: what is due is started, as far as there is room.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use keywheel_domain::api::ApiError;
use keywheel_domain::time::Timestamp;

use super::room::{Entered, Needs};
use super::{PAGE_ENTRIES, PAGES_MAX, WAITING_REMEMBERED_MAX, Worker};
use crate::ops::keys::{self, Due, DueEntry};
use crate::store::Key;

impl Worker {
    /// Handles everything that is due, one after the other, and returns when something is due next. For
    /// the simulation, where nothing runs at the same time unless it is meant to.
    pub async fn tick(&self) -> Result<Option<Timestamp>, ApiError> {
        loop {
            let now = self.clock.now();
            let (from, to) = keys::due_until(now);
            let due = self.due_between(&from, &to).await?;
            self.note_due(due.first().map(|(_, entry)| entry), due.len(), 0, now);
            if due.is_empty() {
                return self.due_next(now).await;
            }
            for (_, entry) in due {
                self.handle(&entry).await?;
            }
        }
    }

    /// Starts a task for each due entry that has room, earliest first; returns when the next one is due.
    /// The entries come from scans of bounded length, so the cost does not grow with the number of
    /// secrets. A task that ends wakes the loop again.
    pub(super) async fn start_due(self: &Arc<Self>) -> Result<Option<Timestamp>, ApiError> {
        let now = self.clock.now();
        let (mut from, to) = keys::due_until(now);
        let (mut started, mut waiting, mut earliest) = (0, 0, None);
        for _ in 0..PAGES_MAX {
            let page = self.due_between(&from, &to).await?;
            let full = page.len() == PAGE_ENTRIES;
            for (key, entry) in page {
                from = key.successor();
                match self.start(&entry).await? {
                    true => started += 1,
                    false => waiting += 1,
                }
                earliest.get_or_insert(entry);
            }
            if !full || self.room.is_full() {
                break;
            }
        }
        self.note_due(earliest.as_ref(), started, waiting, now);
        self.due_next(now).await
    }

    /// Starts the entry unless it runs already or there is no room for it.
    async fn start(self: &Arc<Self>, entry: &DueEntry) -> Result<bool, ApiError> {
        if self.room.is_full() || self.is_taken(entry) {
            return Ok(false);
        }
        let Some(entered) = self.enter(entry).await? else { return Ok(false) };
        let Some(taken) = self.take(entry) else { return Ok(false) };
        let (worker, entry) = (Arc::clone(self), entry.clone());
        tokio::spawn(async move {
            let handled = worker.handle(&entry).await;
            drop(entered);
            if let Err(error) = handled {
                tracing::error!(%error, secret_arn = entry.secret_arn, "a due entry rests after a fault");
                worker.pause().await;
            }
            drop(taken);
        });
        Ok(true)
    }

    async fn enter(&self, entry: &DueEntry) -> Result<Option<Entered>, ApiError> {
        if entry.due != Due::Job {
            return Ok(self.room.enter(self.room.needs_of_nothing()));
        }
        let secret_arn = &entry.secret_arn;
        let known = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).get(secret_arn).cloned();
        let needs = match known {
            Some(needs) => needs,
            None => self.needs_of(secret_arn).await?,
        };
        let entered = self.room.enter(needs.clone());
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if entered.is_some() {
            waiting.remove(secret_arn);
        } else {
            if waiting.len() >= WAITING_REMEMBERED_MAX {
                waiting.clear();
            }
            // What a function reserves may change: what it bars is looked at anew.
            if !needs.is_barred() {
                waiting.insert(secret_arn.clone(), needs);
            }
        }
        Ok(entered)
    }

    async fn needs_of(&self, secret_arn: &str) -> Result<Needs, ApiError> {
        let job = self.ops.load_job(secret_arn).await?;
        let secret = self.ops.secret_by_arn(secret_arn).await?;
        Ok(match (job, secret) {
            (Some(job), Some(secret)) => {
                let (arn, scope) = (&job.record.function_arn, &secret.record.scope);
                let resolved = self.ops.resolve_function(arn, scope).await?;
                let reserved = resolved.and_then(|resolved| resolved.function.reserved);
                self.room.needs(&job.record, &secret.record, reserved)
            }
            _ => self.room.needs_of_nothing(),
        })
    }

    async fn due_between(&self, from: &Key, to: &Key) -> Result<Vec<(Key, DueEntry)>, ApiError> {
        let found = self.ops.scan(from, to, PAGE_ENTRIES).await?;
        Ok(found.into_iter().filter_map(|(key, _)| keys::parse_due(&key).map(|entry| (key, entry))).collect())
    }

    /// When something is due after `now`.
    async fn due_next(&self, now: Timestamp) -> Result<Option<Timestamp>, ApiError> {
        let (_, to) = keys::due_until(now);
        let later = self.ops.scan(&to, &keys::due_all().1, 1).await?;
        Ok(later.first().and_then(|(key, _)| keys::parse_due(key)).map(|entry| entry.at))
    }

    fn note_due(&self, earliest: Option<&DueEntry>, started: usize, waiting: usize, now: Timestamp) {
        let late_ms = earliest.map_or(0, |entry| now.millis_since(entry.at));
        let late = Duration::from_millis(u64::try_from(late_ms).unwrap_or(0));
        self.metrics.due(started as u64, waiting as u64, late);
    }
}
