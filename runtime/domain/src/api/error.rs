//! Errors as the protocol carries them.

use std::fmt;

use super::iam::IamErrorCode;
use super::kms::KmsErrorCode;
use crate::codes::codes;
use crate::sigv4::AuthErrorCode;

codes! {
    /// The exception's name on the wire.
    pub enum ErrorCode {
        /// The caller may not do this, or the rotation function cannot be called.
        AccessDenied = "AccessDeniedException",
        /// A stored value cannot be opened: wrong key, damaged, disabled.
        DecryptionFailure = "DecryptionFailure",
        /// A value cannot be sealed.
        EncryptionFailure = "EncryptionFailure",
        /// A fault of ours; the log holds the cause.
        InternalService = "InternalServiceError",
        /// Events cannot be looked up by this.
        InvalidLookupAttributes = "InvalidLookupAttributesException",
        /// A pagination token that we did not issue, or for other parameters.
        InvalidNextToken = "InvalidNextTokenException",
        /// A parameter is wrong.
        InvalidParameter = "InvalidParameterException",
        /// The request does not fit the state of the secret.
        InvalidRequest = "InvalidRequestException",
        /// A time that ends before it starts.
        InvalidTimeRange = "InvalidTimeRangeException",
        /// A quota.
        LimitExceeded = "LimitExceededException",
        /// A policy that is none, or that cannot be attached to a secret.
        MalformedPolicyDocument = "MalformedPolicyDocumentException",
        /// A policy that lets anybody in, where that was to be refused.
        PublicPolicy = "PublicPolicyException",
        /// The name, or the token with another value, is taken.
        ResourceExists = "ResourceExistsException",
        /// No such secret or version.
        ResourceNotFound = "ResourceNotFoundException",
        /// The body is not what the protocol asks for.
        Serialization = "SerializationException",
        /// Too many requests.
        Throttling = "ThrottlingException",
        /// No such operation.
        UnknownOperation = "UnknownOperationException",
        /// A member breaks a constraint of the service model.
        Validation = "ValidationException",
        /// What a session is told to be does not fit into its token.
        PackedPolicyTooLarge = "PackedPolicyTooLarge",
        ..
        /// The signature, key or date of the request is refused, with the protocol's own code.
        Authentication(AuthErrorCode),
        /// An error that only the key management service has.
        Kms(KmsErrorCode),
        /// An error that only IAM has.
        Iam(IamErrorCode),
    }
}

impl ErrorCode {
    /// Every client error of this service is 400.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InternalService => 500,
            Self::Kms(code) => code.http_status(),
            Self::Iam(code) => code.http_status(),
            _ => 400,
        }
    }

    /// Errors of the service model spell `Message`, those in front of it `message`.
    pub const fn message_member(self) -> &'static str {
        match self {
            Self::AccessDenied
            | Self::Serialization
            | Self::Throttling
            | Self::UnknownOperation
            | Self::Validation
            | Self::Authentication(_)
            | Self::Kms(_) => "message",
            _ => "Message",
        }
    }
}

/// A refusal: a code that programs branch on and a sentence for people. It never holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// What programs branch on.
    pub code: ErrorCode,
    /// What people read.
    pub message: String,
}

impl ApiError {
    /// An error with this code and sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// `ResourceNotFoundException` for a secret, in the service's words.
    pub fn secret_not_found() -> Self {
        Self::new(ErrorCode::ResourceNotFound, "Secrets Manager can't find the specified secret.")
    }

    /// `InternalServiceError`: the cause is for the log, not for the caller.
    pub fn internal() -> Self {
        Self::new(ErrorCode::InternalService, "An error occurred on the server side.")
    }

    /// The JSON body.
    pub fn body(&self) -> serde_json::Value {
        let mut body = serde_json::Map::new();
        body.insert("__type".into(), self.code.as_str().into());
        body.insert(self.code.message_member().into(), self.message.as_str().into());
        body.into()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for ApiError {}
