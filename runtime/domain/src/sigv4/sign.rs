//! Signing, for our own clients and tests.

use super::canonical::{Purpose, canonical_request, string_to_sign};
use super::date::basic;
use super::key::sha256_hex;
use super::{ALGORITHM, Request, SigningKey, TERMINATOR};
use crate::sensitive::Sensitive;
use crate::time::Timestamp;

/// Who signs.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// The access key id.
    pub access_key_id: &'a str,
    /// The secret access key.
    pub secret_access_key: &'a Sensitive<String>,
    /// The session token of a temporary key.
    pub session_token: Option<&'a Sensitive<String>>,
}

/// Signs a request and returns the headers to add: `x-amz-date`, `x-amz-security-token` for a temporary
/// key, and `authorization`.
///
/// Every header in `request` is signed, so it must hold `host`, none of the added ones, and nothing
/// that is changed on the way (`user-agent`, `connection`, `transfer-encoding`).
pub fn sign(
    request: &Request<'_>,
    credentials: &Credentials<'_>,
    region: &str,
    service: &str,
    at: Timestamp,
) -> Vec<(&'static str, String)> {
    let basic_date = basic(at);
    let date = basic_date.split('T').next().unwrap_or(&basic_date);
    let mut headers = request.headers.to_vec();
    headers.push(("x-amz-date", basic_date.as_bytes()));
    if let Some(token) = credentials.session_token {
        headers.push(("x-amz-security-token", token.expose().as_bytes()));
    }
    let mut names: Vec<String> = headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    names.dedup();
    let signed_headers = names.join(";");

    let request = Request { headers: &headers, ..*request };
    let payload_hash = sha256_hex(request.body);
    let canonical = canonical_request(request, &signed_headers, &payload_hash, Purpose::Hash);
    let to_sign = string_to_sign(&basic_date, date, region, service, &canonical);
    let key = SigningKey::derive(credentials.secret_access_key, date, region, service);
    let signature = key.sign(to_sign.as_bytes());
    let signature = str::from_utf8(&signature).expect("hexadecimal is ASCII");
    let authorization = format!(
        "{ALGORITHM} Credential={}/{date}/{region}/{service}/{TERMINATOR}, \
         SignedHeaders={signed_headers}, Signature={signature}",
        credentials.access_key_id
    );

    let token = credentials.session_token.map(|token| ("x-amz-security-token", token.expose().clone()));
    let mut added = vec![("authorization", authorization)];
    added.extend(token);
    added.push(("x-amz-date", basic_date));
    added
}
