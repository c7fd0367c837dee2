//! PreviewSchedule: when a secret would rotate (`Keywheel.PreviewSchedule`).

use serde::Serialize;

use super::members::{Members, SECRET_ID_CHARS};
use super::put_rotation_policy::{blackouts, time_zone};
use super::rotate_secret::rules;
use super::slot_description::SlotDescription;
use super::{ApiError, Request, RotationRules};
use crate::rotation_policy::BlackoutText;

/// Tells the next five slots of a secret: as it is set up, or as other rules would have it.
#[derive(Clone, Debug)]
pub struct PreviewScheduleRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// In place of those of the secret.
    pub rotation_rules: Option<RotationRules>,
    /// In place of that of the policy.
    pub time_zone: Option<String>,
    /// In place of those of the policy; an empty list for none.
    pub blackouts: Option<Vec<BlackoutText>>,
}

impl Request for PreviewScheduleRequest {
    const NAME: &'static str = "PreviewSchedule";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            rotation_rules: members.structure("RotationRules", rules)?,
            time_zone: time_zone(members)?,
            blackouts: blackouts(members)?,
        })
    }
}

/// The slots.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PreviewScheduleResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// The zone of the local times.
    pub time_zone: String,
    /// Whether the schedule is on: if not, this is what it would be.
    pub rotation_enabled: bool,
    /// In order; fewer than five when the calendar ends.
    pub slots: Vec<SlotDescription>,
}
