//! ListApprovers.

use keywheel_domain::api::{ApiError, Approver, ListApproversRequest, ListApproversResponse};
use keywheel_domain::iam::User;

use super::delete_approver::is_approver;
use super::{Caller, Operations, keys};

impl Operations {
    /// Lists the users of the caller's account to whom the policy of approvers is attached.
    pub async fn list_approvers(
        &self,
        caller: &Caller,
        _: ListApproversRequest,
    ) -> Result<ListApproversResponse, ApiError> {
        self.authorize(caller, "keywheel:ListApprovers", None)?;
        let users = self.iam_all::<User>(keys::users(&caller.account)).await?;
        let users = users.into_iter().map(|seen| seen.record).filter(is_approver);
        let approvers = users.map(|user| Approver {
            arn: user.arn(&caller.account),
            access_key_id: user.keys.first().map(|key| key.id.clone()),
            user_name: user.name,
            created_date: user.created,
        });
        Ok(ListApproversResponse { approvers: approvers.collect() })
    }
}
