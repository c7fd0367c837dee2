//! CreateApprover: a user of IAM with an access key and the policy of approvers, as one commit.

use keywheel_domain::api::{ApiError, CreateApproverRequest, CreateApproverResponse, ErrorCode};
use keywheel_domain::iam::{APPROVER_POLICY_ARN, EntityKind, Permissions, ROOT_PATH, User};
use keywheel_domain::user;

use super::change::Change;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended, keys};

/// Approvers of one account that are made here.
const APPROVERS_MAX: usize = 1000;

impl Operations {
    /// Makes a user with an access key. The secret is in this answer only: whoever loses the answer
    /// deletes the approver and makes it again.
    pub async fn create_approver(
        &self,
        caller: &Caller,
        request: CreateApproverRequest,
    ) -> Result<CreateApproverResponse, ApiError> {
        let (account, name) = (&caller.account, request.user_name);
        let arn = user::arn(account, &name);
        self.authorize(caller, "keywheel:CreateApprover", Some(&arn))?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let mut census = self.iam_census(account).await?;
            if let Some(taken) = self.iam_user(account, &name).await? {
                let told = format!("User with name {} already exists.", taken.record.name);
                return Err(ApiError::new(ErrorCode::ResourceExists, told));
            }
            let uses = census.counts.builtin.entry(APPROVER_POLICY_ARN.to_owned()).or_default();
            if uses.attached >= APPROVERS_MAX {
                let told = format!("An account can have at most {APPROVERS_MAX} approvers.");
                return Err(ApiError::new(ErrorCode::LimitExceeded, told));
            }
            uses.attached += 1;
            let full = |error: ApiError| ApiError::new(ErrorCode::LimitExceeded, error.message);
            census.add(EntityKind::User).map_err(full)?;
            let (made, key) = self.new_access_key(account, &name).await?;
            let attached = [APPROVER_POLICY_ARN.to_owned()].into();
            let user = User {
                name: name.clone(),
                path: ROOT_PATH.to_owned(),
                id: self.iam_id(EntityKind::User.id_prefix()),
                created: key.created,
                keys: vec![key],
                permissions: Permissions { attached, ..Permissions::default() },
                groups: Vec::new(),
                boundary: None,
                tags: Vec::new(),
            };
            let change = Change::of(made.batch).and(Change::create(keys::user(account, &name), &user));
            let detail = format!("access key {}", made.id);
            let row = self.audit_row(&caller.arn(), "CreateApprover", &arn, None, Some(detail));
            if self.commit(change.and(census.change()).audit(&row)).await? {
                return Ok(CreateApproverResponse {
                    user_name: name,
                    arn,
                    access_key_id: made.id,
                    secret_access_key: made.secret,
                });
            }
        }
        Err(contended())
    }
}
