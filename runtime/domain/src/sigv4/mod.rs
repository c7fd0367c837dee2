//! AWS Signature Version 4 of requests signed in their headers: parsing, verification, signing.
//!
//! [`parse`] reads who claims to have signed and checks all that needs no key; the caller then looks
//! the access key up, derives or finds a [`SigningKey`], and calls [`Presented::verify`]. A request is
//! proven only when `verify` returned `Ok`. Comparison of signatures takes constant time.
//!
//! Deliberately absent: signatures in the query (presigned addresses), the asymmetric algorithm
//! (SigV4a), unsigned or chunked payloads, and S3's rule of paths. This file knows no keys: whether a
//! key or a session token exists and still counts is decided by who holds them.
//!
//! The rules are those of AWS's public description of the signing process and of its test suite.

mod canonical;
mod date;
mod error;
mod key;
mod present;
mod sign;

pub(crate) use canonical::decoded;
pub use error::{AuthError, AuthErrorCode, IncompleteSignatureError, Mismatch};
pub use key::SigningKey;
pub use present::{Presented, is_presigned, parse};
pub use sign::{Credentials, sign};

/// The only algorithm spoken here.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The last element of each credential scope.
pub const TERMINATOR: &str = "aws4_request";
/// How far a request's time may lie from the server's, both ways.
pub const WINDOW_MINUTES: i64 = 5;

/// Most headers a request may carry.
pub const HEADERS_MAX: usize = 100;
/// Most bytes in the names and values of all headers together.
pub const HEADERS_BYTES_MAX: usize = 32 * 1024;
/// Most bytes in path and query together.
pub const TARGET_BYTES_MAX: usize = 8 * 1024;
/// Most bytes in each element of a credential scope, the access key id included.
pub const SCOPE_ELEMENT_BYTES_MAX: usize = 128;

/// What of a request is signed, as it came over the wire.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method, in upper case as sent.
    pub method: &'a str,
    /// The path, still encoded as on the request line.
    pub path: &'a str,
    /// What follows `?`, without it; empty when there is none.
    pub query: &'a str,
    /// Names in any case and values, in the order of arrival; a name may repeat.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The whole body.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// All values of a header, in order.
    fn values(self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// The value of a header that may come once, trimmed.
    fn single(self, name: &'static str) -> Result<Option<&'a str>, IncompleteSignatureError> {
        let mut values = self.values(name);
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(IncompleteSignatureError::Repeated(name));
        }
        let text = str::from_utf8(value).map_err(|_| IncompleteSignatureError::NotText(name))?;
        Ok(Some(text.trim_ascii()))
    }
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vector_tests;
