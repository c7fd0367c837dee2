//! Errors that only the key management service has.

use super::ApiError;
use crate::api::ErrorCode;
use crate::codes::codes;

codes! {
    /// The exception's name on the wire.
    pub enum KmsErrorCode {
        /// The alias exists.
        AlreadyExists = "AlreadyExistsException",
        /// The key is disabled.
        Disabled = "DisabledException",
        /// The request would have succeeded, and was a trial.
        DryRun = "DryRunOperationException",
        /// The ciphertext is of another key than the one that is named.
        IncorrectKey = "IncorrectKeyException",
        /// A fault of ours; the log holds the cause.
        Internal = "KMSInternalException",
        /// An alias may not be called that.
        InvalidAliasName = "InvalidAliasNameException",
        /// An ARN of nothing that is meant.
        InvalidArn = "InvalidArnException",
        /// The ciphertext is damaged, or of another encryption context.
        InvalidCiphertext = "InvalidCiphertextException",
        /// The key is not for this algorithm.
        InvalidKeyUsage = "InvalidKeyUsageException",
        /// A pagination token that we did not issue, or for other parameters.
        InvalidMarker = "InvalidMarkerException",
        /// The state of the key does not allow it.
        InvalidState = "KMSInvalidStateException",
        /// A quota.
        LimitExceeded = "LimitExceededException",
        /// The key policy is none.
        MalformedPolicyDocument = "MalformedPolicyDocumentException",
        /// Only the service does this.
        NotAuthorized = "NotAuthorizedException",
        /// No such key, alias or policy.
        NotFound = "NotFoundException",
        /// A tag that may not be.
        Tag = "TagException",
        /// What is not there.
        UnsupportedOperation = "UnsupportedOperationException",
    }
}

impl KmsErrorCode {
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
