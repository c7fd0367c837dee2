//! LookupEvents.

use std::borrow::Cow;

use keywheel_domain::api::{
    ApiError, EventResource, LookedUpEvent, LookupEventsRequest, LookupEventsResponse, LookupKey,
};
use keywheel_domain::time::{DAY_MS, Timestamp};

use super::next_token::{invalid_token, listing};
use super::{Caller, Operations};
use crate::audit::trail::{self, Call, Found, Place};

/// Events in a page that names no number.
const PAGE_EVENTS_DEFAULT: usize = 50;
/// Calls that are looked at for one answer, and those of one page more, however few pass the filter.
const CALLS_READ_MAX: usize = 10_000;
/// Pages of the store that are looked at for one answer: of a quiet server they hold few calls.
const PAGES_READ_MAX: usize = 50;
/// How far back one looks who names no start.
const DAYS_SHOWN: i64 = 90;

impl Operations {
    /// Lists calls of the API in the caller's account and region, the latest first.
    pub async fn lookup_events(
        &self,
        caller: &Caller,
        request: LookupEventsRequest,
    ) -> Result<LookupEventsResponse, ApiError> {
        self.authorize(caller, "cloudtrail:LookupEvents", None)?;
        let (key, value) = request.attribute.as_ref().map_or(("", ""), |(key, value)| (key.as_str(), value));
        let named = |moment: Option<Timestamp>| moment.map(|at| at.millis().to_string()).unwrap_or_default();
        let (start, end) = (named(request.start), named(request.end));
        let listing = listing(caller, "LookupEvents", &[key, value, &start, &end]);
        let position = self.position(&listing, request.next_token.as_deref())?;
        let mut after = match position {
            Some(position) => Some(Place::parse(&position).ok_or_else(invalid_token)?),
            None => None,
        };
        let now = self.clock.now();
        let between = (
            request.start.unwrap_or_else(|| now.plus_millis(-DAYS_SHOWN * DAY_MS)),
            request.end.unwrap_or(now),
        );
        let wanted = request.max_results.unwrap_or(PAGE_EVENTS_DEFAULT);
        let (scope, mut events, mut read) = (caller.scope(), Vec::new(), 0);
        for _ in 0..PAGES_READ_MAX {
            let page = trail::calls(&**self.store(), &scope, between, after.take()).await;
            let page = page.map_err(|error| {
                tracing::error!(error = &error as &dyn std::error::Error, "the trail cannot be read");
                ApiError::internal()
            })?;
            read += page.calls.len();
            for found in page.calls {
                if events.len() == wanted {
                    return Ok(self.events_page(&listing, events, Some(&found.place)));
                }
                if passes(&found.call, request.attribute.as_ref()) {
                    events.push(event(found));
                }
            }
            after = page.next;
            if after.is_none() || read >= CALLS_READ_MAX {
                break;
            }
        }
        Ok(self.events_page(&listing, events, after.as_ref()))
    }

    fn events_page(
        &self,
        listing: &str,
        events: Vec<LookedUpEvent>,
        next: Option<&Place>,
    ) -> LookupEventsResponse {
        let next_token = next.map(|place| self.next_token(listing, &place.to_string()));
        LookupEventsResponse { events, next_token }
    }
}

fn passes(call: &Call<'_>, attribute: Option<&(LookupKey, String)>) -> bool {
    let Some((key, wanted)) = attribute else { return true };
    match key {
        LookupKey::EventId => call.event_id() == wanted,
        LookupKey::EventName => call.event_name == *wanted,
        LookupKey::ReadOnly => call.is_read_only().to_string() == *wanted,
        LookupKey::Username => call.username() == wanted,
        LookupKey::ResourceType => call.resource().is_some_and(|(kind, _)| kind == wanted),
        LookupKey::ResourceName => call.resource().is_some_and(|(_, name)| name == wanted),
        LookupKey::EventSource => call.event_source == *wanted,
        LookupKey::AccessKeyId => call.user_identity.access_key_id.as_deref() == Some(wanted),
    }
}

fn event(Found { region, at, call, .. }: Found) -> LookedUpEvent {
    let resource =
        |(resource_type, name): (_, &str)| EventResource { resource_type, resource_name: name.to_owned() };
    LookedUpEvent {
        resources: call.resource().map(resource).into_iter().collect(),
        cloud_trail_event: call.event(at, &region),
        username: call.username().to_owned(),
        event_id: call.event_id().to_owned(),
        read_only: call.is_read_only().to_string(),
        event_name: call.event_name.into_owned(),
        access_key_id: call.user_identity.access_key_id.map(Cow::into_owned),
        event_time: at,
        event_source: call.event_source.into_owned(),
    }
}
