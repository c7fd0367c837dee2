//! CreateApprover.

use keywheel_domain::api::{ApiError, CreateApproverRequest, CreateApproverResponse, ErrorCode};
use keywheel_domain::time::Timestamp;
use keywheel_domain::user;
use serde::{Deserialize, Serialize};

use super::change::{Change, to_bytes};
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended, keys};
use crate::store::SCAN_ENTRIES_MAX;
use crate::vault::{AccessKeyError, KeyOwner, NewAccessKey};

/// Approvers of one account.
pub(super) const APPROVERS_MAX: usize = 1000;
const _: () = assert!(APPROVERS_MAX <= SCAN_ENTRIES_MAX, "one scan sees all approvers");

/// A user as it is stored. What they sign with has a record of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct User {
    /// As it was given, capitals and all.
    pub(super) name: String,
    /// What they sign with.
    pub(super) access_key_id: String,
    /// When the user was made.
    pub(super) created: Timestamp,
}

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
            // Before the users are counted: a commit that finds it changed has counted too few.
            let newest = keys::newest_user(account);
            let before = self.scan(&newest, &newest.successor(), 1).await?;
            let before = before.first().map(|(_, entry)| entry.revision);
            let users = self.users(account).await?;
            if let Some(taken) = users.iter().find(|user| user.record.name.eq_ignore_ascii_case(&name)) {
                let told = format!("User with name {} already exists.", taken.record.name);
                return Err(ApiError::new(ErrorCode::ResourceExists, told));
            }
            if users.len() >= APPROVERS_MAX {
                let told = format!("An account can have at most {APPROVERS_MAX} approvers.");
                return Err(ApiError::new(ErrorCode::LimitExceeded, told));
            }
            let owner = KeyOwner::User(name.clone());
            let made = NewAccessKey::make(&self.vault, &*self.entropy, account, &owner).await;
            let made = made.map_err(|error| not_made(&error))?;
            let access_key_id = made.id.clone();
            let user = User { name: name.clone(), access_key_id, created: self.clock.now() };
            let place = keys::user(account, &name);
            let batch = made.batch.expect(place.clone(), None).put(place, to_bytes(&user));
            let batch = batch.expect(newest.clone(), before).put(newest, name.as_bytes());
            let detail = format!("access key {}", made.id);
            let row = self.audit_row(&caller.arn(), "CreateApprover", &arn, None, Some(detail));
            if self.commit(Change::of(batch).audit(&row)).await? {
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

fn not_made(error: &AccessKeyError) -> ApiError {
    tracing::error!(error = error as &dyn std::error::Error, "an access key cannot be made");
    ApiError::internal()
}
