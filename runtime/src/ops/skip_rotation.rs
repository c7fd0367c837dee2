//! Keywheel.SkipRotation.

use keywheel_domain::api::{ApiError, ErrorCode, SkipRotationRequest, SkipRotationResponse, SlotDescription};

use super::access::Access;
use super::change::Change;
use super::put_rotation_policy::next_described;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};

impl Operations {
    /// Leaves the next slot out. An unfinished rotation goes on.
    pub(super) async fn skip_rotation(
        &self,
        caller: &Caller,
        request: SkipRotationRequest,
    ) -> Result<SkipRotationResponse, ApiError> {
        let access = Access::secret("keywheel:SkipRotation", &request.secret_id);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, &access).await?;
            let skipped = next_described(&seen.record).ok_or_else(none_to_skip)?;
            if let Some(opens) = request.opens.filter(|opens| *opens != skipped.opens) {
                return Err(another(&skipped, opens));
            }
            let now = self.clock.now();
            let mut after = seen.record.clone();
            after.skip_slot(now);
            after.changed = now;
            let next = next_described(&after);
            let detail = match &next {
                Some(next) => format!("slot {}; the next starts {}", skipped.opens, next.starts),
                None => format!("slot {}; no other follows", skipped.opens),
            };
            let row = self.audit_row(&caller.arn(), "SkipRotation", &after.arn, None, Some(detail));
            if self.commit(Change::new().update_secret(&seen, &after).audit(&row)).await? {
                return Ok(SkipRotationResponse { arn: after.arn, name: after.name, skipped, next });
            }
        }
        Err(contended())
    }
}

fn none_to_skip() -> ApiError {
    ApiError::new(
        ErrorCode::InvalidRequest,
        "No rotation of this secret is scheduled, so there is none to skip: rotation is off or has no schedule.",
    )
}

/// A request that was repeated must not skip two.
fn another(next: &SlotDescription, opens: keywheel_domain::time::Timestamp) -> ApiError {
    let (next, asked) = (next.opens, opens);
    let told = format!("The next slot opens at {next}, not at {asked}: that one was skipped or has run.");
    ApiError::new(ErrorCode::InvalidRequest, told)
}
