//! Errors that only IAM has.

use super::ApiError;
use crate::api::ErrorCode;

/// `Code` on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IamErrorCode {
    /// It still has something, or is still used.
    DeleteConflict,
    /// The name is taken.
    EntityAlreadyExists,
    /// What is asked for does not fit together.
    InvalidInput,
    /// A quota.
    LimitExceeded,
    /// A policy that is none.
    MalformedPolicyDocument,
    /// No such user, group, role, policy or key.
    NoSuchEntity,
}

impl IamErrorCode {
    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeleteConflict => "DeleteConflict",
            Self::EntityAlreadyExists => "EntityAlreadyExists",
            Self::InvalidInput => "InvalidInput",
            Self::LimitExceeded => "LimitExceeded",
            Self::MalformedPolicyDocument => "MalformedPolicyDocument",
            Self::NoSuchEntity => "NoSuchEntity",
        }
    }

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
