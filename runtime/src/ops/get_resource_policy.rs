//! GetResourcePolicy.

use keywheel_domain::api::{
    ApiError, DEFAULT_POLICY, ErrorCode, GetResourcePolicyRequest, GetResourcePolicyResponse,
};

use super::access::Access;
use super::load::check_live;
use super::{Caller, Operations};

impl Operations {
    /// Tells the policy as it was written.
    pub async fn get_resource_policy(
        &self,
        caller: &Caller,
        request: GetResourcePolicyRequest,
    ) -> Result<GetResourcePolicyResponse, ApiError> {
        let access = Access::secret("GetResourcePolicy", &request.secret_id);
        let seen = self.find_secret(caller, &access).await?;
        let secret = &seen.record;
        check_live(secret)?;
        if request.policy_name.is_some_and(|name| name != DEFAULT_POLICY) {
            let told = "Secrets Manager can't find the specified resource policy.";
            return Err(ApiError::new(ErrorCode::ResourceNotFound, told));
        }
        Ok(GetResourcePolicyResponse {
            arn: secret.arn.clone(),
            name: secret.name.clone(),
            resource_policy: secret.resource_policy.clone(),
            policy_name: DEFAULT_POLICY,
        })
    }
}
