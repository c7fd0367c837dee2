//! SkipRotation (`Keywheel.SkipRotation`).

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS};
use super::slot_description::SlotDescription;
use super::{ApiError, Request};
use crate::time::{SECOND_MS, Timestamp};

/// Leaves the next scheduled rotation of a secret out.
#[derive(Clone, Debug)]
pub struct SkipRotationRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// When the slot opens that is to be skipped, in seconds since the epoch: a request that is sent twice
    /// then skips one. The next slot, whichever it is, when absent.
    pub opens: Option<Timestamp>,
}

impl Request for SkipRotationRequest {
    const NAME: &'static str = "SkipRotation";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let secret_id = members.required_text("SecretId", SECRET_ID_CHARS)?;
        let opens = members.integer("Opens")?;
        let opens = opens.map(|seconds| Timestamp::from_millis(seconds.saturating_mul(SECOND_MS)));
        Ok(Self { secret_id, opens })
    }
}

/// The secret, and what comes instead.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SkipRotationResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// What was left out.
    pub skipped: SlotDescription,
    /// The next scheduled rotation; absent when the calendar has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<SlotDescription>,
}
