//! `GET /events`: the audit log of the caller's account and region, as server-sent events.
//!
//! A stream follows the store's change feed and reads the log itself, so that it misses nothing, repeats
//! nothing and keeps nothing but its place: the next page is read when the connection has taken the last
//! one. The caller signs the request as any other and goes on after a break from the last id.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;
use hyper::body::Body;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request;
use hyper::{Request, Response, StatusCode};
use keywheel_domain::api::{ApiError, ErrorCode, Event, ListEventsRequest};
use keywheel_domain::time::{HOUR_MS, SECOND_MS, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::answer_body::AnswerBody;
use super::auth::{Authenticator, SECRETS_MANAGER};
use super::wire::{Refusal, Trace};
use super::{Server, wire};
use crate::clock::{Clock, Stopwatch};
use crate::ops::{Caller, Operations};
use crate::store::Revision;

/// Streams at a time. Each has a connection for itself, of which there are more.
const STREAMS_MAX: usize = 64;
/// A comment is sent when nothing was for this long, so that both sides notice a connection that is gone.
const KEEP_ALIVE_MS: i64 = 15 * SECOND_MS;
/// A stream ends after this time and is asked for anew, with a signature that counts then.
const STREAM_MS_MAX: i64 = HOUR_MS;
/// Events that are read, and kept in memory, at once.
const PAGE_EVENTS: usize = 100;
/// As the request is named in the log and in metrics.
const OPERATION: &str = "FollowEvents";

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const KEEP_ALIVE: Bytes = Bytes::from_static(b": keep-alive\n\n");

/// The room for streams, and the word that they end.
pub(super) struct Streams {
    places: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

impl Streams {
    pub(super) fn new() -> Self {
        Self { places: Arc::new(Semaphore::new(STREAMS_MAX)), stopping: watch::Sender::new(false) }
    }

    /// Ends all streams, and those that are still asked for at once.
    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    fn take(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| Refusal {
            status: StatusCode::SERVICE_UNAVAILABLE,
            error: ApiError::new(ErrorCode::Throttling, "Rate exceeded: too many streams of events at once"),
            closes: false,
        })
    }
}

impl Server {
    /// Answers with a stream, or says why there is none.
    pub(super) async fn answer_events<B>(&self, request: Request<B>) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes>,
    {
        let watch = Stopwatch::start();
        let request_id = self.request_ids.next();
        let (head, body) = request.into_parts();
        let mut trace = Trace { operation: Some(OPERATION), source: "keywheel", ..Trace::default() };
        match self.follow(&head, body, &mut trace).await {
            Ok(follower) => {
                self.record(trace, Ok(()), &request_id, 0, &watch);
                streamed(follower, &request_id)
            }
            Err(refusal) => self.refuse(refusal, trace, &request_id, &watch).map(AnswerBody::from),
        }
    }

    async fn follow<B>(&self, head: &request::Parts, body: B, trace: &mut Trace) -> Result<Follower, Refusal>
    where
        B: Body<Data = Bytes>,
    {
        let body = self.read_body(body).await?;
        trace.bytes_in = body.expose().len();
        let caller = trace.caller.insert(self.caller_of(head, body.expose(), SECRETS_MANAGER).await?).clone();
        // What was committed before this moment is not new to who names no place.
        let coming = self.operations.next_event_id(&caller).await?;
        let next = asked_for(head)?.unwrap_or(coming);
        let latest = self.clock.now().plus_millis(STREAM_MS_MAX);
        let session_ends = caller.session.as_ref().map(|session| session.expires);
        Ok(Follower {
            operations: Arc::clone(&self.operations),
            authenticator: Arc::clone(&self.authenticator),
            clock: Arc::clone(&self.clock),
            caller,
            next,
            changes: self.operations.store().changes(),
            stopping: self.streams.stopping.subscribe(),
            ends: session_ends.map_or(latest, |ends| ends.min(latest)),
            _place: self.streams.take()?,
        })
    }
}

/// Where the caller wants to go on: after the last event that it has seen, else at `from`.
fn asked_for(head: &request::Parts) -> Result<Option<u64>, ApiError> {
    let number = |text: &str, what: &str| {
        let wrong = || ApiError::new(ErrorCode::Validation, format!("{what} must be the number of an event"));
        text.parse::<u64>().map_err(|_| wrong())
    };
    if let Some(seen) = head.headers.get(LAST_EVENT_ID) {
        let seen = number(seen.to_str().unwrap_or_default(), "Last-Event-ID")?;
        return Ok(Some(seen.saturating_add(1)));
    }
    let mut parameters = head.uri.query().unwrap_or_default().split('&');
    let from = parameters.find_map(|parameter| parameter.strip_prefix("from="));
    from.map(|from| number(from, "from")).transpose()
}

fn streamed(follower: Follower, request_id: &str) -> Response<AnswerBody> {
    let frames = stream::unfold(follower, async |mut follower| {
        let frame = follower.next_frame().await?;
        Some((frame, follower))
    });
    let mut response = Response::new(AnswerBody::Stream(frames.boxed()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, EVENT_STREAM);
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(wire::REQUEST_ID, wire::header_of(request_id));
    response
}

/// Reads the log for one caller, from one place on.
struct Follower {
    operations: Arc<Operations>,
    authenticator: Arc<Authenticator>,
    clock: Arc<dyn Clock>,
    caller: Caller,
    /// The first event that was not looked at yet.
    next: u64,
    changes: watch::Receiver<Revision>,
    stopping: watch::Receiver<bool>,
    ends: Timestamp,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// The caller as the store has them now; `None` when they or their key are gone, or another one has the name.
    async fn caller_now(&self) -> Option<Caller> {
        if !self.authenticator.still_knows(&self.caller).await.ok()? {
            return None;
        }
        let caller = self.operations.identify(self.caller.clone()).await.ok()?;
        let id = |caller: &Caller| caller.identity().map(|identity| identity.id.clone());
        (id(&caller) == id(&self.caller)).then_some(caller)
    }

    /// The next events, or a comment when there are none for a while; `None` when the stream ends.
    async fn next_frame(&mut self) -> Option<Bytes> {
        let silent_until = self.clock.now().plus_millis(KEEP_ALIVE_MS).min(self.ends);
        loop {
            if *self.stopping.borrow() || self.clock.now() >= self.ends {
                return None;
            }
            // Before the look, so that what is committed during it wakes.
            self.changes.mark_unchanged();
            let request = ListEventsRequest {
                from: Some(self.next),
                max_results: Some(PAGE_EVENTS),
                ..ListEventsRequest::default()
            };
            // Why it failed is in the log, or the caller may no longer read: asking anew tells which.
            let caller = self.caller_now().await?;
            let page = self.operations.list_events(&caller, request).await.ok()?;
            let was_at = std::mem::replace(&mut self.next, page.next_event_id);
            if !page.events.is_empty() {
                return Some(frame_of(&page.events));
            }
            if was_at != self.next {
                // A long way through events of others must not hold up who shares the thread.
                tokio::task::yield_now().await;
                continue;
            }
            tokio::select! {
                biased;
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                // An error: the store takes no more commits, so that nothing will come.
                changed = self.changes.changed() => changed.ok()?,
                () = self.clock.sleep_until(silent_until) => {
                    return (self.clock.now() < self.ends).then_some(KEEP_ALIVE);
                }
            }
        }
    }
}

/// Events as the stream carries them. JSON holds no line feed, so that each takes one `data` line.
fn frame_of(events: &[Event]) -> Bytes {
    let mut frame = String::new();
    for event in events {
        let data = serde_json::to_string(event).expect("an event has text keys and no failing serializer");
        frame.push_str(&format!("id: {}\nevent: {}\ndata: {data}\n\n", event.event_id, event.event));
    }
    Bytes::from(frame)
}
