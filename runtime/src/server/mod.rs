//! The HTTP door: HTTP/1.1 over TLS or, on this machine, plain TCP; the AWS JSON 1.1 and Query protocols, SigV4 on
//! each request.
//!
//! A request passes `tls` and `listen` (bounds), `wire` (an answer to everything), `body` (read within bounds),
//! `auth` (who signed it) and then [`Operations`]. Beside the API there are `GET /events`, signed like
//! it, and `GET /healthz` and `GET /metrics`, which need no signature and tell nothing of any secret.
//!
//! Deliberately absent: rules about secrets. What arrives here is named in logs, never repeated.

// A request moves its future a few times; with the longest branch in it, it had 14 KiB.
#![cfg_attr(not(test), warn(clippy::large_futures))]

mod answer_body;
mod auth;
mod body;
mod events;
mod health;
mod lambda;
mod listen;
mod query;
mod request_id;
mod route;
mod tls;
mod wire;

use std::sync::Arc;

use tokio::sync::Semaphore;

pub use self::answer_body::AnswerBody;
pub use self::listen::{BindError, Listener, Origin};
pub use self::tls::{CertificateError, Certificates};

use self::auth::Authenticator;
use self::events::Streams;
use self::request_id::RequestIds;
use crate::audit::trail::Trail;
use crate::clock::Clock;
use crate::config::LimitsConfig;
use crate::entropy::Entropy;
use crate::metrics::Metrics;
use crate::ops::Operations;
use crate::vault::AccessKeys;
use crate::worker::Lambda;

/// What a server works with.
pub struct Parts {
    /// The API's actions.
    pub operations: Arc<Operations>,
    /// What requests are signed with.
    pub access_keys: Arc<AccessKeys>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Makes request ids.
    pub entropy: Arc<dyn Entropy>,
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
    /// What clients may take.
    pub limits: LimitsConfig,
}

/// Answers requests. It keeps nothing between two of them but caches.
pub struct Server {
    operations: Arc<Operations>,
    authenticator: Arc<Authenticator>,
    clock: Arc<dyn Clock>,
    request_ids: RequestIds,
    metrics: Arc<Metrics>,
    limits: LimitsConfig,
    /// The room for bodies that are being read and answered.
    bodies: Semaphore,
    /// The room for those that carry code.
    code_bodies: Semaphore,
    /// One for each request that may be answered at the same time.
    turns: Semaphore,
    /// Deployed functions, where there are any.
    lambda: Option<Arc<Lambda>>,
    /// Where calls are written down, if they are.
    trail: Option<Arc<Trail>>,
    streams: Streams,
}

impl Server {
    /// A server over these parts. It takes requests through [`Listener::serve`], or one by one
    /// through [`Server::answer`].
    pub fn new(parts: Parts) -> Self {
        let Parts { operations, access_keys, clock, entropy, metrics, limits } = parts;
        let authenticator = Arc::new(Authenticator::new(access_keys, Arc::clone(&clock)));
        let request_ids = RequestIds::new(&*entropy);
        let bodies = body::room(&limits);
        Self {
            operations,
            authenticator,
            clock,
            request_ids,
            metrics,
            limits,
            bodies,
            code_bodies: body::room_for_code(),
            turns: Semaphore::new(limits.requests_max),
            lambda: None,
            trail: None,
            streams: Streams::new(),
        }
    }

    /// The server with the AWS Lambda API beside that of Secrets Manager.
    #[must_use]
    pub fn with_lambda(mut self, lambda: Arc<Lambda>) -> Self {
        self.lambda = Some(lambda);
        self
    }

    /// The server that writes each call down.
    #[must_use]
    pub fn with_trail(mut self, trail: Arc<Trail>) -> Self {
        self.trail = Some(trail);
        self
    }
}

#[cfg(test)]
mod tests;
