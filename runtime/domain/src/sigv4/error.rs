//! Why a request is not believed, in the service's codes and sentences.
//!
//! These texts go to the caller, so they follow the service and not our own style. None of them
//! repeats the Authorization header, which a confused client may have filled with a password.

use super::{ALGORITHM, HEADERS_BYTES_MAX, HEADERS_MAX, TARGET_BYTES_MAX, TERMINATOR, WINDOW_MINUTES};
use crate::codes::codes;

codes! {
    /// The exception's name on the wire.
    pub enum AuthErrorCode {
        /// Nobody has signed.
        MissingAuthenticationToken = "MissingAuthenticationTokenException",
        /// The signature cannot be checked.
        IncompleteSignature = "IncompleteSignatureException",
        /// Nobody knows who has signed.
        UnrecognizedClient = "UnrecognizedClientException",
        /// The session is over.
        ExpiredToken = "ExpiredTokenException",
        /// The signature is not that of this request, or not of this time.
        InvalidSignature = "InvalidSignatureException",
    }
}

/// Why a request is not believed. `Display` is the sentence for the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no Authorization header.
    #[error("Missing Authentication Token")]
    MissingAuthenticationToken,
    /// The signature cannot be checked: something is absent or malformed.
    #[error(transparent)]
    IncompleteSignature(#[from] IncompleteSignatureError),
    /// The access key id or the session token is unknown. Raised by who holds the keys.
    #[error("The security token included in the request is invalid.")]
    UnrecognizedClient,
    /// The session token's time is over. Raised by who holds the keys.
    #[error("The security token included in the request is expired")]
    ExpiredToken,
    /// The request was signed too long ago.
    #[error(
        "Signature expired: {requested} is now earlier than {earliest} ({now} - {} min.)",
        WINDOW_MINUTES
    )]
    Expired {
        /// The request's own time.
        requested: String,
        /// The earliest time still taken.
        earliest: String,
        /// The server's time.
        now: String,
    },
    /// The request was signed in the future.
    #[error(
        "Signature not yet current: {requested} is still later than {latest} ({now} + {} min.)",
        WINDOW_MINUTES
    )]
    NotYetCurrent {
        /// The request's own time.
        requested: String,
        /// The latest time already taken.
        latest: String,
        /// The server's time.
        now: String,
    },
    /// `x-amz-content-sha256` is not the hash of the body.
    #[error(
        "The value of the 'x-amz-content-sha256' header does not match the SHA-256 hash of the body that was \
         received."
    )]
    PayloadHash,
    /// The signature is not the one that the key makes of this request.
    #[error("{0}")]
    SignatureMismatch(Box<Mismatch>),
}

impl AuthError {
    /// What programs branch on.
    pub const fn code(&self) -> AuthErrorCode {
        match self {
            Self::MissingAuthenticationToken => AuthErrorCode::MissingAuthenticationToken,
            Self::IncompleteSignature(_) => AuthErrorCode::IncompleteSignature,
            Self::UnrecognizedClient => AuthErrorCode::UnrecognizedClient,
            Self::ExpiredToken => AuthErrorCode::ExpiredToken,
            Self::Expired { .. }
            | Self::NotYetCurrent { .. }
            | Self::PayloadHash
            | Self::SignatureMismatch(_) => AuthErrorCode::InvalidSignature,
        }
    }
}

/// What the server computed, so that the author of a client can find the difference.
///
/// Neither text holds a secret: the body appears as its hash, a session token as a placeholder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
     Access Key and signing method. Consult the service documentation for details.\n\n\
     The Canonical String for this request should have been\n'{canonical_request}'\n\n\
     The String-to-Sign should have been\n'{string_to_sign}'\n"
)]
pub struct Mismatch {
    /// The canonical request.
    pub canonical_request: String,
    /// The string to sign.
    pub string_to_sign: String,
}

