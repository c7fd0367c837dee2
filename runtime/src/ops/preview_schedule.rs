//! Keywheel.PreviewSchedule.

use keywheel_domain::api::{
    ApiError, ErrorCode, PreviewScheduleRequest, PreviewScheduleResponse, SlotDescription,
};
use keywheel_domain::rotation_policy::PolicyDraft;
use keywheel_domain::secret::{RotationSettings, Secret};

use super::access::Access;
use super::put_rotation_policy::policy_refused;
use super::{Caller, Operations};

impl Operations {
    /// Tells the next slots of a secret, or of other rules for it; nothing is stored.
    pub(super) async fn preview_schedule(
        &self,
        caller: &Caller,
        request: PreviewScheduleRequest,
    ) -> Result<PreviewScheduleResponse, ApiError> {
        let access = Access::secret("keywheel:PreviewSchedule", &request.secret_id);
        let secret = self.load_secret(caller, &access).await?.record;
        let now = self.clock.now();
        let rotation = secret.rotation.as_ref();
        let rotation_enabled = rotation.is_some_and(|rotation| rotation.enabled);
        let is_as_set_up = request.rotation_rules.is_none()
            && request.time_zone.is_none()
            && request.blackouts.is_none()
            && rotation_enabled;
        let first = rotation.and_then(|rotation| rotation.next).filter(|_| is_as_set_up);
        let would_be = would_be(secret, request)?;
        would_be.check_policy(now).map_err(policy_refused)?;
        let zone = would_be.policy.clone().unwrap_or_default().zone();
        let slots = would_be.plan().map(|plan| plan.preview(first, now)).unwrap_or_default();
        Ok(PreviewScheduleResponse {
            time_zone: zone.name().to_owned(),
            rotation_enabled,
            slots: slots.into_iter().map(|slot| SlotDescription::new(slot, &zone)).collect(),
            arn: would_be.arn,
            name: would_be.name,
        })
    }
}

/// The secret as the request would have it.
fn would_be(mut secret: Secret, request: PreviewScheduleRequest) -> Result<Secret, ApiError> {
    let (zone_given, blackouts_given) = (request.time_zone.is_some(), request.blackouts.is_some());
    let draft = PolicyDraft {
        time_zone: request.time_zone,
        blackouts: request.blackouts.unwrap_or_default(),
        ..PolicyDraft::default()
    };
    let given = draft.check(&secret.scope).map_err(policy_refused)?;
    let mut policy = secret.policy.take().unwrap_or_default();
    if zone_given {
        policy.time_zone = given.time_zone;
    }
    if blackouts_given {
        policy.blackouts = given.blackouts;
    }
    secret.policy = Some(policy);
    let rotation = secret.rotation.take();
    let rules = request.rotation_rules.or_else(|| rotation.as_ref()?.rules.clone()).ok_or_else(|| {
        let told =
            "No rotation schedule is set for this secret: give RotationRules to see what one would do.";
        ApiError::new(ErrorCode::InvalidRequest, told)
    })?;
    rules.schedule().map_err(|error| ApiError::new(ErrorCode::InvalidParameter, error.to_string()))?;
    let function_arn = rotation.map(|rotation| rotation.function_arn).unwrap_or_default();
    secret.rotation = Some(RotationSettings { function_arn, rules: Some(rules), enabled: true, next: None });
    Ok(secret)
}
