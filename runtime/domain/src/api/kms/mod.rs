//! Shapes of the AWS KMS protocol (awsJson 1.1, service model 2014-11-01).
//!
//! Requests are read member by member, as those of Secrets Manager are. What is not there (grants, imports,
//! other kinds of keys, enclaves) is refused where a request asks for it, never left out silently.

mod aliases;
mod crypto;
mod data_keys;
mod error;
mod grants;
mod key_state;
mod keys;
mod policies;
mod rotation;
mod tags;

pub use self::aliases::{
    AliasEntry, CreateAliasRequest, DeleteAliasRequest, ListAliasesRequest, ListAliasesResponse,
    UpdateAliasRequest,
};
pub use self::crypto::{
    DecryptRequest, DecryptResponse, EncryptRequest, EncryptResponse, ReEncryptRequest, ReEncryptResponse,
};
pub use self::data_keys::{
    DataKeySize, GenerateDataKeyRequest, GenerateDataKeyResponse, GenerateDataKeyWithoutPlaintextRequest,
    GenerateDataKeyWithoutPlaintextResponse, GenerateRandomRequest, GenerateRandomResponse,
};
pub use self::error::{KmsErrorCode, kms_error};
pub use self::grants::{ListGrantsRequest, ListGrantsResponse, ListRetirableGrantsRequest};
pub use self::key_state::{
    CancelKeyDeletionRequest, CancelKeyDeletionResponse, DisableKeyRequest, EnableKeyRequest,
    ScheduleKeyDeletionRequest, ScheduleKeyDeletionResponse,
};
pub use self::keys::{
    CreateKeyRequest, DescribeKeyRequest, KeyEntry, KeyMetadata, KeyMetadataResponse, ListKeysRequest,
    ListKeysResponse, UpdateKeyDescriptionRequest,
};
pub use self::policies::{
    DEFAULT_POLICY_NAME, GetKeyPolicyRequest, GetKeyPolicyResponse, ListKeyPoliciesRequest,
    ListKeyPoliciesResponse, PutKeyPolicyRequest,
};
pub use self::rotation::{
    DisableKeyRotationRequest, EnableKeyRotationRequest, GetKeyRotationStatusRequest,
    GetKeyRotationStatusResponse, ListKeyRotationsRequest, ListKeyRotationsResponse,
    RotateKeyOnDemandRequest, RotateKeyOnDemandResponse, RotationEntry,
};
pub use self::tags::{
    ListResourceTagsRequest, ListResourceTagsResponse, TagKeyRequest, UntagKeyRequest, read_tags,
};

use super::members::{Bounds, Members};
use super::{ApiError, Request};

/// `KeyId`.
const KEY_ID_CHARS: Bounds = 1..=2048;
/// `Limit`.
const LIMIT: Bounds = 1..=1000;
/// `Marker`.
const MARKER_CHARS: Bounds = 1..=1024;
/// Items of a page whose request names no limit.
const LIMIT_DEFAULT: usize = 100;
/// The only algorithm and kind of key.
const SYMMETRIC_DEFAULT: &str = "SYMMETRIC_DEFAULT";

/// Which page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Most items.
    pub limit: usize,
    /// Where to go on, as the last page said.
    pub marker: Option<String>,
}

impl PageRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        let printable = |char: char| ('\u{20}'..='\u{ff}').contains(&char);
        Ok(Self {
            limit: members.bounded_integer("Limit", LIMIT)?.unwrap_or(LIMIT_DEFAULT),
            marker: members.matching_text("Marker", MARKER_CHARS, (r"[\u0020-\u00FF]*", printable))?,
        })
    }
}

/// `GrantTokens` are of no use without grants, and harmless.
fn skip_grant_tokens(members: &mut Members) -> Result<(), ApiError> {
    members.list("GrantTokens", 0..=10, 1..=8192).map(drop)
}

/// Refuses a member that asks for what is not there.
fn refuse(members: &mut Members, name: &str, why: &str) -> Result<(), ApiError> {
    match members.count(name)? {
        None => Ok(()),
        Some(_) => Err(kms_error(KmsErrorCode::UnsupportedOperation, why)),
    }
}
