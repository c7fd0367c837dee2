//! One webhook: reads the log from its place on, delivers what it wants, commits how far it was told.
//!
//! On disk at each `await`: the number of the last row that is known to be delivered. Dying while a
//! request is on its way, or before what came of it is committed, leaves that number, and the row is
//! delivered again.

use std::collections::VecDeque;
use std::sync::Arc;

use keywheel_domain::api::ApiError;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::time::Timestamp;
use keywheel_domain::webhook::{EndpointError, Outcome, Webhook};
use tokio::sync::watch;

use super::http::told;
use super::{FAULT_PAUSE_MS, News, Webhooks, sign};
use crate::audit::{self, AuditRow};
use crate::ops::Seen;
use crate::store::Key;

/// Rows that are read, and kept in memory, at once.
const ROWS_AT_ONCE: usize = 64;
/// Rows that are passed over before that is noted on disk: so many are read again after a restart.
const PASSED_MAX: u64 = 1000;

/// What to do next.
enum Next {
    /// Go on.
    Again,
    /// Wait for news, or for a time.
    Wait(Option<Timestamp>),
    /// The webhook was taken away.
    End,
}

/// The task of one webhook.
pub(super) struct Follower {
    webhooks: Arc<Webhooks>,
    /// Where its record is.
    place: Key,
    /// As it was when the task began: name, scope and id never change.
    webhook: Webhook,
    news: watch::Receiver<News>,
    /// The news when the record was last looked at.
    looked_at: News,
    stop: watch::Receiver<bool>,
    /// Rows that were read and not looked at.
    rows: VecDeque<(u64, AuditRow)>,
    /// The first row that was not read.
    unread: u64,
    /// The last row that was told or passed over, which may not be on disk.
    passed: u64,
    /// The signing secret, and the sealed one that it was opened from.
    secret: Option<(String, Sensitive<Vec<u8>>)>,
}

