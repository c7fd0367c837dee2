//! RetryRotation.

use keywheel_domain::api::{ApiError, ErrorCode, RetryRotationRequest, RotationVerbResponse};
use keywheel_domain::rotation::{Cause, State};

use super::access::Access;
use super::change::Change;
use super::verbs::not_complete;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};

impl Operations {
    /// Lets a rotation that waits for a person, a back-off or a window go on at once.
    pub async fn retry_rotation(
        &self,
        caller: &Caller,
        request: RetryRotationRequest,
    ) -> Result<RotationVerbResponse, ApiError> {
        let verb = request.0;
        let access = Access::secret("keywheel:RetryRotation", &verb.secret_id);
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, &access).await?;
            let secret = &seen.record;
            let Some(job) = self.load_job(&secret.arn).await? else {
                return Err(refused("There is no rotation of this secret that waits."));
            };
            if verb.client_request_token.as_ref().is_some_and(|token| *token != job.record.id) {
                return Err(not_complete(&job.record));
            }
            let resumed = job.record.resumed(&Cause::from(caller.person()), self.clock.now());
            if resumed == job.record {
                return Err(refused(&match &job.record.state {
                    State::WaitingApproval { request } => {
                        format!("The rotation waits for approval {}: Approve or Reject it.", request.id)
                    }
                    state => format!("The rotation is {}: there is nothing to retry.", state.as_str()),
                }));
            }
            let row = self.audit_row(&caller.arn(), "RetryRotation", &secret.arn, Some(&resumed.token), None);
            let change = Change::new().expect_secret(&seen).update_job(&job, &resumed);
            if self.commit(change.audit(&row)).await? {
                return Ok(RotationVerbResponse::new(secret, &resumed));
            }
        }
        Err(contended())
    }
}

fn refused(told: &str) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, told)
}
