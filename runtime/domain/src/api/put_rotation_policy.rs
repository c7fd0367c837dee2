//! PutRotationPolicy: how a secret rotates, beyond its rotation rules (`Keywheel.PutRotationPolicy`).

use serde::Serialize;

use super::members::{Bounds, Members, SECRET_ID_CHARS};
use super::slot_description::SlotDescription;
use super::{ApiError, Request};
use crate::rotation_policy::{
    APART_HOURS_MAX, APART_SECRETS_MAX, APPROVALS_MAX, APPROVER_CHARS_MAX, APPROVERS_MAX, ATTEMPTS_MAX,
    Apart, ApprovalDraft, BLACKOUTS_MAX, BlackoutText, EXPIRES_AFTER_HOURS_MAX, GROUP_CHARS_MAX,
    GROUP_CONCURRENT_MAX, Group, PolicyDraft, READABLE_SECRETS_MAX, SPREAD_MINUTES_MAX,
};
use crate::schedule::{EXPRESSION_CHARS_MAX, ZONE_CHARS_MAX};

/// Characters of a date, of a time or of a day's name; how they must look is told in a sentence.
const MOMENT_CHARS: Bounds = 1..=32;
/// Characters of a step's name.
const STEP_CHARS: Bounds = 1..=32;

/// Sets the rotation policy of a secret, in place of the one before.
#[derive(Clone, Debug)]
pub struct PutRotationPolicyRequest {
    /// Name or ARN.
    pub secret_id: String,
    /// All the other members.
    pub policy: PolicyDraft,
}

impl Request for PutRotationPolicyRequest {
    const NAME: &'static str = "PutRotationPolicy";

    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self {
            secret_id: members.required_text("SecretId", SECRET_ID_CHARS)?,
            policy: PolicyDraft {
                time_zone: time_zone(members)?,
                blackouts: blackouts(members)?.unwrap_or_default(),
                spread_minutes: number(members, "SpreadMinutes", 0, SPREAD_MINUTES_MAX)?,
                group: members.structure("Group", group)?,
                apart: members.structure("Apart", apart)?,
                catch_up: members.boolean("CatchUp")?,
                max_attempts: number(members, "MaxAttempts", 1, ATTEMPTS_MAX)?,
                approvals: members.structure("Approvals", approvals)?,
                verify_schedule_expression: members
                    .text("VerifyScheduleExpression", 1..=EXPRESSION_CHARS_MAX)?,
                readable_secret_ids: members
                    .list("ReadableSecretIds", 0..=READABLE_SECRETS_MAX, SECRET_ID_CHARS)?
                    .unwrap_or_default(),
            },
        })
    }
}

/// `TimeZone`.
pub(super) fn time_zone(members: &mut Members) -> Result<Option<String>, ApiError> {
    members.text("TimeZone", 1..=ZONE_CHARS_MAX)
}

/// `Blackouts`.
pub(super) fn blackouts(members: &mut Members) -> Result<Option<Vec<BlackoutText>>, ApiError> {
    members.structures("Blackouts", 0..=BLACKOUTS_MAX, |entry| {
        Ok(BlackoutText {
            days: entry.list("Days", 1..=7, MOMENT_CHARS)?.unwrap_or_default(),
            from: entry.required_text("From", MOMENT_CHARS)?,
            until: entry.required_text("Until", MOMENT_CHARS)?,
        })
    })
}

fn group(members: &mut Members) -> Result<Group, ApiError> {
    let name = members.required_text("Name", 1..=GROUP_CHARS_MAX)?;
    let max_concurrent = number(members, "MaxConcurrent", 1, GROUP_CONCURRENT_MAX)?;
    let max_concurrent = members.require("MaxConcurrent", max_concurrent).unwrap_or(1);
    Ok(Group { name, max_concurrent })
}

fn apart(members: &mut Members) -> Result<Apart, ApiError> {
    let secret_ids = members.list("SecretIds", 0..=APART_SECRETS_MAX, SECRET_ID_CHARS)?;
    let secret_ids = members.require("SecretIds", secret_ids).unwrap_or_default();
    let hours = number(members, "Hours", 1, APART_HOURS_MAX)?;
    let hours = members.require("Hours", hours).unwrap_or(1);
    Ok(Apart { secret_ids, hours })
}

fn approvals(members: &mut Members) -> Result<ApprovalDraft, ApiError> {
    let before = members.list("Before", 0..=16, STEP_CHARS)?;
    Ok(ApprovalDraft {
        before: members.require("Before", before).unwrap_or_default(),
        count: number(members, "Count", 1, APPROVALS_MAX)?,
        approvers: members.list("Approvers", 0..=APPROVERS_MAX, 1..=APPROVER_CHARS_MAX)?.unwrap_or_default(),
        expires_after_hours: number(members, "ExpiresAfterHours", 1, EXPIRES_AFTER_HOURS_MAX)?,
    })
}

/// An optional number within bounds.
fn number(members: &mut Members, name: &str, min: u32, max: u32) -> Result<Option<u32>, ApiError> {
    let wide = |bound: u32| usize::try_from(bound).unwrap_or(usize::MAX);
    let number = members.bounded_integer(name, wide(min)..=wide(max))?;
    Ok(number.and_then(|number| u32::try_from(number).ok()))
}

/// The secret, and when it rotates now.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutRotationPolicyResponse {
    /// The full ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// The friendly name.
    pub name: String,
    /// The next scheduled rotation; absent when none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<SlotDescription>,
}
