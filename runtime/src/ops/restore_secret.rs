//! RestoreSecret.

use keywheel_domain::api::{ApiError, RestoreSecretRequest, RestoreSecretResponse};

use super::access::Access;
use super::change::Change;
use super::values::read_only;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};

impl Operations {
    /// Takes a scheduled deletion back; of a secret that does not wait for one nothing changes. The
    /// rotation schedule goes on with the next slot.
    pub async fn restore_secret(
        &self,
        caller: &Caller,
        request: RestoreSecretRequest,
    ) -> Result<RestoreSecretResponse, ApiError> {
        let access = Access::secret("RestoreSecret", &request.secret_id);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_secret(caller, &access).await?;
            if seen.record.is_replica() {
                return Err(read_only());
            }
            let mut after = seen.record.clone();
            if after.deletion.take().is_none() {
                return Ok(RestoreSecretResponse { arn: after.arn, name: after.name });
            }
            after.changed = self.clock.now();
            after.reschedule(after.changed);
            let row = self.audit_row(&caller.arn(), "RestoreSecret", &after.arn, None, None);
            if self.commit(Change::new().update_secret(&seen, &after).audit(&row)).await? {
                return Ok(RestoreSecretResponse { arn: after.arn, name: after.name });
            }
        }
        Err(contended())
    }
}
