//! Who asked for a rotation, and the tokens of those that nobody gave one.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Person;
use crate::time::Timestamp;

/// Who asked for a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// A caller of the API.
    Api {
        /// The caller's ARN.
        caller: String,
        /// The caller's id, when it is a user's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// The schedule.
    Schedule {
        /// When the slot was due.
        slot: Timestamp,
        /// When its window closes; absent when it does not wait for one any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closes: Option<Timestamp>,
    },
}

impl Cause {
    /// Who audit rows name.
    pub fn who(&self) -> &str {
        match self {
            Self::Api { caller, .. } => caller,
            Self::Schedule { .. } => SCHEDULER,
        }
    }

    /// Whether this person asked.
    pub(super) fn is(&self, person: &Person) -> bool {
        match self {
            Self::Api { caller, id } => person.is(caller, id.as_deref()),
            Self::Schedule { .. } => false,
        }
    }
}

impl From<Person> for Cause {
    fn from(person: Person) -> Self {
        Self::Api { caller: person.arn, id: person.id }
    }
}

/// The caller of what nobody asked for.
pub const SCHEDULER: &str = "keywheel:schedule";

/// The token of a scheduled rotation: the same wherever and whenever it is derived.
pub fn slot_token(secret_arn: &str, slot_opens: Timestamp) -> String {
    derived(&[secret_arn.as_bytes(), &slot_opens.millis().to_be_bytes()])
}

/// The token of the second version that a job with this token needs.
pub fn copy_token(secret_arn: &str, token: &str) -> String {
    derived(&[b"copy\0", secret_arn.as_bytes(), b"\0", token.as_bytes()])
}

fn derived(parts: &[&[u8]]) -> String {
    let digest = parts.iter().fold(Sha256::new(), Sha256::chain_update).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
