//! EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand and ListKeyRotations.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::kms::{
    DisableKeyRotationRequest, EnableKeyRotationRequest, GetKeyRotationStatusRequest,
    GetKeyRotationStatusResponse, KmsErrorCode, ListKeyRotationsRequest, ListKeyRotationsResponse,
    RotateKeyOnDemandRequest, RotateKeyOnDemandResponse, RotationEntry, kms_error,
};
use keywheel_domain::kms::{KeyState, KmsKey, MaterialCause, PERIOD_DAYS_DEFAULT};
use keywheel_domain::time::Timestamp;

use super::Audience;
use super::key_state::check_not_pending;
use crate::ops::access::Access;
use crate::ops::change::Change;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, contended};

impl Operations {
    /// Lets a key get new material by itself, the first time a period from now. One that does so already
    /// keeps its next date when no period is named.
    pub(super) async fn enable_kms_key_rotation(
        &self,
        caller: &Caller,
        request: EnableKeyRotationRequest,
    ) -> Result<Empty, ApiError> {
        let enabled = |key: &mut KmsKey, now: Timestamp| {
            check_enabled(key)?;
            let known = key.rotation.map(|rotation| rotation.period_days);
            let period = request.period_days.or(known).unwrap_or(PERIOD_DAYS_DEFAULT);
            if known != Some(period) {
                key.rotate_every(period, now);
            }
            Ok(())
        };
        // Who names no period asks for the default one, and is measured by it.
        let period = request.period_days.unwrap_or(PERIOD_DAYS_DEFAULT);
        let access = Access::new("kms:EnableKeyRotation", None)
            .with("kms:rotationperiodindays", Some(period.to_string()));
        self.change_kms_key_as(caller, &access, &request.key_id, enabled).await.map(|_| Empty {})
    }

    /// Lets a key keep its material.
    pub(super) async fn disable_kms_key_rotation(
        &self,
        caller: &Caller,
        request: DisableKeyRotationRequest,
    ) -> Result<Empty, ApiError> {
        let disabled = |key: &mut KmsKey, _: Timestamp| {
            check_enabled(key)?;
            key.rotation = None;
            Ok(())
        };
        self.change_kms_key(caller, "DisableKeyRotation", &request.key_id, disabled).await.map(|_| Empty {})
    }

    /// Tells how a key rotates by itself.
    pub(super) async fn get_kms_key_rotation_status(
        &self,
        caller: &Caller,
        request: GetKeyRotationStatusRequest,
    ) -> Result<GetKeyRotationStatusResponse, ApiError> {
        let key = self.kms_key_for(caller, "GetKeyRotationStatus", &request.key_id, Audience::Any).await?;
        let is_pending = check_not_pending(&key.record).is_err();
        let rotation = key.record.rotation.filter(|_| !is_pending);
        Ok(GetKeyRotationStatusResponse {
            key_rotation_enabled: rotation.is_some(),
            key_id: key.arn().to_owned(),
            rotation_period_in_days: rotation.map(|rotation| rotation.period_days),
            next_rotation_date: rotation.map(|rotation| rotation.next),
        })
    }

    /// Gives a key new material, in one commit.
    pub(super) async fn rotate_kms_key_on_demand(
        &self,
        caller: &Caller,
        request: RotateKeyOnDemandRequest,
    ) -> Result<RotateKeyOnDemandResponse, ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.kms_key_to_change(caller, "RotateKeyOnDemand", &request.key_id).await?;
            let mut after = seen.record.clone();
            check_enabled(&after)?;
            let arn = after.arn();
            let number = after.next_number(MaterialCause::OnDemand).map_err(|_| {
                let told = format!("{arn} has been rotated on demand as often as a key may be.");
                kms_error(KmsErrorCode::LimitExceeded, told)
            })?;
            after.materials.push(self.new_kms_material(&arn, number, MaterialCause::OnDemand, None).await?);
            let row = self.audit_row(&caller.arn(), "RotateKeyOnDemand", &arn, None, None);
            if self.commit(Change::update_kms_key(&seen, &after).audit(&row)).await? {
                return Ok(RotateKeyOnDemandResponse { key_id: arn });
            }
        }
        Err(contended())
    }

    /// Lists the rotations of a key.
    pub(super) async fn list_kms_key_rotations(
        &self,
        caller: &Caller,
        request: ListKeyRotationsRequest,
    ) -> Result<ListKeyRotationsResponse, ApiError> {
        let key = self.kms_key_for(caller, "ListKeyRotations", &request.key_id, Audience::Any).await?;
        let all = request.all_material.to_string();
        let place = self.kms_listing(caller, "kms:ListKeyRotations", &[key.arn(), &all], &request.page)?;
        let rotations = rotations(&key.record, request.all_material);
        let (rotations, next_marker) =
            self.kms_page(rotations, request.page.limit, &place, |entry| entry.key_material_id.clone());
        Ok(ListKeyRotationsResponse { rotations, truncated: next_marker.is_some(), next_marker })
    }
}

fn rotations(key: &KmsKey, all_material: bool) -> Vec<RotationEntry> {
    let arn = key.arn();
    let entry = |material: &keywheel_domain::kms::Material| {
        let rotation_type = match material.cause {
            MaterialCause::Creation => None,
            MaterialCause::Automatic => Some("AUTOMATIC"),
            MaterialCause::OnDemand => Some("ON_DEMAND"),
        };
        let is_current = material.number == key.current().number;
        RotationEntry {
            key_id: arn.clone(),
            key_material_id: material.id.clone(),
            key_material_state: if is_current { "CURRENT" } else { "NON_CURRENT" },
            rotation_date: rotation_type.map(|_| material.made),
            rotation_type,
        }
    };
    let listed = key.materials.iter().map(entry);
    listed.filter(|entry| all_material || entry.rotation_type.is_some()).collect()
}

fn check_enabled(key: &KmsKey) -> Result<(), ApiError> {
    check_not_pending(key)?;
    if key.state == KeyState::Disabled {
        return Err(kms_error(KmsErrorCode::Disabled, format!("{} is disabled.", key.arn())));
    }
    Ok(())
}
