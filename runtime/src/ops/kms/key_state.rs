//! EnableKey, DisableKey, ScheduleKeyDeletion and CancelKeyDeletion.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::kms::{
    CancelKeyDeletionRequest, CancelKeyDeletionResponse, DisableKeyRequest, EnableKeyRequest, KmsErrorCode,
    ScheduleKeyDeletionRequest, ScheduleKeyDeletionResponse, kms_error,
};
use keywheel_domain::kms::{KeyState, KmsKey};
use keywheel_domain::time::Timestamp;

use super::records::pending_deletion;
use crate::ops::access::Access;
use crate::ops::change::Change;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Empty, Operations, contended};

impl Operations {
    /// Lets a key be used again.
    pub(super) async fn enable_kms_key(
        &self,
        caller: &Caller,
        request: EnableKeyRequest,
    ) -> Result<Empty, ApiError> {
        let enabled = |key: &mut KmsKey, _: Timestamp| set_state(key, KeyState::Enabled);
        self.change_kms_key(caller, "EnableKey", &request.key_id, enabled).await.map(|_| Empty {})
    }

    /// Lets a key not be used: its secrets cannot be read until it is enabled.
    pub(super) async fn disable_kms_key(
        &self,
        caller: &Caller,
        request: DisableKeyRequest,
    ) -> Result<Empty, ApiError> {
        let disabled = |key: &mut KmsKey, _: Timestamp| set_state(key, KeyState::Disabled);
        self.change_kms_key(caller, "DisableKey", &request.key_id, disabled).await.map(|_| Empty {})
    }

    /// Marks a key for deletion: it cannot be used from now on, and is gone when its time has come.
    pub(super) async fn schedule_kms_key_deletion(
        &self,
        caller: &Caller,
        request: ScheduleKeyDeletionRequest,
    ) -> Result<ScheduleKeyDeletionResponse, ApiError> {
        let scheduled = |key: &mut KmsKey, now: Timestamp| {
            check_not_pending(key)?;
            Ok(key.schedule_deletion(request.days, now))
        };
        let access = Access::new("kms:ScheduleKeyDeletion", None)
            .with("kms:schedulekeydeletionpendingwindowindays", Some(request.days.to_string()));
        let (key, deletion_date) =
            self.change_kms_key_as(caller, &access, &request.key_id, scheduled).await?;
        Ok(ScheduleKeyDeletionResponse {
            key_id: key.arn(),
            deletion_date,
            key_state: key.state.as_str(),
            pending_window_in_days: request.days,
        })
    }

    /// Keeps a key that is marked for deletion.
    pub(super) async fn cancel_kms_key_deletion(
        &self,
        caller: &Caller,
        request: CancelKeyDeletionRequest,
    ) -> Result<CancelKeyDeletionResponse, ApiError> {
        let cancelled = |key: &mut KmsKey, _: Timestamp| match key.state {
            KeyState::PendingDeletion { .. } => {
                key.state = KeyState::Disabled;
                Ok(())
            }
            KeyState::Enabled | KeyState::Disabled => {
                Err(kms_error(KmsErrorCode::InvalidState, format!("{} is not pending deletion.", key.arn())))
            }
        };
        let (key, ()) = self.change_kms_key(caller, "CancelKeyDeletion", &request.key_id, cancelled).await?;
        Ok(CancelKeyDeletionResponse { key_id: key.arn() })
    }

    /// Changes a record of a customer's key in one commit with its audit row.
    pub(super) async fn change_kms_key<T>(
        &self,
        caller: &Caller,
        action: &str,
        key_id: &str,
        decide: impl Fn(&mut KmsKey, Timestamp) -> Result<T, ApiError>,
    ) -> Result<(KmsKey, T), ApiError> {
        self.change_kms_key_as(caller, &Access::new(format!("kms:{action}"), None), key_id, decide).await
    }

    /// The same for a request that says more than its action.
    pub(super) async fn change_kms_key_as<T>(
        &self,
        caller: &Caller,
        access: &Access<'_>,
        key_id: &str,
        decide: impl Fn(&mut KmsKey, Timestamp) -> Result<T, ApiError>,
    ) -> Result<(KmsKey, T), ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.kms_key_to_change_as(caller, access.clone(), key_id).await?;
            let mut after = seen.record.clone();
            let decided = decide(&mut after, self.clock.now())?;
            if after == seen.record {
                return Ok((after, decided));
            }
            let row = self.audit_row(&caller.arn(), access.operation(), &after.arn(), None, None);
            if self.commit(Change::update_kms_key(&seen, &after).audit(&row)).await? {
                return Ok((after, decided));
            }
        }
        Err(contended())
    }
}

fn set_state(key: &mut KmsKey, state: KeyState) -> Result<(), ApiError> {
    check_not_pending(key)?;
    key.state = state;
    Ok(())
}

/// Refuses a change of what waits for its deletion.
pub(super) fn check_not_pending(key: &KmsKey) -> Result<(), ApiError> {
    match key.state {
        KeyState::PendingDeletion { .. } => Err(pending_deletion(&key.arn())),
        KeyState::Enabled | KeyState::Disabled => Ok(()),
    }
}
