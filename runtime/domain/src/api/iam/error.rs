//! Errors that only IAM has.

use super::ApiError;
use crate::api::ErrorCode;
use crate::codes::codes;

codes! {
    /// `Code` on the wire.
    pub enum IamErrorCode {
        /// It still has something, or is still used.
        DeleteConflict = "DeleteConflict",
        /// The name is taken.
        EntityAlreadyExists = "EntityAlreadyExists",
        /// What is asked for does not fit together.
        InvalidInput = "InvalidInput",
        /// A quota.
        LimitExceeded = "LimitExceeded",
        /// A policy that is none.
        MalformedPolicyDocument = "MalformedPolicyDocument",
        /// No such user, group, role, policy or key.
        NoSuchEntity = "NoSuchEntity",
    }
}

impl IamErrorCode {
    pub(in crate::api) const fn http_status(self) -> u16 {
        match self {
            Self::NoSuchEntity => 404,
            Self::DeleteConflict | Self::EntityAlreadyExists | Self::LimitExceeded => 409,
            Self::InvalidInput | Self::MalformedPolicyDocument => 400,
        }
    }
}

/// An error with this code and sentence.
pub fn iam_error(code: IamErrorCode, message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::Iam(code), message)
}
