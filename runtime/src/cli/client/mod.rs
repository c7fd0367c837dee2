//! A client of the API: one signed HTTP/1.1 request on a connection of its own, one bounded answer.
//!
//! Every wait has an end, and so has every answer. Nothing is sent twice by itself: who repeats a request
//! gives it a token that makes the second one change nothing.

mod error;
mod exchange;
mod rest;
mod settings;
mod stream;

use std::sync::{Arc, OnceLock};

use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::time::{SECOND_MS, Timestamp};
use keywheel_host::Authorities;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

pub(super) use self::error::ClientError;
use self::exchange::{Outgoing, SECRETS_MANAGER};
pub(super) use self::rest::{RestAnswer, RestCall, segment};
pub(super) use self::settings::Settings;
pub(super) use self::stream::{EventStream, Message, Next};
use crate::clock::{Clock, SystemClock};
use crate::entropy::{self, Entropy, SystemEntropy};

/// To connect.
const CONNECT_MS_MAX: i64 = 5 * SECOND_MS;
/// From the request to the last byte of its answer.
const ANSWER_MS_MAX: i64 = 30 * SECOND_MS;
/// Bytes of an answer. A full page of a listing is far below it.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Pages of a listing that are read: 100 items each.
const PAGES_MAX: usize = 100;

/// Whom requests go to, who signs them, and what time and randomness they take.
pub(super) struct Client {
    settings: Settings,
    /// Whom the server must be vouched for by, once it was asked for.
    tls: OnceLock<Arc<Authorities>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// The JSON of an answer. It may hold the secret half of an access key.
#[derive(Debug)]
pub(super) struct Answer(Sensitive<Vec<u8>>);

impl Answer {
    /// As it came.
    pub(super) fn text(&self) -> Result<&str, ClientError> {
        str::from_utf8(self.0.expose()).map_err(|_| ClientError::Unreadable)
    }

    /// Its members.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        // The parser's own sentence may repeat a part of the answer.
        serde_json::from_slice(self.0.expose()).map_err(|_| ClientError::Unreadable)
    }
}

/// All pages of a listing.
#[derive(Debug)]
pub(super) struct Listing {
    /// As one object: the answer itself where there was one page.
    pub(super) json: String,
    /// Each as it came.
    pub(super) items: Vec<Box<RawValue>>,
    /// There are more, which were not read.
    pub(super) is_cut: bool,
}

impl Listing {
    /// The items.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<Vec<T>, ClientError> {
        let items = self.items.iter().map(|item| serde_json::from_str(item.get()));
        items.collect::<Result<_, _>>().map_err(|_| ClientError::Unreadable)
    }
}

impl Client {
    /// A client on the clock and the randomness of the system.
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            tls: OnceLock::new(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
        }
    }

    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) async fn pause(&self, millis: i64) {
        self.clock.sleep_until(self.clock.now().plus_millis(millis)).await;
    }

    /// A token that makes a request the same one when it is sent again.
    pub(super) fn token(&self) -> String {
        entropy::uuid(self.entropy.as_ref())
    }

    /// A random number below `bound`.
    pub(super) fn draw(&self, bound: usize) -> usize {
        entropy::uniform(self.entropy.as_ref(), bound)
    }

    /// Calls an operation, such as `Keywheel.ListApprovals`.
    ///
    /// # Errors
    /// The server is not there, refuses, or does not answer as it should.
    pub(super) async fn call(&self, target: &str, members: &Value) -> Result<Answer, ClientError> {
        let body = members.to_string().into_bytes();
        self.post(target, body).await.map(Answer)
    }

    /// Calls an operation that answers in pages until the last of them; `list` is the member that holds
    /// the items.
    pub(super) async fn list(
        &self,
        target: &str,
        list: &str,
        mut members: Value,
    ) -> Result<Listing, ClientError> {
        let mut items: Vec<Box<RawValue>> = Vec::new();
        let mut next = None;
        for number in 1..=PAGES_MAX {
            let answer = self.call(target, &members).await?;
            let mut page: std::collections::BTreeMap<String, Box<RawValue>> = answer.read()?;
            let found = page.remove(list).ok_or(ClientError::Unreadable)?;
            let found: Vec<Box<RawValue>> =
                serde_json::from_str(found.get()).map_err(|_| ClientError::Unreadable)?;
            items.extend(found);
            next = page.remove("NextToken");
            match &next {
                None if number == 1 => {
                    return Ok(Listing { json: answer.text()?.to_owned(), items, is_cut: false });
                }
                None => break,
                Some(token) => {
                    members["NextToken"] =
                        serde_json::from_str(token.get()).map_err(|_| ClientError::Unreadable)?;
                }
            }
        }
        let texts: Vec<&str> = items.iter().map(|item| item.get()).collect();
        let rest = next.as_ref().map(|token| format!(r#","NextToken":{}"#, token.get())).unwrap_or_default();
        let json = format!(r#"{{"{list}":[{}]{rest}}}"#, texts.join(","));
        Ok(Listing { json, items, is_cut: next.is_some() })
    }

    /// Opens the stream of events: those after the event `seen`, else those from `from` on, else those to
    /// come.
    ///
    /// # Errors
    /// As those of [`Client::call`].
    pub(super) async fn follow(
        &self,
        seen: Option<u64>,
        from: Option<u64>,
    ) -> Result<EventStream, ClientError> {
        let seen = seen.map(|seen| seen.to_string());
        let query = from.filter(|_| seen.is_none()).map(|from| format!("from={from}")).unwrap_or_default();
        let headers: Vec<_> = seen.iter().map(|seen| ("last-event-id", seen.as_str())).collect();
        let outgoing = Outgoing {
            service: SECRETS_MANAGER,
            method: "GET",
            path: "/events",
            query: &query,
            headers: &headers,
            body: Vec::new(),
        };
        let (incoming, connection) = self.open(outgoing).await?;
        Ok(EventStream::new(incoming, connection, Arc::clone(&self.clock)))
    }
}

#[cfg(test)]
mod tests;
