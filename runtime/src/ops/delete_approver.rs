//! DeleteApprover.

use keywheel_domain::api::{ApiError, DeleteApproverRequest, DeleteApproverResponse, ErrorCode};
use keywheel_domain::iam::{APPROVER_POLICY_ARN, EntityKind, User};
use keywheel_domain::user;

use super::change::Change;
use super::iam::without_key;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};

impl Operations {
    /// Takes a user away with their access keys, which are refused from the next request on. A user who is more than
    /// an approver is left to IAM.
    pub async fn delete_approver(
        &self,
        caller: &Caller,
        request: DeleteApproverRequest,
    ) -> Result<DeleteApproverResponse, ApiError> {
        let (account, name) = (&caller.account, request.user_name);
        self.authorize(caller, "keywheel:DeleteApprover", Some(&user::arn(account, &name)))?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let mut census = self.iam_census(account).await?;
            let found = self.iam_user(account, &name).await?;
            // The name as it was given, capitals and all: it is in the ARN that policies name.
            let found = found.filter(|seen| seen.record.name == name && is_approver(&seen.record));
            let seen = found.ok_or_else(|| {
                let told = format!("The user with name {name} cannot be found.");
                ApiError::new(ErrorCode::ResourceNotFound, told)
            })?;
            let user = &seen.record;
            if user.permissions.attached.len() > 1
                || !user.permissions.inline.is_empty()
                || !user.groups.is_empty()
                || user.boundary.is_some()
            {
                let told = format!(
                    "The user {name} has other policies or groups too: detach the policy {APPROVER_POLICY_ARN}, or \
                     delete the user with IAM."
                );
                return Err(ApiError::new(ErrorCode::InvalidRequest, told));
            }
            census.remove(EntityKind::User);
            let uses = census.counts.builtin.entry(APPROVER_POLICY_ARN.to_owned()).or_default();
            uses.attached = uses.attached.saturating_sub(1);
            let mut change = Change::remove_seen(&seen);
            for key in &user.keys {
                change = change.and(without_key(&key.id));
            }
            let ids: Vec<&str> = user.keys.iter().map(|key| key.id.as_str()).collect();
            let detail = format!("access key {}", ids.join(", "));
            let arn = user.arn(account);
            let row = self.audit_row(&caller.arn(), "DeleteApprover", &arn, None, Some(detail));
            if self.commit(change.and(census.change()).audit(&row)).await? {
                return Ok(DeleteApproverResponse { user_name: name, arn });
            }
        }
        Err(contended())
    }
}

/// Whether the policy of approvers is attached to the user.
pub(super) fn is_approver(user: &User) -> bool {
    user.permissions.attached.contains(APPROVER_POLICY_ARN)
}
