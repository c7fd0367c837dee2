//! Tells the audit log to webhooks: signed HTTP requests, at least once and in order for each of them.
//!
//! The log is the outbox, and a webhook's record says how far it was told. Nothing else is kept: a process
//! that dies between a delivery and the commit of its row's number delivers that row again. Each webhook
//! has a task of its own that waits for its endpoint alone, so that one that is dead holds up nobody.
//!
//! Deliberately absent: sockets (behind [`Deliver`]), and audit rows about deliveries, which would be
//! delivered in turn.

mod follow;
mod http;
mod sign;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use keywheel_domain::api::ApiError;
use keywheel_domain::time::{SECOND_MS, Timestamp};
use keywheel_domain::webhook::Endpoint;
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};

use self::follow::Follower;
pub use self::http::{DeliverError, HttpDeliver};
pub use self::sign::{EVENT_ID, SIGNATURE, TIMESTAMP};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::metrics::Metrics;
use crate::ops::Operations;
use crate::store::{Key, Revision};

/// The pause after the store failed.
const FAULT_PAUSE_MS: i64 = 10 * SECOND_MS;
/// What deliveries that are on their way get to end when the process stops.
const DRAIN_MS_MAX: i64 = 2 * SECOND_MS;

/// One request to an endpoint.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Where it goes.
    pub endpoint: Endpoint,
    /// Beside those that HTTP asks for. They hold a signature and nothing secret.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
}

/// Sends requests to endpoints of webhooks.
#[async_trait]
pub trait Deliver: Send + Sync + 'static {
    /// Sends one POST request and returns the status of its answer; redirects are not followed. It comes to
    /// an end by itself, whatever the endpoint does.
    ///
    /// The endpoint may have taken the request when this fails, when the process dies before it returns,
    /// and when the future is dropped: the request is then sent again, with the same event id.
    async fn post(&self, delivery: Delivery) -> Result<u16, DeliverError>;
}

/// What the tasks of webhooks wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct News {
    /// The last row of the log.
    last_event: u64,
    /// Moves when a webhook is changed by somebody.
    settings: Option<Revision>,
}

/// The deliveries of one process.
pub struct Webhooks {
    ops: Arc<Operations>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    deliver: Arc<dyn Deliver>,
    metrics: Arc<Metrics>,
}

/// The tasks that run, each for the webhook of this place and id.
#[derive(Default)]
struct Tasks {
    running: JoinSet<()>,
    webhooks: HashMap<Id, (Key, String)>,
}

impl Webhooks {
    /// Deliveries over these ports.
    pub fn new(
        ops: Arc<Operations>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        deliver: Arc<dyn Deliver>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { ops, clock, entropy, deliver, metrics }
    }

    /// Delivers until `stop` turns true. A delivery that takes longer to end is cut off, and repeated by the
    /// next process.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut changes = self.ops.store().changes();
        let news = watch::Sender::new(News::default());
        let mut tasks = Tasks::default();
        while !*stop.borrow() {
            // Before the look, so that what is committed during it wakes.
            changes.mark_unchanged();
            let wake_at = match self.look(&news, &mut tasks, &stop).await {
                Ok(()) => None,
                Err(error) => {
                    tracing::error!(%error, "cannot look for events to deliver");
                    Some(self.clock.now().plus_millis(FAULT_PAUSE_MS))
                }
            };
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                Ok(()) = changes.changed(), if wake_at.is_none() => {}
                Some(ended) = tasks.running.join_next_with_id() => tasks.forget(&ended),
                () = self.sleep_until(wake_at) => {}
            }
        }
        drop(news);
        let deadline = self.clock.now().plus_millis(DRAIN_MS_MAX);
        tokio::select! {
            biased;
            () = async { while tasks.running.join_next().await.is_some() {} } => {}
            () = self.clock.sleep_until(deadline) => tasks.running.shutdown().await,
        }
    }

    /// Tells each webhook what is due, one after the other, and returns when one is tried again. For the
    /// simulation, where nothing runs at the same time unless it is meant to.
    pub async fn tick(self: &Arc<Self>) -> Result<Option<Timestamp>, ApiError> {
        let news = News { last_event: self.ops.last_event_id().await?, settings: None };
        let (news, stop) = (watch::Sender::new(news), watch::Sender::new(false));
        let mut again: Option<Timestamp> = None;
        for seen in self.ops.all_webhooks().await? {
            let (news, stop) = (news.subscribe(), stop.subscribe());
            let follower = Follower::new(Arc::clone(self), &seen.record, seen.key, news, stop);
            let until = follower.tick().await?;
            again = again.into_iter().chain(until).min();
        }
        Ok(again)
    }

    /// Wakes the tasks when there is something for them, and starts those of new webhooks. The cost of a
    /// commit that concerns no webhook is two reads.
    async fn look(
        self: &Arc<Self>,
        news: &watch::Sender<News>,
        tasks: &mut Tasks,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), ApiError> {
        let settings = self.ops.webhook_settings().await?;
        let latest = News { last_event: self.ops.last_event_id().await?, settings };
        if news.borrow().settings != settings {
            for seen in self.ops.all_webhooks().await? {
                let webhook = (seen.key, seen.record.id.clone());
                if tasks.webhooks.values().any(|running| *running == webhook) {
                    continue;
                }
                let follower = Follower::new(
                    Arc::clone(self),
                    &seen.record,
                    webhook.0.clone(),
                    news.subscribe(),
                    stop.clone(),
                );
                let task = tasks.running.spawn(follower.run());
                tasks.webhooks.insert(task.id(), webhook);
            }
        }
        news.send_if_modified(|before| std::mem::replace(before, latest) != latest);
        Ok(())
    }

    async fn sleep_until(&self, at: Option<Timestamp>) {
        match at {
            Some(at) => self.clock.sleep_until(at).await,
            None => std::future::pending().await,
        }
    }
}

impl Tasks {
    fn forget(&mut self, ended: &Result<(Id, ()), tokio::task::JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            Err(error) => {
                tracing::error!(%error, "deliveries to a webhook ended: it is started again when it is set anew");
                error.id()
            }
        };
        self.webhooks.remove(&id);
    }
}
