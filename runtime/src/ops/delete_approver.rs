//! DeleteApprover.

use keywheel_domain::api::{ApiError, DeleteApproverRequest, DeleteApproverResponse, ErrorCode};
use keywheel_domain::user;

use super::change::Change;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};
use crate::store::Batch;
use crate::vault::access_key_place;

impl Operations {
    /// Takes a user away with their access key, which is refused from the next request on.
    pub async fn delete_approver(
        &self,
        caller: &Caller,
        request: DeleteApproverRequest,
    ) -> Result<DeleteApproverResponse, ApiError> {
        let name = request.user_name;
        let arn = user::arn(&caller.account, &name);
        self.authorize(caller, "keywheel:DeleteApprover", Some(&arn))?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            // The name as it was given, capitals and all: it is in the ARN that policies name.
            let users = self.users(&caller.account).await?;
            let seen = users.into_iter().find(|seen| seen.record.name == name).ok_or_else(|| {
                let told = format!("The user with name {name} cannot be found.");
                ApiError::new(ErrorCode::ResourceNotFound, told)
            })?;
            let access_key_id = &seen.record.access_key_id;
            let batch = Batch::new()
                .expect(seen.key.clone(), Some(seen.revision))
                .delete(seen.key)
                .delete(access_key_place(access_key_id));
            let detail = format!("access key {access_key_id}");
            let row = self.audit_row(&caller.arn(), "DeleteApprover", &arn, None, Some(detail));
            if self.commit(Change::of(batch).audit(&row)).await? {
                return Ok(DeleteApproverResponse { user_name: name, arn });
            }
        }
        Err(contended())
    }
}
