//! Errors that only the key management service has.

use super::ApiError;
use crate::api::ErrorCode;

/// The exception's name on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KmsErrorCode {
    /// The alias exists.
    AlreadyExists,
    /// The key is disabled.
    Disabled,
    /// The request would have succeeded, and was a trial.
    DryRun,
    /// The ciphertext is of another key than the one that is named.
    IncorrectKey,
    /// A fault of ours; the log holds the cause.
    Internal,
    /// An alias may not be called that.
    InvalidAliasName,
    /// An ARN of nothing that is meant.
    InvalidArn,
    /// The ciphertext is damaged, or of another encryption context.
    InvalidCiphertext,
    /// The key is not for this algorithm.
    InvalidKeyUsage,
    /// A pagination token that we did not issue, or for other parameters.
    InvalidMarker,
    /// The state of the key does not allow it.
    InvalidState,
    /// A quota.
    LimitExceeded,
    /// The key policy is none.
    MalformedPolicyDocument,
    /// Only the service does this.
    NotAuthorized,
    /// No such key, alias or policy.
    NotFound,
    /// A tag that may not be.
    Tag,
    /// What is not there.
    UnsupportedOperation,
}

impl KmsErrorCode {
    /// As in `__type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AlreadyExists => "AlreadyExistsException",
            Self::Disabled => "DisabledException",
            Self::DryRun => "DryRunOperationException",
            Self::IncorrectKey => "IncorrectKeyException",
            Self::Internal => "KMSInternalException",
            Self::InvalidAliasName => "InvalidAliasNameException",
            Self::InvalidArn => "InvalidArnException",
            Self::InvalidCiphertext => "InvalidCiphertextException",
            Self::InvalidKeyUsage => "InvalidKeyUsageException",
            Self::InvalidMarker => "InvalidMarkerException",
            Self::InvalidState => "KMSInvalidStateException",
            Self::LimitExceeded => "LimitExceededException",
            Self::MalformedPolicyDocument => "MalformedPolicyDocumentException",
            Self::NotAuthorized => "NotAuthorizedException",
            Self::NotFound => "NotFoundException",
            Self::Tag => "TagException",
            Self::UnsupportedOperation => "UnsupportedOperationException",
        }
    }

    pub(in crate::api) const fn http_status(self) -> u16 {
        match self {
            Self::Internal => 500,
            Self::DryRun => 412,
            _ => 400,
        }
    }
}

/// An error with this code and sentence.
pub fn kms_error(code: KmsErrorCode, message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::Kms(code), message)
}
