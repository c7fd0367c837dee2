//! DeleteResourcePolicy.

use keywheel_domain::api::{
    ApiError, DEFAULT_POLICY, DeleteResourcePolicyRequest, DeleteResourcePolicyResponse,
};

use super::access::Access;
use super::change::Change;
use super::resource_policies::check_policy_name;
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};

impl Operations {
    /// Takes the policy off a secret.
    pub async fn delete_resource_policy(
        &self,
        caller: &Caller,
        request: DeleteResourcePolicyRequest,
    ) -> Result<DeleteResourcePolicyResponse, ApiError> {
        let access = Access::secret("DeleteResourcePolicy", &request.secret_id);
        check_policy_name(request.policy_name.as_deref())?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, &access).await?;
            let mut after = seen.record.clone();
            after.resource_policy = None;
            let after = seen.stamped(after, self.clock.now());
            let row = self.audit_row(&caller.arn(), "DeleteResourcePolicy", &after.arn, None, None);
            let change = Change::new().update_secret(&seen, &after);
            if change.is_empty() || self.commit(change.audit(&row)).await? {
                return Ok(DeleteResourcePolicyResponse {
                    arn: after.arn,
                    name: after.name,
                    policy_name: DEFAULT_POLICY,
                });
            }
        }
        Err(contended())
    }
}
