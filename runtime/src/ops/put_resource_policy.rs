//! PutResourcePolicy.

use keywheel_domain::api::{
    ApiError, DEFAULT_POLICY, ErrorCode, PutResourcePolicyRequest, PutResourcePolicyResponse,
};

use super::access::Access;
use super::change::Change;
use super::resource_policies::{check_policy_name, read_policy};
use super::{COMMIT_ATTEMPTS_MAX, Caller, Operations, contended};

impl Operations {
    /// Attaches a policy. It is a part of the secret's record, so that whoever decides by it sees both of one
    /// moment, and a read costs no second look.
    pub async fn put_resource_policy(
        &self,
        caller: &Caller,
        request: PutResourcePolicyRequest,
    ) -> Result<PutResourcePolicyResponse, ApiError> {
        let access = Access::secret("PutResourcePolicy", &request.secret_id)
            .with_flag("secretsmanager:blockpublicpolicy", request.block_public_policy);
        check_policy_name(request.policy_name.as_deref())?;
        self.quotas.check_policy(&request.resource_policy)?;
        let policy = read_policy(&request.resource_policy)?;
        if request.block_public_policy && policy.is_public() {
            let told =
                "The resource policy grants public access to the secret, and BlockPublicPolicy is set.";
            return Err(ApiError::new(ErrorCode::PublicPolicy, told));
        }
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.load_live_secret(caller, &access).await?;
            let mut after = seen.record.clone();
            after.resource_policy = Some(request.resource_policy.clone());
            let after = seen.stamped(after, self.clock.now());
            let row = self.audit_row(&caller.arn(), "PutResourcePolicy", &after.arn, None, None);
            let change = Change::new().update_secret(&seen, &after);
            if change.is_empty() || self.commit(change.audit(&row)).await? {
                return Ok(PutResourcePolicyResponse {
                    arn: after.arn,
                    name: after.name,
                    policy_name: DEFAULT_POLICY,
                });
            }
        }
        Err(contended())
    }
}
