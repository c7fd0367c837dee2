//! CancelRotateSecret.

use keywheel_domain::api::{ApiError, CancelRotateSecretRequest, CancelRotateSecretResponse};
use keywheel_domain::rotation::End;
use keywheel_domain::secret::Secret;

use super::access::Access;
use super::change::Change;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};

impl Operations {
    /// Turns the schedule off and ends a rotation that runs. A pending value that the target may know
    /// already stays pending; RotateSecret goes on with it.
    pub async fn cancel_rotate_secret(
        &self,
        caller: &Caller,
        request: CancelRotateSecretRequest,
    ) -> Result<CancelRotateSecretResponse, ApiError> {
        let access = Access::secret("CancelRotateSecret", &request.secret_id);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, &access).await?;
            let now = self.clock.now();
            let mut after = seen.record.clone();
            if let Some(rotation) = &mut after.rotation {
                rotation.enabled = false;
            }
            after.reschedule(now);
            let mut change = Change::new();
            if let Some(job) = self.load_job(&after.arn).await? {
                (change, after) = self.end_job(caller, change, after, &job, End::Cancelled, now).await?;
            }
            let after = seen.stamped(after, now);
            change = change.update_secret(&seen, &after);
            if change.is_empty() {
                return Ok(answer(after));
            }
            let row = self.audit_row(&caller.arn(), "CancelRotateSecret", &after.arn, None, None);
            if self.commit(change.audit(&row)).await? {
                return Ok(answer(after));
            }
        }
        Err(contended())
    }
}

fn answer(secret: Secret) -> CancelRotateSecretResponse {
    let version_id = secret.versions.unfinished().map(|version| version.id.clone());
    CancelRotateSecretResponse { arn: secret.arn, name: secret.name, version_id }
}