impl Follower {
    pub(super) fn new(
        webhooks: Arc<Webhooks>,
        webhook: &Webhook,
        place: Key,
        news: watch::Receiver<News>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            webhooks,
            place,
            webhook: webhook.clone(),
            news,
            looked_at: News::default(),
            stop,
            rows: VecDeque::new(),
            unread: webhook.cursor.saturating_add(1),
            passed: webhook.cursor,
            secret: None,
        }
    }

    /// Delivers until the webhook is taken away or the process stops.
    pub(super) async fn run(mut self) {
        while !*self.stop.borrow() {
            match self.step().await {
                // A long way through rows of others must not hold up who shares the thread.
                Ok(Next::Again) => tokio::task::yield_now().await,
                Ok(Next::Wait(until)) => self.wait(until).await,
                Ok(Next::End) => break,
                Err(error) => {
                    tracing::error!(%error, webhook = self.webhook.name, "deliveries rest after a fault");
                    self.pause().await;
                }
            }
        }
        if !*self.stop.borrow() {
            let Webhook { scope, name, .. } = &self.webhook;
            self.webhooks.metrics.webhooks().forget(scope, name);
        }
    }

    /// Delivers until there is nothing to do now; returns when to try again, if at a time.
    pub(super) async fn tick(mut self) -> Result<Option<Timestamp>, ApiError> {
        loop {
            match self.step().await? {
                Next::Again => {}
                Next::Wait(until) => return Ok(until),
                Next::End => return Ok(None),
            }
        }
    }

    async fn step(&mut self) -> Result<Next, ApiError> {
        // Before the look, so that what comes during it ends the wait.
        self.looked_at = *self.news.borrow_and_update();
        let Some(seen) = self.seen().await? else { return Ok(Next::End) };
        self.passed = self.passed.max(seen.record.cursor);
        self.count_backlog();
        if !seen.record.enabled {
            return Ok(Next::Wait(None));
        }
        if let Some(until) = seen.record.rests_until(self.webhooks.clock.now()) {
            return Ok(Next::Wait(Some(until)));
        }
        if self.rows.is_empty() && !self.read().await? {
            return Ok(Next::Wait(None));
        }
        let Some((number, row)) = self.wanted(&seen.record) else { return self.pass_over(&seen).await };
        let outcome = self.deliver(&seen.record, number, row).await?;
        self.settle(seen, number, &outcome).await
    }

    /// The record of this webhook, unless it was taken away; another one of its name has another task.
    async fn seen(&self) -> Result<Option<Seen<Webhook>>, ApiError> {
        let seen = self.webhooks.ops.load_webhook(self.place.clone()).await?;
        Ok(seen.filter(|seen| seen.record.id == self.webhook.id))
    }

    /// Reads the next rows; `false` when there are none yet.
    async fn read(&mut self) -> Result<bool, ApiError> {
        let store = self.webhooks.ops.store();
        let page = audit::read(store.as_ref(), self.unread, ROWS_AT_ONCE).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "the audit log cannot be read");
            ApiError::internal()
        })?;
        let is_more = page.next != self.unread;
        self.unread = page.next;
        self.rows.extend(page.rows);
        Ok(is_more)
    }

    /// The first row in memory that is for this webhook. It stays there until it is delivered.
    fn wanted(&mut self, webhook: &Webhook) -> Option<(u64, AuditRow)> {
        while let Some((number, row)) = self.rows.front() {
            let is_new = *number > webhook.cursor;
            if is_new && row.is_about(&webhook.scope, None) && webhook.wants(&row.event) {
                return Some((*number, row.clone()));
            }
            self.passed = self.passed.max(*number);
            self.rows.pop_front();
        }
        None
    }

    /// Notes that many rows were none of this webhook's.
    async fn pass_over(&self, seen: &Seen<Webhook>) -> Result<Next, ApiError> {
        if self.passed.saturating_sub(seen.record.cursor) >= PASSED_MAX {
            // A conflict means that somebody set it anew; the next look notes it.
            self.webhooks.ops.advance_webhook(seen, &seen.record.passed(self.passed)).await?;
        }
        Ok(Next::Again)
    }

    async fn deliver(&mut self, webhook: &Webhook, number: u64, row: AuditRow) -> Result<Outcome, ApiError> {
        let endpoint = match webhook.url.parse() {
            Ok(endpoint) => endpoint,
            Err(error) => return Ok(Outcome::Failed(EndpointError::to_string(&error))),
        };
        let secret = match self.secret.take().filter(|(sealed, _)| *sealed == webhook.sealed_secret) {
            Some((_, secret)) => secret,
            None => self.webhooks.ops.webhook_secret(webhook).await?,
        };
        let now = self.webhooks.clock.now();
        let delivery = sign::signed(endpoint, &row.into_event(number), secret.expose(), now);
        self.secret = Some((webhook.sealed_secret.clone(), secret));
        let outcome = match self.webhooks.deliver.post(delivery).await {
            Ok(status) => Outcome::Answered(status),
            Err(error) => Outcome::Failed(told(&error)),
        };
        self.webhooks.metrics.webhooks().delivery(&webhook.scope, &webhook.name, outcome.as_str());
        Ok(outcome)
    }

    /// Commits what came of a delivery. One that arrived is committed however long it takes, because the
    /// endpoint would get it again otherwise.
    async fn settle(
        &mut self,
        mut seen: Seen<Webhook>,
        number: u64,
        outcome: &Outcome,
    ) -> Result<Next, ApiError> {
        let jitter = u64::from_le_bytes(crate::entropy::bytes(self.webhooks.entropy.as_ref()));
        while !*self.stop.borrow() || outcome.is_delivered() {
            let after = seen.record.after(number, outcome, self.webhooks.clock.now(), jitter);
            match self.webhooks.ops.advance_webhook(&seen, &after).await {
                Ok(true) => {
                    log(&seen.record, &after, number);
                    break;
                }
                // Somebody set it anew: what its endpoint was before says nothing of what it is now.
                Ok(false) if !outcome.is_delivered() => break,
                Ok(false) => {}
                Err(_) if *self.stop.borrow() => break,
                Err(_) => self.pause().await,
            }
            match self.seen().await {
                Ok(Some(found)) => seen = found,
                Ok(None) => return Ok(Next::End),
                Err(_) if *self.stop.borrow() => break,
                // The record as it was is committed again, and conflicts if it is another one by now.
                Err(_) => {}
            }
        }
        Ok(Next::Again)
    }

    /// Waits for news, or for this time and nothing but what somebody changes at a webhook.
    async fn wait(&mut self, until: Option<Timestamp>) {
        let clock = Arc::clone(&self.webhooks.clock);
        let mut time = std::pin::pin!(async {
            match until {
                Some(until) => clock.sleep_until(until).await,
                None => std::future::pending().await,
            }
        });
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut self.stop) => return,
                changed = self.news.changed() => {
                    // Without a sender the process stops.
                    if changed.is_err() || until.is_none() || self.news.borrow().settings != self.looked_at.settings {
                        return;
                    }
                    self.count_backlog();
                }
                () = time.as_mut() => return,
            }
        }
    }

    async fn pause(&mut self) {
        let until = self.webhooks.clock.now().plus_millis(FAULT_PAUSE_MS);
        tokio::select! {
            () = stopped(&mut self.stop) => {}
            () = self.webhooks.clock.sleep_until(until) => {}
        }
    }

    fn count_backlog(&self) {
        let rows = self.news.borrow().last_event.saturating_sub(self.passed);
        let Webhook { scope, name, .. } = &self.webhook;
        self.webhooks.metrics.webhooks().set_backlog(scope, name, rows);
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Should the sender be gone, the process is ending as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Tells the operator when a webhook begins to fail and when it is well again, and not each time.
fn log(before: &Webhook, after: &Webhook, number: u64) {
    let (webhook, event_id) = (&before.name, number);
    let why = after.last_try.as_ref().and_then(|last| last.error.as_deref()).unwrap_or_default();
    match (before.failures, after.failures) {
        _ if !after.enabled => tracing::warn!(webhook, event_id, why, "a webhook is disabled"),
        (0, 0) => tracing::debug!(webhook, event_id, "an event was delivered"),
        (failures, 0) => tracing::info!(webhook, event_id, failures, "events are delivered again"),
        (0, _) => tracing::warn!(webhook, event_id, why, "an event is not delivered, and is tried again"),
        (_, failures) => tracing::debug!(webhook, event_id, why, failures, "an event is not delivered"),
    }
}
