//! Refusals in the words of this protocol: what all services share has other names and statuses here.

use crate::api::{ApiError, ErrorCode};
use crate::sigv4::AuthErrorCode;

/// What programs branch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// `Code`.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
}

impl QueryError {
    /// Whether the caller has to do something about it.
    pub const fn is_sender(self) -> bool {
        self.status < 500
    }
}

/// The code and the status of a refusal.
pub fn in_query_words(error: &ApiError) -> QueryError {
    let (code, status) = match error.code {
        ErrorCode::AccessDenied => ("AccessDenied", 403),
        ErrorCode::Authentication(code) => authentication(code),
        ErrorCode::InternalService => ("InternalFailure", 500),
        ErrorCode::InvalidNextToken | ErrorCode::Validation => ("ValidationError", 400),
        ErrorCode::LimitExceeded => ("LimitExceeded", 409),
        ErrorCode::MalformedPolicyDocument => ("MalformedPolicyDocument", 400),
        ErrorCode::Serialization => ("MalformedInput", 400),
        ErrorCode::Throttling => ("Throttling", 400),
        ErrorCode::UnknownOperation => ("InvalidAction", 400),
        code => (code.as_str(), code.http_status()),
    };
    QueryError { code, status }
}

const fn authentication(code: AuthErrorCode) -> (&'static str, u16) {
    match code {
        AuthErrorCode::MissingAuthenticationToken => ("MissingAuthenticationToken", 403),
        AuthErrorCode::IncompleteSignature => ("IncompleteSignature", 400),
        AuthErrorCode::UnrecognizedClient => ("InvalidClientTokenId", 403),
        AuthErrorCode::ExpiredToken => ("ExpiredToken", 403),
        AuthErrorCode::InvalidSignature => ("SignatureDoesNotMatch", 403),
    }
}
