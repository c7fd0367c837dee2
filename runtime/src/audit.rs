//! Audit rows: who did what to which secret, committed in the same batch as what they describe.
//!
//! A row holds names, ids and labels, never a value. Reads change nothing and leave no row.

use keywheel_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::Key;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// When.
    pub at: Timestamp,
    /// Tells rows of the same millisecond apart.
    pub id: String,
    /// The operation or the event, for example `PutSecretValue` or `RotationSucceeded`.
    pub event: String,
    /// ARN of who did it.
    pub caller: String,
    /// Full ARN of the secret.
    pub secret_arn: String,
    /// The version that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// A sentence for people, without a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl AuditRow {
    /// Where the row is in the store: rows sort by time.
    pub fn key(&self) -> Key {
        Key::new(format!("audit\0{:015}\0{}", self.at.millis().max(0), self.id))
    }
}

/// First and last key of all rows.
pub fn rows() -> (Key, Key) {
    (Key::new("audit\0"), Key::new("audit\x01"))
}