/// What is absent or malformed in the signature's own parts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IncompleteSignatureError {
    /// Parts of the Authorization header, or the date, are absent.
    #[error("{}", missing_sentences(*.credential, *.signature, *.signed_headers, *.date))]
    Missing {
        /// There is no `Credential` parameter.
        credential: bool,
        /// There is no `Signature` parameter.
        signature: bool,
        /// There is no `SignedHeaders` parameter.
        signed_headers: bool,
        /// There is neither an `X-Amz-Date` nor a `Date` header.
        date: bool,
    },
    /// Another scheme or algorithm than the one spoken here.
    #[error("Unsupported AWS 'algorithm': the Authorization header must begin with '{ALGORITHM}'.")]
    Algorithm,
    /// The asymmetric algorithm of several regions.
    #[error(
        "The algorithm 'AWS4-ECDSA-P256-SHA256' (SigV4a) is not supported: sign the request with \
         '{ALGORITHM}'."
    )]
    Asymmetric,
    /// The signature stands in the query.
    #[error("Presigned requests are not supported: send the signature in the Authorization header.")]
    Presigned,
    /// A part of the Authorization header is no `key=value` pair, unknown or repeated.
    #[error(
        "The Authorization header must hold the key=value pairs 'Credential', 'SignedHeaders' and \
         'Signature', each once and separated by commas."
    )]
    Pair,
    /// The credential has not five elements.
    #[error("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.")]
    CredentialElements,
    /// The access key id is empty, too long or holds other characters than letters, digits and `_`.
    #[error("Credential must begin with a valid access key id.")]
    AccessKeyId,
    /// The scope's date is not `YYYYMMDD`.
    #[error("Date in Credential scope must have the form YYYYMMDD.")]
    ScopeDateForm,
    /// The scope's date is not the day of the request's time.
    #[error(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
         '{scope}' != '{request}'."
    )]
    ScopeDate {
        /// The scope's date.
        scope: String,
        /// The day of the request's time.
        request: String,
    },
    /// The scope's region is empty, too long or has forbidden characters.
    #[error("Credential should be scoped to a valid region.")]
    Region,
    /// The scope's service is malformed or not the one addressed.
    #[error(
        "Credential should be scoped to correct service{}.",
        .expected.map(|name| format!(": '{name}'")).unwrap_or_default()
    )]
    Service {
        /// The service that the request reached.
        expected: Option<&'static str>,
    },
    /// The scope does not end in `aws4_request`.
    #[error("Credential should be scoped with a valid terminator: '{TERMINATOR}'.")]
    Terminator,
    /// The request's date cannot be read.
    #[error("Date must be in ISO-8601 'basic format', e.g. 20150830T123600Z.")]
    DateForm,
    /// The list of signed headers is not in lower case, sorted and free of repetition.
    #[error("'SignedHeaders' must list header names in lower case, sorted, each once, separated by ';'.")]
    SignedHeadersForm,
    /// A signed header did not arrive.
    #[error("The signed header '{0}' is absent from the request.")]
    SignedHeaderAbsent(String),
    /// A header that must be signed is not.
    #[error("'{0}' must be a 'SignedHeader' in the AWS Authorization.")]
    Unsigned(String),
    /// A header that may come once came several times.
    #[error("The header '{0}' must not be repeated.")]
    Repeated(&'static str),
    /// A header that must be text is not.
    #[error("The header '{0}' holds bytes that are not text.")]
    NotText(&'static str),
    /// More headers than the server reads.
    #[error(
        "The request has more than {HEADERS_MAX} headers, or more than {HEADERS_BYTES_MAX} bytes in them."
    )]
    Headers,
    /// A longer path and query than the server reads.
    #[error("The path and query of the request have more than {TARGET_BYTES_MAX} bytes.")]
    Target,
}

fn missing_sentences(credential: bool, signature: bool, signed_headers: bool, date: bool) -> String {
    let sentences = [
        (credential, "Authorization header requires 'Credential' parameter."),
        (signature, "Authorization header requires 'Signature' parameter."),
        (signed_headers, "Authorization header requires 'SignedHeaders' parameter."),
        (date, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."),
    ];
    let absent: Vec<&str> =
        sentences.into_iter().filter_map(|(absent, sentence)| absent.then_some(sentence)).collect();
    absent.join(" ")
}
