//! ListEvents: the audit log of the caller's account and region (`Keywheel.ListEvents`).

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS};
use super::{ApiError, Bounds, Request};
use crate::time::{self, Timestamp};

/// Names of events in one request.
pub(super) const EVENTS: Bounds = 1..=50;
/// The name of an event.
pub(super) const EVENT_CHARS: Bounds = 1..=64;

/// Lists what was done, in the order of commits.
#[derive(Clone, Debug, Default)]
pub struct ListEventsRequest {
    /// The first event to look at; the first there is when absent.
    pub from: Option<u64>,
    /// 1 to 100 in a page.
    pub max_results: Option<usize>,
    /// Name or ARN: only what was done to this secret, which may be gone by now.
    pub secret_id: Option<String>,
    /// Only events of these names.
    pub events: Option<Vec<String>>,
}

impl Request for ListEventsRequest {
    const NAME: &'static str = "ListEvents";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let from = members.bounded_integer("From", 1..=usize::MAX)?;
        Ok(Self {
            from: from.and_then(|from| u64::try_from(from).ok()),
            max_results: members.bounded_integer("MaxResults", 1..=100)?,
            secret_id: members.text("SecretId", SECRET_ID_CHARS)?,
            events: members.list("Events", EVENTS, EVENT_CHARS)?,
        })
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Event {
    /// Its place in the log: 1, 2, 3, without a gap over all accounts and regions.
    pub event_id: u64,
    /// Seconds since the epoch. The clock may have been set meanwhile; the order is that of the ids.
    #[serde(serialize_with = "time::wire::required")]
    pub time: Timestamp,
    /// The operation or what happened, for example `RotationSucceeded`.
    pub event: String,
    /// ARN of who did it.
    pub caller: String,
    /// Full ARN of the secret, or of the user that it is about.
    #[serde(rename = "SecretARN")]
    pub secret_arn: String,
    /// The version that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// A sentence for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A page of events.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListEventsResponse {
    /// In the order of their ids. There may be none in a page that was filtered, and more behind it.
    pub events: Vec<Event>,
    /// The `From` of the next page. It is the `From` of this one when there is nothing more yet.
    pub next_event_id: u64,
}
