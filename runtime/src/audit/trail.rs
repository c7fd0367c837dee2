//! The trail: a row for each signed call of the API, in the shape of a CloudTrail event.
//!
//! Changes have rows of their own in the log, committed with what they change. The trail is for the rest:
//! who read what, from where, and who was refused. Its rows are gathered and written some at a time, so that
//! a read waits for no disk; a process that dies loses those that were not written yet: of [`FLUSH_MS`] where the
//! disk keeps up, and never more than wait at most.
//!
//! Deliberately absent: requests that nobody signed. Strangers would fill the disk with them.

mod block;
mod call;
mod parameters;
mod read;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keywheel_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use tokio::sync::Notify;

use self::block::{END, FIRST, Row};
pub use self::call::{Call, Identity, SessionAttributes, SessionContext, SessionIssuer};
pub use self::parameters::parameters;
pub use self::read::{Calls, Found, Place, all_calls, calls};
use crate::clock::Clock;
use crate::store::{Batch, CommitError, Key, Store, StoreError};

/// Milliseconds that a row waits for others at most.
pub const FLUSH_MS: i64 = 200;
/// Bytes of waiting rows at which they are written without waiting for more.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Packed bytes that are written at once, and one entry more.
const COMMIT_BYTES: usize = 2 * 1024 * 1024;
/// Bytes of waiting rows at which further calls wait until some are written.
const WAITING_BYTES_MAX: usize = 4 * BATCH_BYTES;
/// Entries that are written or removed at once.
const BATCH_ENTRIES: usize = 512;
/// How often old rows are removed.
const REMOVE_MS: i64 = HOUR_MS;
/// Days that rows are kept when nothing else is said: as long as CloudTrail's event history.
pub const DAYS_DEFAULT: u16 = 90;

/// Where calls are written down.
pub struct Trail {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    days: u16,
    waiting: Mutex<Waiting>,
    /// Somebody wants rows to be written now.
    full: Notify,
    /// Some were written.
    written: Notify,
    /// Rows could not be written, and that was said.
    fails: AtomicBool,
}

/// Rows that are not written yet, the oldest first.
#[derive(Default)]
struct Waiting {
    rows: VecDeque<Row>,
    bytes: usize,
}

impl Waiting {
    /// The oldest rows, until they are so many bytes.
    fn take(&mut self, bytes: usize) -> Vec<Row> {
        let (mut taken, mut rows) = (0, Vec::new());
        while taken < bytes
            && let Some(row) = self.rows.pop_front()
        {
            taken += bytes_of(&row);
            rows.push(row);
        }
        self.bytes -= taken;
        rows
    }
}

fn bytes_of((key, line): &Row) -> usize {
    key.as_bytes().len() + line.len()
}

impl Trail {
    /// A trail that keeps rows for so many days.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, days: u16) -> Self {
        let (full, written) = (Notify::new(), Notify::new());
        Self { store, clock, days, waiting: Mutex::default(), full, written, fails: AtomicBool::new(false) }
    }

    /// Writes a call down soon, which was answered then in this region.
    pub fn note(&self, at: Timestamp, region: &str, call: &Call<'_>) {
        let row = (block::key(at, region, call), call.to_bytes());
        let bytes = {
            let mut waiting = self.waiting();
            waiting.bytes += bytes_of(&row);
            waiting.rows.push_back(row);
            waiting.bytes
        };
        if bytes >= BATCH_BYTES {
            self.full.notify_one();
        }
    }

    /// Returns when there is room for another call.
    pub async fn room(&self) {
        while !self.has_room() {
            let mut written = std::pin::pin!(self.written.notified());
            written.as_mut().enable();
            if self.has_room() {
                return;
            }
            written.await;
        }
    }

    fn has_room(&self) -> bool {
        self.waiting().bytes < WAITING_BYTES_MAX
    }

    /// Writes what waits, and removes what is old, until `stop` resolves; then what still waits.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut removal = self.clock.now();
        loop {
            let now = self.clock.now();
            let stops = tokio::select! {
                () = &mut stop => true,
                () = self.full.notified() => false,
                () = self.clock.sleep_until(now.plus_millis(FLUSH_MS)) => false,
            };
            self.flush().await;
            if stops {
                return;
            }
            if now >= removal {
                removal = now.plus_millis(REMOVE_MS);
                if let Err(error) = self.remove_old(now).await {
                    tracing::error!(%error, "old rows of the trail were not removed");
                }
            }
        }
    }

    /// Writes what waits now, and not what comes meanwhile.
    pub async fn flush(&self) {
        let mut left = self.waiting().rows.len();
        while left > 0 {
            let rows = self.waiting().take(BATCH_BYTES);
            if rows.is_empty() {
                return;
            }
            left = left.saturating_sub(rows.len());
            self.write(rows).await;
            self.written.notify_waiters();
        }
    }

    /// Where the store takes no writes, what is lost is said in the log: calls are answered on a full disk too.
    async fn write(&self, rows: Vec<Row>) {
        let mut entries = block::gather(rows).into_iter().peekable();
        while entries.peek().is_some() {
            let (mut batch, mut bytes) = (Batch::new(), 0);
            for (key, lines) in entries.by_ref().take(BATCH_ENTRIES) {
                let packed = block::packed(&lines);
                bytes += packed.len();
                batch = batch.put(key, packed);
                // To pack them all takes longer than a request should wait.
                tokio::task::yield_now().await;
                if bytes >= COMMIT_BYTES {
                    break;
                }
            }
            let written = self.store.commit(batch).await;
            // Once: a store that failed takes no more writes until it is opened anew.
            if let Err(error) = written
                && !self.fails.swap(true, Ordering::Relaxed)
            {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "calls are missing in the trail from now on");
            }
        }
    }

    /// Removes the rows that are older than they are kept.
    async fn remove_old(&self, now: Timestamp) -> Result<(), StoreError> {
        let oldest = now.plus_millis(-i64::from(self.days) * DAY_MS);
        let (mut from, end) = (Key::new(FIRST), Key::new(END));
        // One turn for each account and region, and one for each batch.
        while let Some((found, _)) = self.store.scan(&from, &end, 1).await?.into_iter().next() {
            let Some(scope) = block::scope_of(&found) else {
                from = found.successor();
                continue;
            };
            let (expired, last) = (block::first_before(&scope, oldest), block::end_of(&scope));
            loop {
                let old = self.store.scan(&expired, &last, BATCH_ENTRIES).await?;
                if old.is_empty() {
                    break;
                }
                let batch = old.into_iter().fold(Batch::new(), |batch, (key, _)| batch.delete(key));
                match self.store.commit(batch).await {
                    Ok(_) => {}
                    Err(CommitError::Store(error)) => return Err(error),
                    Err(error) => return Err(StoreError::Failed(Arc::new(error))),
                }
            }
            from = last;
        }
        Ok(())
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
