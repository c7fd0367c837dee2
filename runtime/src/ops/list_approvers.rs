//! ListApprovers.

use keywheel_domain::api::{ApiError, Approver, ListApproversRequest, ListApproversResponse};
use keywheel_domain::user;

use super::create_approver::{APPROVERS_MAX, User};
use super::load::from_entry;
use super::{Caller, Operations, Seen, keys};

impl Operations {
    /// Lists the users of the caller's account.
    pub async fn list_approvers(
        &self,
        caller: &Caller,
        _: ListApproversRequest,
    ) -> Result<ListApproversResponse, ApiError> {
        self.authorize(caller, "keywheel:ListApprovers", None)?;
        let users = self.users(&caller.account).await?.into_iter().map(|seen| seen.record);
        let approvers = users.map(|user| Approver {
            arn: user::arn(&caller.account, &user.name),
            user_name: user.name,
            access_key_id: user.access_key_id,
            created_date: user.created,
        });
        Ok(ListApproversResponse { approvers: approvers.collect() })
    }

    /// The users of an account by their names, capitals or not.
    pub(super) async fn users(&self, account: &str) -> Result<Vec<Seen<User>>, ApiError> {
        let (from, to) = keys::users(account);
        let entries = self.scan(&from, &to, APPROVERS_MAX).await?;
        entries.into_iter().map(|(key, entry)| from_entry(key, &entry)).collect()
    }
}
