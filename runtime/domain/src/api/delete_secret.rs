//! DeleteSecret.

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS};
use super::{ApiError, Request};
use crate::time::{Timestamp, wire};

/// Schedules the deletion of a secret, or deletes it at once.
#[derive(Clone, Debug)]
pub struct DeleteSecretRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// 7 to 30 days; 30 when absent.
    pub recovery_window_in_days: Option<i64>,
    /// Delete at once; excludes a window.
    pub force_delete_without_recovery: bool,
}

impl Request for DeleteSecretRequest {
    const NAME: &'static str = "DeleteSecret";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            recovery_window_in_days: members.integer("RecoveryWindowInDays")?,
            force_delete_without_recovery: members.boolean("ForceDeleteWithoutRecovery")?.unwrap_or(false),
        })
    }
}

/// The secret, and when it will be gone.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSecretResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// When it can no longer be restored.
    #[serde(serialize_with = "wire::required")]
    pub deletion_date: Timestamp,
}
