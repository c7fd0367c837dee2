//! ValidateResourcePolicy.

use keywheel_domain::api::{
    ApiError, PolicyValidationError, ValidateResourcePolicyRequest, ValidateResourcePolicyResponse,
};

use super::access::Access;
use super::load::check_live;
use super::resource_policies::read_policy;
use super::{Caller, Operations};

impl Operations {
    /// Tells what speaks against a policy; one that is none at all is an error.
    pub async fn validate_resource_policy(
        &self,
        caller: &Caller,
        request: ValidateResourcePolicyRequest,
    ) -> Result<ValidateResourcePolicyResponse, ApiError> {
        match &request.secret_id {
            Some(secret_id) => {
                let access = Access::secret("ValidateResourcePolicy", secret_id);
                check_live(&self.find_secret(caller, &access).await?.record)?;
            }
            None => self.authorize(caller, "ValidateResourcePolicy", None)?,
        }
        self.quotas.check_policy(&request.resource_policy)?;
        let mut validation_errors = Vec::new();
        if read_policy(&request.resource_policy)?.is_public() {
            validation_errors.push(PolicyValidationError {
                check_name: "PUBLIC_ACCESS",
                error_message: "The resource policy grants public access to the secret.".to_owned(),
            });
        }
        let policy_validation_passed = validation_errors.is_empty();
        Ok(ValidateResourcePolicyResponse { policy_validation_passed, validation_errors })
    }
}
