//! Audit rows: who did what to which secret, committed in the same batch as what they describe.
//!
//! They are entries of one log of the store: numbered without a gap, and each vouches for those before it,
//! so that [`verify`] finds what was changed afterwards. A row holds names, ids and labels, never a value.
//! Reads change nothing and leave no row there: they are in the [`trail`].

pub mod trail;
mod verify;

use keywheel_domain::api::Event;
use keywheel_domain::secret::{Scope, SecretId};
use keywheel_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::verify::{Verified, VerifyError, verify};
use crate::store::{Head, Key, Link, Log, Store, StoreError};

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// When.
    pub at: Timestamp,
    /// The operation or the event, for example `PutSecretValue` or `RotationSucceeded`.
    pub event: String,
    /// ARN of who did it.
    pub caller: String,
    /// Full ARN of the secret, or of the user that it is about.
    pub secret_arn: String,
    /// The version that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// A sentence for people, without a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl AuditRow {
    /// As it is appended to [`log`].
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a row has text keys and no failing serializer")
    }

    /// The row of this number as callers see it.
    pub fn into_event(self, number: u64) -> Event {
        Event {
            event_id: number,
            time: self.at,
            event: self.event,
            caller: self.caller,
            secret_arn: self.secret_arn,
            version_id: self.version_id,
            detail: self.detail,
        }
    }

    /// Whether it is about something of this account and region, or of the account as a whole, and about
    /// this secret where one is named. Rows outlive secrets, so the ARN alone decides.
    pub fn is_about(&self, scope: &Scope, secret_id: Option<&SecretId>) -> bool {
        let place = Scope::of_arn(&self.secret_arn);
        let is_here =
            place.account == scope.account && (place.region == scope.region || place.region.is_empty());
        is_here
            && match secret_id {
                None => true,
                Some(SecretId::FullArn { arn, .. }) => self.secret_arn == *arn,
                Some(wanted) => match SecretId::parse(&self.secret_arn) {
                    Ok(SecretId::FullArn { name, .. }) => wanted.place(scope) == (scope, &name),
                    _ => false,
                },
            }
    }
}

/// The log that the rows are in.
pub fn log() -> Log {
    Log::new("audit")
}

/// Some rows, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// With their numbers.
    pub rows: Vec<(u64, AuditRow)>,
    /// The number to go on from; the one that was asked for when there is no more yet.
    pub next: u64,
}

/// Why rows were not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is there is no row.
    #[error("row {number} of the audit log cannot be read")]
    Damaged {
        /// Which.
        number: u64,
    },
}

/// The rows from this number on, at most `limit` of them, which is at most
/// [`crate::store::SCAN_ENTRIES_MAX`]. The chain is not looked at.
pub async fn read(store: &dyn Store, from: u64, limit: usize) -> Result<Page, ReadError> {
    let from = from.max(1);
    let last = head(store).await?.number;
    if from > last {
        return Ok(Page { rows: Vec::new(), next: from });
    }
    let next = last.saturating_add(1).min(from.saturating_add(limit as u64));
    let mut rows = Vec::new();
    for (key, entry) in store.scan(&log().entry(from), &log().entry(next), limit).await? {
        let Some(number) = log().number(&key) else { continue };
        let row = Link::split(&entry.value).and_then(|(_, row)| serde_json::from_slice(row).ok());
        rows.push((number, row.ok_or(ReadError::Damaged { number })?));
    }
    Ok(Page { rows, next })
}

/// The last row's number and link.
pub async fn head(store: &dyn Store) -> Result<Head, StoreError> {
    match store.load(&log().head()).await? {
        Some(entry) => Head::from_bytes(&entry.value).ok_or_else(|| damaged(log().head())),
        None => Ok(Head::START),
    }
}

const fn damaged(key: Key) -> StoreError {
    StoreError::Damaged { key }
}

#[cfg(test)]
mod tests;
