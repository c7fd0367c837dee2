//! Keywheel.GetRotationPolicy.

use keywheel_domain::api::{ApiError, GetRotationPolicyRequest, GetRotationPolicyResponse};

use super::access::Access;
use super::{Caller, Operations};

impl Operations {
    /// Tells the policy with its defaults.
    pub(super) async fn get_rotation_policy(
        &self,
        caller: &Caller,
        request: GetRotationPolicyRequest,
    ) -> Result<GetRotationPolicyResponse, ApiError> {
        let access = Access::secret("keywheel:GetRotationPolicy", &request.secret_id);
        let seen = self.find_secret(caller, &access).await?;
        let secret = &seen.record;
        Ok(GetRotationPolicyResponse {
            arn: secret.arn.clone(),
            name: secret.name.clone(),
            policy: secret.policy.clone(),
        })
    }
}
