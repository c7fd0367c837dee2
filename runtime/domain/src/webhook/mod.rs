//! Webhooks: whom the audit log is told to, how far each one has been told, and when it is tried again.
//!
//! The log is the outbox. A webhook remembers the last row that it has got, and is told the next one
//! until it has taken it: in order, and for as long as it takes.

mod endpoint;

use serde::{Deserialize, Serialize};

pub use self::endpoint::{Endpoint, EndpointError, Host, URL_CHARS_MAX};
use crate::secret::Scope;
use crate::time::{MINUTE_MS, SECOND_MS, Timestamp};

/// The longest name, in characters.
pub const NAME_CHARS_MAX: usize = 64;
/// What a name is made of.
pub const NAME_PATTERN: &str = "[A-Za-z0-9_.-]+";
/// The first pause after a failure is at most this long, in milliseconds; it doubles with each further one.
pub const BACK_OFF_FIRST_MS: i64 = 10 * SECOND_MS;
/// No pause is longer, in milliseconds.
pub const BACK_OFF_MAX_MS: i64 = 5 * MINUTE_MS;
/// Characters of an error that are remembered.
pub const ERROR_CHARS_MAX: usize = 256;
/// Who disables a webhook whose endpoint is gone, as audit rows show it.
pub const DELIVERER: &str = "keywheel:webhooks";

/// The status by which an endpoint says that it wants no more.
const GONE: u16 = 410;

/// Whether a webhook can have this name.
pub fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=NAME_CHARS_MAX).contains(&text.len()) && text.bytes().all(fits)
}

/// The ARN of a webhook.
pub fn arn(scope: &Scope, name: &str) -> String {
    format!("arn:aws:keywheel:{}:{}:webhook/{name}", scope.region, scope.account)
}

/// A webhook as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Only events of this account and region are told.
    pub scope: Scope,
    /// Unique in its scope.
    pub name: String,
    /// Tells it from an earlier one of the same name.
    pub id: String,
    /// Where events go.
    pub url: String,
    /// Only events of these names; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
    /// One that is not keeps its place in the log.
    pub enabled: bool,
    /// The signing secret, sealed, in hexadecimal.
    pub sealed_secret: String,
    /// When it was made.
    pub created: Timestamp,
    /// The last row of the audit log that it has got, or that is not for it.
    pub cursor: u64,
    /// The last delivery that was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_try: Option<Try>,
    /// Deliveries that failed since the last one that did not.
    #[serde(default)]
    pub failures: u32,
    /// Not to be tried before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try: Option<Timestamp>,
}

/// What came of one delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// When it ended.
    pub at: Timestamp,
    /// The HTTP status, where there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why the event was not delivered; absent when it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The endpoint answered with this status.
    Answered(u16),
    /// There was no answer, and why.
    Failed(String),
}

impl Outcome {
    /// Whether the endpoint has taken the event.
    pub const fn is_delivered(&self) -> bool {
        matches!(self, Self::Answered(200..=299))
    }

    /// Whether the endpoint wants no more events.
    pub const fn is_gone(&self) -> bool {
        matches!(self, Self::Answered(GONE))
    }

    /// The word of metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Answered(200..=299) => "delivered",
            Self::Answered(GONE) => "gone",
            Self::Answered(_) => "refused",
            Self::Failed(_) => "failed",
        }
    }

    fn error(&self) -> Option<String> {
        match self {
            Self::Answered(200..=299) => None,
            Self::Answered(GONE) => Some("the endpoint answered 410: it wants no more events".to_owned()),
            Self::Answered(status @ 300..=399) => {
                Some(format!("the endpoint answered {status}: redirects are not followed"))
            }
            Self::Answered(status) => Some(format!("the endpoint answered {status}")),
            Self::Failed(why) => Some(why.chars().take(ERROR_CHARS_MAX).collect()),
        }
    }
}

impl Webhook {
    /// Its ARN.
    pub fn arn(&self) -> String {
        arn(&self.scope, &self.name)
    }

    /// Whether it is told events of this name.
    pub fn wants(&self, event: &str) -> bool {
        self.events.as_ref().is_none_or(|events| events.iter().any(|wanted| wanted == event))
    }

    /// The webhook after the rows up to this one turned out to be none of its own.
    #[must_use]
    pub fn passed(&self, number: u64) -> Self {
        Self { cursor: self.cursor.max(number), ..self.clone() }
    }

    /// The webhook after a delivery of the row of this number. `jitter` is any number, drawn anew each time.
    #[must_use]
    pub fn after(&self, number: u64, outcome: &Outcome, now: Timestamp, jitter: u64) -> Self {
        let status = match outcome {
            Outcome::Answered(status) => Some(*status),
            Outcome::Failed(_) => None,
        };
        let last_try = Some(Try { at: now, status, error: outcome.error() });
        if outcome.is_delivered() {
            return Self { last_try, failures: 0, next_try: None, ..self.passed(number) };
        }
        // What stands before the row was not for this webhook, and is not looked at again.
        let passed = self.passed(number.saturating_sub(1));
        let failures = self.failures.saturating_add(1);
        let enabled = !outcome.is_gone();
        let next_try = enabled.then(|| now.plus_millis(back_off_ms(failures, jitter)));
        Self { last_try, failures, next_try, enabled, ..passed }
    }

    /// Until when it rests after a failure, if it does. A clock that was set back makes no pause longer.
    pub fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.next_try?.min(now.plus_millis(BACK_OFF_MAX_MS));
        (now < until).then_some(until)
    }
}

/// The pause after so many failures in a row: anything up to the longest one, so that endpoints that failed
/// together are not tried together.
fn back_off_ms(failures: u32, jitter: u64) -> i64 {
    let doublings = failures.saturating_sub(1).min(16);
    let longest = BACK_OFF_FIRST_MS.saturating_mul(1 << doublings).min(BACK_OFF_MAX_MS);
    let span = longest.unsigned_abs() + 1;
    i64::try_from(jitter % span).unwrap_or(longest)
}

#[cfg(test)]
mod tests;
