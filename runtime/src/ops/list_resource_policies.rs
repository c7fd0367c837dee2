//! ListResourcePolicies.

use keywheel_domain::api::{
    ApiError, DEFAULT_POLICY, ListResourcePoliciesRequest, ListResourcePoliciesResponse,
    ResourcePolicySummary,
};

use super::access::Access;
use super::load::check_live;
use super::next_token::listing;
use super::{Caller, Operations};

impl Operations {
    /// Names the policies of a secret.
    pub async fn list_resource_policies(
        &self,
        caller: &Caller,
        request: ListResourcePoliciesRequest,
    ) -> Result<ListResourcePoliciesResponse, ApiError> {
        let access = Access::secret("ListResourcePolicies", &request.secret_id);
        let seen = self.find_secret(caller, &access).await?;
        let secret = &seen.record;
        check_live(secret)?;
        let listing = listing(caller, "ListResourcePolicies", &[&secret.arn]);
        self.position(&listing, request.next_token.as_deref())?;
        let policy = secret.resource_policy.as_ref();
        let resource_policies = policy.map(|_| ResourcePolicySummary { policy_name: DEFAULT_POLICY });
        Ok(ListResourcePoliciesResponse { resource_policies: resource_policies.into_iter().collect() })
    }
}
