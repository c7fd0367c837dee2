//! From the target of a request to its action: every operation of the key management service, in one list.

use keywheel_domain::api::kms::{self, KmsErrorCode, kms_error};
use keywheel_domain::api::{self, ApiError, ErrorCode, Request};

use crate::ops::answer::encode;
use crate::ops::{Caller, Operations};

macro_rules! actions {
    ($($request:ident => $action:ident),+ $(,)?) => {
        impl Operations {
            /// Service and name of each operation of the key management service.
            pub(in crate::ops) fn kms_targets() -> impl Iterator<Item = (&'static str, &'static str)> {
                const TARGETS: &[(&str, &str)] = &[$(("TrentService", kms::$request::NAME)),+];
                TARGETS.iter().copied()
            }

            /// Runs the action of the target and returns the JSON of its answer.
            pub(in crate::ops) async fn dispatch_kms(
                &self,
                caller: &Caller,
                target: &str,
                body: &[u8],
            ) -> Result<Vec<u8>, ApiError> {
                let answer = match target.split_once('.') {
                    $(Some(("TrentService", name)) if name == kms::$request::NAME => {
                        let request: kms::$request = api::decode(body)?;
                        self.$action(caller, request).await.and_then(|answer| encode(&answer))
                    })+
                    _ => Err(ApiError::new(ErrorCode::UnknownOperation, "")),
                };
                answer.map_err(in_words_of_kms)
            }
        }
    };
}

actions! {
    CreateKeyRequest => create_kms_key,
    DescribeKeyRequest => describe_kms_key,
    ListKeysRequest => list_kms_keys,
    UpdateKeyDescriptionRequest => update_kms_key_description,
    CreateAliasRequest => create_kms_alias,
    UpdateAliasRequest => update_kms_alias,
    DeleteAliasRequest => delete_kms_alias,
    ListAliasesRequest => list_kms_aliases,
    EnableKeyRequest => enable_kms_key,
    DisableKeyRequest => disable_kms_key,
    ScheduleKeyDeletionRequest => schedule_kms_key_deletion,
    CancelKeyDeletionRequest => cancel_kms_key_deletion,
    EncryptRequest => kms_encrypt,
    DecryptRequest => kms_decrypt,
    ReEncryptRequest => kms_re_encrypt,
    GenerateDataKeyRequest => generate_data_key,
    GenerateDataKeyWithoutPlaintextRequest => generate_data_key_without_plaintext,
    GenerateRandomRequest => generate_random,
    GetKeyPolicyRequest => get_kms_key_policy,
    PutKeyPolicyRequest => put_kms_key_policy,
    ListKeyPoliciesRequest => list_kms_key_policies,
    EnableKeyRotationRequest => enable_kms_key_rotation,
    DisableKeyRotationRequest => disable_kms_key_rotation,
    GetKeyRotationStatusRequest => get_kms_key_rotation_status,
    RotateKeyOnDemandRequest => rotate_kms_key_on_demand,
    ListKeyRotationsRequest => list_kms_key_rotations,
    TagKeyRequest => tag_kms_key,
    UntagKeyRequest => untag_kms_key,
    ListResourceTagsRequest => list_kms_key_tags,
    ListGrantsRequest => list_grants,
    ListRetirableGrantsRequest => list_retirable_grants,
}

/// What all services share is told in the words of this one.
fn in_words_of_kms(error: ApiError) -> ApiError {
    let code = match error.code {
        ErrorCode::InternalService => KmsErrorCode::Internal,
        ErrorCode::InvalidNextToken => KmsErrorCode::InvalidMarker,
        _ => return error,
    };
    kms_error(code, error.message)
}
