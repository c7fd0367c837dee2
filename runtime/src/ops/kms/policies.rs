//! GetKeyPolicy, PutKeyPolicy and ListKeyPolicies.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::kms::{
    DEFAULT_POLICY_NAME, GetKeyPolicyRequest, GetKeyPolicyResponse, KmsErrorCode, ListKeyPoliciesRequest,
    ListKeyPoliciesResponse, PutKeyPolicyRequest, kms_error,
};
use keywheel_domain::kms::KmsKey;
use keywheel_domain::policy::{Document, Fault, Kind, Place};
use keywheel_domain::time::Timestamp;

use super::Audience;
use super::key_state::check_not_pending;
use crate::ops::access::Access;
use crate::ops::{Caller, Empty, Operations};

/// Bytes of a policy; the service's own limit.
const POLICY_BYTES_MAX: usize = 32_768;

impl Operations {
    /// Reads a key policy.
    pub(super) async fn get_kms_key_policy(
        &self,
        caller: &Caller,
        request: GetKeyPolicyRequest,
    ) -> Result<GetKeyPolicyResponse, ApiError> {
        let key = self.kms_key_for(caller, "GetKeyPolicy", &request.key_id, Audience::Any).await?;
        check_name(&request.policy_name)?;
        Ok(GetKeyPolicyResponse { policy: key.record.policy.clone(), policy_name: DEFAULT_POLICY_NAME })
    }

    /// Replaces a key policy.
    pub(super) async fn put_kms_key_policy(
        &self,
        caller: &Caller,
        request: PutKeyPolicyRequest,
    ) -> Result<Empty, ApiError> {
        let put = |key: &mut KmsKey, _: Timestamp| {
            check_name(&request.policy_name)?;
            check_policy(&request.policy)?;
            check_not_pending(key)?;
            key.policy.clone_from(&request.policy);
            Ok(())
        };
        let access = Access::new("kms:PutKeyPolicy", None)
            .with_flag("kms:bypasspolicylockoutsafetycheck", request.bypasses_lockout_check);
        self.change_kms_key_as(caller, &access, &request.key_id, put).await.map(|_| Empty {})
    }

    /// Lists the names of the policies of a key: there is one.
    pub(super) async fn list_kms_key_policies(
        &self,
        caller: &Caller,
        request: ListKeyPoliciesRequest,
    ) -> Result<ListKeyPoliciesResponse, ApiError> {
        let key = self.kms_key_for(caller, "ListKeyPolicies", &request.key_id, Audience::Any).await?;
        self.kms_listing(caller, "kms:ListKeyPolicies", &[key.arn()], &request.page)?;
        Ok(ListKeyPoliciesResponse { policy_names: [DEFAULT_POLICY_NAME], truncated: false })
    }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    if name == DEFAULT_POLICY_NAME {
        return Ok(());
    }
    Err(kms_error(KmsErrorCode::NotFound, "No such policy exists"))
}

/// Refuses what is not a policy of a key: each statement says who may do what, or may not.
pub(super) fn check_policy(text: &str) -> Result<(), ApiError> {
    if text.len() > POLICY_BYTES_MAX {
        let told = format!("A key policy can have at most {POLICY_BYTES_MAX} bytes.");
        return Err(kms_error(KmsErrorCode::LimitExceeded, told));
    }
    let Err(error) = Document::parse(text, Kind::Resource) else { return Ok(()) };
    let why = match &error.fault {
        Fault::NotJson => "The policy is not a JSON object.".to_owned(),
        Fault::Form { element: "Version" } => "The new key policy has an unknown version.".to_owned(),
        Fault::Form { element: "Statement" } if error.place == Place::Document => {
            "The policy has no statements.".to_owned()
        }
        Fault::Form { element: "Effect" } => "The effect of a statement must be Allow or Deny.".to_owned(),
        Fault::Pair { element } => format!("A statement must have exactly one {element}."),
        _ => format!("In the new key policy, {error}."),
    };
    Err(kms_error(KmsErrorCode::MalformedPolicyDocument, why))
}
