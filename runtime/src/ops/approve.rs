//! Approve.

use keywheel_domain::api::{ApiError, ApproveRequest, ApproveResponse, ErrorCode};
use keywheel_domain::rotation::{Answer, ApprovalError, Job};
use keywheel_domain::secret::Secret;

use super::access::{Access, Resource};
use super::change::Change;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, Seen, contended};

impl Operations {
    /// Notes that the caller agrees; the step runs when enough people have.
    pub async fn approve(
        &self,
        caller: &Caller,
        request: ApproveRequest,
    ) -> Result<ApproveResponse, ApiError> {
        let id = &request.approval_id;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let (secret, job) = self.load_request(caller, "keywheel:ApproveRotation", id).await?;
            let (who, comment) = (caller.person(), request.comment.as_deref());
            let approved = job.record.approved(id, &who, comment, self.clock.now());
            let (after, answer) = approved.map_err(|error| not_counted(&error))?;
            let wanting = match answer {
                Answer::Complete => 0,
                Answer::Wanting(count) => count,
                Answer::Again => after
                    .open_request()
                    .map_or(0, |request| request.count.saturating_sub(after.agreed(&request.id))),
            };
            let answered =
                || ApproveResponse { approval_id: id.clone(), secret_arn: after.secret_arn.clone(), wanting };
            if answer == Answer::Again {
                return Ok(answered());
            }
            let detail = format!("request {id}: {wanting} more before {}", job.record.step);
            let row = self.audit_row(
                &who.arn,
                "ApprovalGranted",
                &after.secret_arn,
                Some(&after.token),
                Some(detail),
            );
            let change = Change::new().expect_secret(&secret).update_job(&job, &after);
            if self.commit(change.audit(&row)).await? {
                return Ok(answered());
            }
        }
        Err(contended())
    }

    /// The secret and the job of a request for approval in the caller's region, answered or not, if the caller may
    /// do this with the secret.
    pub(super) async fn load_request(
        &self,
        caller: &Caller,
        action: &str,
        id: &str,
    ) -> Result<(Seen<Secret>, Seen<Job>), ApiError> {
        let found = self.find_request(caller, id).await;
        let resource = found.as_ref().map_or_else(
            |_| Resource::plain("*", &caller.account),
            |(secret, _)| Resource::secret(&secret.record),
        );
        self.authorize_on(caller, &Access::new(action, None), &resource)?;
        found
    }

    async fn find_request(&self, caller: &Caller, id: &str) -> Result<(Seen<Secret>, Seen<Job>), ApiError> {
        let not_found = || {
            let told =
                "There is no such open request for approval: it was answered, or its rotation has ended.";
            ApiError::new(ErrorCode::ResourceNotFound, told)
        };
        let secret_arn = self.load_approval(&caller.scope(), id).await?;
        let secret_arn = secret_arn.ok_or_else(not_found)?;
        let secret = self.secret_by_arn(&secret_arn).await?.ok_or_else(not_found)?;
        let job = self.load_job(&secret_arn).await?.ok_or_else(not_found)?;
        Ok((secret, job))
    }
}

pub(super) fn not_counted(error: &ApprovalError) -> ApiError {
    let code = match error {
        ApprovalError::NotOpen | ApprovalError::Expired { .. } => ErrorCode::InvalidRequest,
        ApprovalError::Requester { .. } | ApprovalError::NotAnApprover { .. } => ErrorCode::AccessDenied,
    };
    let mut sentence = error.to_string();
    sentence[..1].make_ascii_uppercase();
    ApiError::new(code, sentence)
}
