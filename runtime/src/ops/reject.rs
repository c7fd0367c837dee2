//! Reject.

use keywheel_domain::api::{ApiError, RejectRequest, RotationVerbResponse};
use keywheel_domain::rotation::End;

use super::approve::not_counted;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};

impl Operations {
    /// Gives the rotation up: before `setSecret` by discarding the pending version, after it by rolling
    /// back.
    pub async fn reject(
        &self,
        caller: &Caller,
        request: RejectRequest,
    ) -> Result<RotationVerbResponse, ApiError> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let (secret, job) =
                self.load_request(caller, "keywheel:ApproveRotation", &request.approval_id).await?;
            let (who, now) = (caller.person(), self.clock.now());
            let checked = job.record.check_answer(&request.approval_id, &who, now);
            checked.map_err(|error| not_counted(&error))?;
            let after = job.record.given_up(End::Rejected, now);
            let row = self.audit_row(
                &who.arn,
                "ApprovalRejected",
                &after.secret_arn,
                Some(&after.token),
                request.reason.clone(),
            );
            let change = self.turn(&secret, &job, &after, now).await?;
            if self.commit(change.audit(&row)).await? {
                return Ok(RotationVerbResponse::new(&secret.record, &after));
            }
        }
        Err(contended())
    }
}
