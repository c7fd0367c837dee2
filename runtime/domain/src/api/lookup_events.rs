//! LookupEvents, of AWS CloudTrail.

use serde::Serialize;

use super::members::{Bounds, Members};
use super::{ApiError, ErrorCode, Request};
use crate::time::{self, SECOND_MS, Timestamp};

/// CloudTrail's limit of a page.
const RESULTS: Bounds = 1..=50;
/// Characters of a value to look for.
const VALUE_CHARS: Bounds = 1..=2000;
const TOKEN_CHARS: Bounds = 1..=4096;

/// What events are looked for by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupKey {
    /// The id of the event.
    EventId,
    /// The operation.
    EventName,
    /// `true` or `false`.
    ReadOnly,
    /// The name of a user, or `root`.
    Username,
    /// Such as `AWS::SecretsManager::Secret`.
    ResourceType,
    /// As the caller named it.
    ResourceName,
    /// Such as `secretsmanager.amazonaws.com`.
    EventSource,
    /// The access key that signed.
    AccessKeyId,
}

impl LookupKey {
    const WORDS: [(&str, Self); 8] = [
        ("EventId", Self::EventId),
        ("EventName", Self::EventName),
        ("ReadOnly", Self::ReadOnly),
        ("Username", Self::Username),
        ("ResourceType", Self::ResourceType),
        ("ResourceName", Self::ResourceName),
        ("EventSource", Self::EventSource),
        ("AccessKeyId", Self::AccessKeyId),
    ];

    /// As on the wire.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, key)| *key == self).map_or("", |(word, _)| word)
    }
}

/// Lists calls of the API, the latest first.
#[derive(Clone, Debug)]
pub struct LookupEventsRequest {
    /// One attribute, or all events.
    pub attribute: Option<(LookupKey, String)>,
    /// Not before this moment.
    pub start: Option<Timestamp>,
    /// Not after this moment.
    pub end: Option<Timestamp>,
    /// Events in the page, 1 to 50.
    pub max_results: Option<usize>,
    /// From the page before.
    pub next_token: Option<String>,
}

impl Request for LookupEventsRequest {
    const NAME: &'static str = "LookupEvents";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let attributes = members.structures("LookupAttributes", 0..=usize::MAX, |attribute| {
            let key = attribute.required_word("AttributeKey", &LookupKey::WORDS)?;
            Ok((key, attribute.required_text("AttributeValue", VALUE_CHARS)?))
        })?;
        let mut attributes = attributes.unwrap_or_default();
        if attributes.len() > 1 {
            return Err(ApiError::new(
                ErrorCode::InvalidLookupAttributes,
                "You can specify only one lookup attribute.",
            ));
        }
        let (start, end) = (moment(members, "StartTime")?, moment(members, "EndTime")?);
        if let (Some(start), Some(end)) = (start, end)
            && start > end
        {
            return Err(ApiError::new(
                ErrorCode::InvalidTimeRange,
                "The start time must not be later than the end time.",
            ));
        }
        Ok(Self {
            attribute: attributes.pop().and_then(|(key, value)| Some((key?, value))),
            start,
            end,
            max_results: members.bounded_integer("MaxResults", RESULTS)?,
            next_token: members.text("NextToken", TOKEN_CHARS)?,
        })
    }
}

/// A moment in seconds since the epoch, whole or with a fraction.
fn moment(members: &mut Members, name: &str) -> Result<Option<Timestamp>, ApiError> {
    let Some(seconds) = members.number(name)? else { return Ok(None) };
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a cast saturates")]
    let millis = (seconds * SECOND_MS as f64) as i64;
    Ok(Some(Timestamp::from_millis(millis)))
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventResource {
    /// Such as `AWS::SecretsManager::Secret`.
    pub resource_type: &'static str,
    /// As the caller named it.
    pub resource_name: String,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LookedUpEvent {
    /// Of the event.
    pub event_id: String,
    /// The operation.
    pub event_name: String,
    /// `true` or `false`.
    pub read_only: String,
    /// The access key that signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    /// When it was answered.
    #[serde(serialize_with = "time::wire::required")]
    pub event_time: Timestamp,
    /// Such as `secretsmanager.amazonaws.com`.
    pub event_source: String,
    /// The name of a user, or `root`.
    pub username: String,
    /// One at most.
    pub resources: Vec<EventResource>,
    /// All that is known of it, as JSON text.
    pub cloud_trail_event: String,
}

/// A page of calls.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LookupEventsResponse {
    /// The latest first. There may be none in a page that was filtered, and more behind it.
    pub events: Vec<LookedUpEvent>,
    /// For the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}
