//! Errors as this protocol carries them: a status, the code in a header, a sentence in the body.

use std::fmt;

use super::super::{ApiError, ErrorCode};
use crate::codes::codes;
use crate::function::FunctionIdError;
use crate::sigv4::AuthErrorCode;

codes! {
    /// The exception's name on the wire.
    pub enum LambdaErrorCode {
        /// The caller may not do this.
        AccessDenied = "AccessDeniedException",
        /// All that may be kept is kept.
        CodeStorageExceeded = "CodeStorageExceededException",
        /// A parameter is wrong, or the code is refused.
        InvalidParameterValue = "InvalidParameterValueException",
        /// The event is not one.
        InvalidRequestContent = "InvalidRequestContentException",
        /// The policy has no room for more.
        PolicyLengthExceeded = "PolicyLengthExceededException",
        /// The revision is not the one that the caller has seen.
        PreconditionFailed = "PreconditionFailedException",
        /// More than may be sent.
        RequestTooLarge = "RequestEntityTooLargeException",
        /// It exists already, or is in use.
        ResourceConflict = "ResourceConflictException",
        /// No such function, version, alias or statement.
        ResourceNotFound = "ResourceNotFoundException",
        /// The body is not what the protocol asks for.
        Serialization = "SerializationException",
        /// A fault of ours; the log holds the cause.
        Service = "ServiceException",
        /// Too much at once.
        TooManyRequests = "TooManyRequestsException",
        /// No such operation.
        UnknownOperation = "UnknownOperationException",
        /// A member breaks a constraint of the service model.
        Validation = "ValidationException",
        ..
        /// The signature, key or date of the request is refused, with the protocol's own code.
        Authentication(AuthErrorCode),
    }
}

impl LambdaErrorCode {
    /// As in the service model.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::CodeStorageExceeded
            | Self::InvalidParameterValue
            | Self::InvalidRequestContent
            | Self::PolicyLengthExceeded
            | Self::Serialization
            | Self::Validation => 400,
            Self::AccessDenied | Self::Authentication(_) => 403,
            Self::ResourceNotFound | Self::UnknownOperation => 404,
            Self::ResourceConflict => 409,
            Self::PreconditionFailed => 412,
            Self::RequestTooLarge => 413,
            Self::TooManyRequests => 429,
            Self::Service => 500,
        }
    }
}

/// A refusal: a code that programs branch on and a sentence for people. It never holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LambdaError {
    /// What programs branch on.
    pub code: LambdaErrorCode,
    /// What people read.
    pub message: String,
}

impl LambdaError {
    /// An error with this code and sentence.
    pub fn new(code: LambdaErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// `InvalidParameterValueException`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(LambdaErrorCode::InvalidParameterValue, message)
    }

    /// `ResourceConflictException`.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(LambdaErrorCode::ResourceConflict, message)
    }

    /// `ResourceNotFoundException`, in the service's words.
    pub fn function_not_found(arn: &str) -> Self {
        Self::new(LambdaErrorCode::ResourceNotFound, format!("Function not found: {arn}"))
    }

    /// The JSON body. The models of the errors spell the sentence in two ways.
    pub fn body(&self) -> serde_json::Value {
        let (kind, member) = match self.code {
            LambdaErrorCode::Service => ("Service", "Message"),
            LambdaErrorCode::ResourceNotFound => ("User", "Message"),
            _ => ("User", "message"),
        };
        serde_json::json!({ "Type": kind, member: self.message })
    }
}

impl fmt::Display for LambdaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for LambdaError {}

/// What both protocols share is told in the words of this one.
impl From<ApiError> for LambdaError {
    fn from(error: ApiError) -> Self {
        let code = match error.code {
            ErrorCode::AccessDenied => LambdaErrorCode::AccessDenied,
            ErrorCode::InvalidLookupAttributes
            | ErrorCode::InvalidNextToken
            | ErrorCode::InvalidParameter
            | ErrorCode::InvalidRequest
            | ErrorCode::InvalidTimeRange
            | ErrorCode::MalformedPolicyDocument
            | ErrorCode::PublicPolicy => LambdaErrorCode::InvalidParameterValue,
            ErrorCode::ResourceExists => LambdaErrorCode::ResourceConflict,
            ErrorCode::ResourceNotFound => LambdaErrorCode::ResourceNotFound,
            ErrorCode::Serialization => LambdaErrorCode::Serialization,
            ErrorCode::Throttling | ErrorCode::LimitExceeded => LambdaErrorCode::TooManyRequests,
            ErrorCode::UnknownOperation => LambdaErrorCode::UnknownOperation,
            ErrorCode::Validation => LambdaErrorCode::Validation,
            ErrorCode::Authentication(code) => LambdaErrorCode::Authentication(code),
            ErrorCode::InternalService
            | ErrorCode::DecryptionFailure
            | ErrorCode::EncryptionFailure
            | ErrorCode::PackedPolicyTooLarge
            | ErrorCode::Kms(_)
            | ErrorCode::Iam(_) => LambdaErrorCode::Service,
        };
        Self { code, message: error.message }
    }
}

impl From<FunctionIdError> for LambdaError {
    fn from(error: FunctionIdError) -> Self {
        match error {
            FunctionIdError::Elsewhere => {
                Self::new(LambdaErrorCode::ResourceNotFound, format!("Function not found: {error}."))
            }
            FunctionIdError::Malformed => {
                Self::new(LambdaErrorCode::Validation, format!("1 validation error detected: {error}"))
            }
            FunctionIdError::TwoQualifiers => Self::invalid(error.to_string()),
        }
    }
}
