//! EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand and ListKeyRotations.

use serde::Serialize;

use super::{ApiError, KEY_ID_CHARS, Members, PageRequest, Request};
use crate::kms::PERIOD_DAYS;
use crate::time::{Timestamp, wire};

/// Lets a key get new material by itself.
#[derive(Clone, Debug)]
pub struct EnableKeyRotationRequest {
    /// Id or ARN.
    pub key_id: String,
    /// Days between two rotations; what was set before, or 365, when absent.
    pub period_days: Option<usize>,
}

/// Lets a key keep its material.
#[derive(Clone, Debug)]
pub struct DisableKeyRotationRequest {
    /// Id or ARN.
    pub key_id: String,
}

/// Tells how a key rotates.
#[derive(Clone, Debug)]
pub struct GetKeyRotationStatusRequest {
    /// Id or ARN.
    pub key_id: String,
}

/// Gives a key new material now.
#[derive(Clone, Debug)]
pub struct RotateKeyOnDemandRequest {
    /// Id or ARN.
    pub key_id: String,
}

/// Lists the rotations of a key.
#[derive(Clone, Debug)]
pub struct ListKeyRotationsRequest {
    /// Id or ARN.
    pub key_id: String,
    /// Also the material that the key was made with.
    pub all_material: bool,
    /// Which page.
    pub page: PageRequest,
}

impl Request for EnableKeyRotationRequest {
    const NAME: &'static str = "EnableKeyRotation";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            key_id: members.required_text("KeyId", KEY_ID_CHARS)?,
            period_days: members.bounded_integer("RotationPeriodInDays", PERIOD_DAYS)?,
        })
    }
}

impl Request for DisableKeyRotationRequest {
    const NAME: &'static str = "DisableKeyRotation";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { key_id: members.required_text("KeyId", KEY_ID_CHARS)? })
    }
}

impl Request for GetKeyRotationStatusRequest {
    const NAME: &'static str = "GetKeyRotationStatus";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { key_id: members.required_text("KeyId", KEY_ID_CHARS)? })
    }
}

impl Request for RotateKeyOnDemandRequest {
    const NAME: &'static str = "RotateKeyOnDemand";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { key_id: members.required_text("KeyId", KEY_ID_CHARS)? })
    }
}

impl Request for ListKeyRotationsRequest {
    const NAME: &'static str = "ListKeyRotations";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let words = [("ALL_KEY_MATERIAL", true), ("ROTATIONS_ONLY", false)];
        Ok(Self {
            key_id: members.required_text("KeyId", KEY_ID_CHARS)?,
            all_material: members.word("IncludeKeyMaterial", &words)?.unwrap_or(false),
            page: PageRequest::read(members)?,
        })
    }
}

/// How a key rotates.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetKeyRotationStatusResponse {
    /// Whether it does so by itself.
    pub key_rotation_enabled: bool,
    /// ARN of the key.
    pub key_id: String,
    /// Days between two rotations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_period_in_days: Option<usize>,
    /// When the next is due.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wire::option")]
    pub next_rotation_date: Option<Timestamp>,
}

/// The key.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotateKeyOnDemandResponse {
    /// ARN of the key.
    pub key_id: String,
}

/// A page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListKeyRotationsResponse {
    /// Oldest first.
    pub rotations: Vec<RotationEntry>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
    /// Whether there are more.
    pub truncated: bool,
}

/// A rotation, or the material that the key was made with.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotationEntry {
    /// ARN of the key.
    pub key_id: String,
    /// What it brought.
    pub key_material_id: String,
    /// `CURRENT` or `NON_CURRENT`.
    pub key_material_state: &'static str,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "wire::option")]
    pub rotation_date: Option<Timestamp>,
    /// `AUTOMATIC` or `ON_DEMAND`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation_type: Option<&'static str>,
}
