//! EnableKey, DisableKey, ScheduleKeyDeletion and CancelKeyDeletion.

use serde::Serialize;

use super::{ApiError, KEY_ID_CHARS, Members, Request};
use crate::kms::{DELETION_DAYS, DELETION_DAYS_DEFAULT};
use crate::time::{Timestamp, wire};

/// Lets a key be used again.
#[derive(Clone, Debug)]
pub struct EnableKeyRequest {
    /// Id or ARN.
    pub key_id: String,
}

/// Lets a key not be used until it is enabled.
#[derive(Clone, Debug)]
pub struct DisableKeyRequest {
    /// Id or ARN.
    pub key_id: String,
}

/// Marks a key for deletion.
#[derive(Clone, Debug)]
pub struct ScheduleKeyDeletionRequest {
    /// Id or ARN.
    pub key_id: String,
    /// 7 to 30.
    pub days: usize,
}

/// Keeps a key that is marked for deletion. It is disabled from then on.
#[derive(Clone, Debug)]
pub struct CancelKeyDeletionRequest {
    /// Id or ARN.
    pub key_id: String,
}

impl Request for EnableKeyRequest {
    const NAME: &'static str = "EnableKey";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { key_id: members.required_text("KeyId", KEY_ID_CHARS)? })
    }
}

impl Request for DisableKeyRequest {
    const NAME: &'static str = "DisableKey";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { key_id: members.required_text("KeyId", KEY_ID_CHARS)? })
    }
}

impl Request for ScheduleKeyDeletionRequest {
    const NAME: &'static str = "ScheduleKeyDeletion";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let key_id = members.required_text("KeyId", KEY_ID_CHARS)?;
        let days = members.bounded_integer("PendingWindowInDays", DELETION_DAYS)?;
        Ok(Self { key_id, days: days.unwrap_or(DELETION_DAYS_DEFAULT) })
    }
}

impl Request for CancelKeyDeletionRequest {
    const NAME: &'static str = "CancelKeyDeletion";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { key_id: members.required_text("KeyId", KEY_ID_CHARS)? })
    }
}

/// When the key will be gone.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScheduleKeyDeletionResponse {
    /// ARN of the key.
    pub key_id: String,
    /// When.
    #[serde(serialize_with = "wire::required")]
    pub deletion_date: Timestamp,
    /// `PendingDeletion`.
    pub key_state: &'static str,
    /// As asked.
    pub pending_window_in_days: usize,
}

/// The key.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CancelKeyDeletionResponse {
    /// ARN of the key.
    pub key_id: String,
}
