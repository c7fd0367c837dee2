//! What a request presents as its proof, and the check of it.

use std::borrow::Cow;
use std::fmt;

use subtle::ConstantTimeEq;

use super::canonical::{Purpose, canonical_request, decoded, string_to_sign};
use super::date::{RequestDate, basic};
use super::key::sha256_hex;
use super::{
    ALGORITHM, AuthError, HEADERS_BYTES_MAX, HEADERS_MAX, IncompleteSignatureError, Mismatch, Request,
    SCOPE_ELEMENT_BYTES_MAX, SigningKey, TARGET_BYTES_MAX, TERMINATOR, WINDOW_MINUTES,
};
use crate::sensitive::Sensitive;
use crate::time::{MINUTE_MS, Timestamp};

/// What the names of headers begin with that say what to do.
const PREFIXES_SIGNED: [&str; 2] = ["x-amz-", "x-keywheel-"];
const ASYMMETRIC_ALGORITHM: &str = "AWS4-ECDSA-P256-SHA256";

/// Who a request claims to be from. Nothing of it is proven until [`Presented::verify`] says so.
pub struct Presented<'a> {
    /// The access key id: letters, digits and `_`.
    pub access_key_id: &'a str,
    /// The day of the scope, `YYYYMMDD`; it is the day of `requested_at`.
    pub date: &'a str,
    /// The region of the scope: lower-case letters, digits and `-`.
    pub region: &'a str,
    /// The service of the scope, of the same characters.
    pub service: &'a str,
    /// The session token, when the key is a temporary one. It is signed.
    pub session_token: Option<&'a str>,
    /// When the request says it was signed.
    pub requested_at: Timestamp,
    basic_date: Cow<'a, str>,
    signed_headers: &'a str,
    signature: &'a str,
    request: Request<'a>,
}

/// Reads the proof of a request and checks all of it that needs no key.
///
/// # Errors
/// The request has no Authorization header, or what it presents is incomplete or malformed.
pub fn parse<'a>(request: &Request<'a>) -> Result<Presented<'a>, AuthError> {
    let request = *request;
    check_limits(request)?;
    let presigned = is_presigned(request.query);
    let Some(header) = request.single("authorization")? else {
        return Err(match presigned {
            true => IncompleteSignatureError::Presigned.into(),
            false => AuthError::MissingAuthenticationToken,
        });
    };
    if presigned {
        return Err(IncompleteSignatureError::Presigned.into());
    }
    let parameters = Parameters::parse(header)?;
    let date = RequestDate::of(request)?;
    let (Some(credential), Some(signature), Some(signed_headers), Some(moment)) =
        (parameters.credential, parameters.signature, parameters.signed_headers, date.as_ref())
    else {
        return Err(AuthError::from(IncompleteSignatureError::Missing {
            credential: parameters.credential.is_none(),
            signature: parameters.signature.is_none(),
            signed_headers: parameters.signed_headers.is_none(),
            date: date.is_none(),
        }));
    };
    let scope = Scope::parse(credential)?;
    let day = &moment.basic[..8];
    if scope.date != day {
        let (scope, request) = (scope.date.to_owned(), day.to_owned());
        return Err(IncompleteSignatureError::ScopeDate { scope, request }.into());
    }
    check_signed_headers(request, signed_headers, moment.header)?;
    request.single("host")?;
    request.single("x-amz-content-sha256")?;
    Ok(Presented {
        access_key_id: scope.access_key_id,
        date: scope.date,
        region: scope.region,
        service: scope.service,
        session_token: request.single("x-amz-security-token")?,
        requested_at: moment.at,
        basic_date: moment.basic.clone(),
        signed_headers,
        signature,
        request,
    })
}

impl Presented<'_> {
    /// Refuses a scope made for another service.
    ///
    /// # Errors
    /// [`IncompleteSignatureError::Service`] names the expected one.
    pub fn check_service(&self, expected: &'static str) -> Result<(), AuthError> {
        if self.service == expected {
            return Ok(());
        }
        Err(IncompleteSignatureError::Service { expected: Some(expected) }.into())
    }

    /// The signing key that this scope asks for, from the secret access key of `access_key_id`.
    pub fn signing_key(&self, secret_access_key: &Sensitive<String>) -> SigningKey {
        SigningKey::derive(secret_access_key, self.date, self.region, self.service)
    }

    /// Whether the request was signed with `key`, whole as it came, and not too long from `now`.
    ///
    /// # Errors
    /// The time lies outside the window, or the body or the signature differs.
    pub fn verify(&self, key: &SigningKey, now: Timestamp) -> Result<(), AuthError> {
        self.check_window(now)?;
        let payload_hash = sha256_hex(self.request.body);
        if let Some(declared) = self.request.single("x-amz-content-sha256")?
            && declared.as_bytes() != payload_hash
        {
            return Err(AuthError::PayloadHash);
        }
        let canonical = canonical_request(self.request, self.signed_headers, &payload_hash, Purpose::Hash);
        let to_sign = string_to_sign(&self.basic_date, self.date, self.region, self.service, &canonical);
        if key.sign(to_sign.as_bytes()).ct_eq(self.signature.as_bytes()).into() {
            return Ok(());
        }
        let shown = canonical_request(self.request, self.signed_headers, &payload_hash, Purpose::Show);
        Err(AuthError::SignatureMismatch(Box::new(Mismatch {
            canonical_request: String::from_utf8_lossy(&shown).into_owned(),
            string_to_sign: to_sign,
        })))
    }

    fn check_window(&self, now: Timestamp) -> Result<(), AuthError> {
        let earliest = now.plus_millis(-WINDOW_MINUTES * MINUTE_MS);
        let latest = now.plus_millis(WINDOW_MINUTES * MINUTE_MS);
        let requested = || self.basic_date.clone().into_owned();
        if self.requested_at < earliest {
            let (earliest, now) = (basic(earliest), basic(now));
            return Err(AuthError::Expired { requested: requested(), earliest, now });
        }
        if self.requested_at > latest {
            let (latest, now) = (basic(latest), basic(now));
            return Err(AuthError::NotYetCurrent { requested: requested(), latest, now });
        }
        Ok(())
    }
}

/// Shows names only: a session token is a credential and a signature may be replayed for minutes.
impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented")
            .field("access_key_id", &self.access_key_id)
            .field("date", &self.date)
            .field("region", &self.region)
            .field("service", &self.service)
            .field("requested_at", &self.requested_at)
            .field("signed_headers", &self.signed_headers)
            .finish_non_exhaustive()
    }
}

/// The parameters of the Authorization header, still unread.
struct Parameters<'a> {
    credential: Option<&'a str>,
    signed_headers: Option<&'a str>,
    signature: Option<&'a str>,
}

impl<'a> Parameters<'a> {
    fn parse(header: &'a str) -> Result<Self, IncompleteSignatureError> {
        let (algorithm, pairs) = header.split_once(' ').unwrap_or((header, ""));
        match algorithm {
            ALGORITHM => {}
            ASYMMETRIC_ALGORITHM => return Err(IncompleteSignatureError::Asymmetric),
            _ => return Err(IncompleteSignatureError::Algorithm),
        }
        let mut parameters = Self { credential: None, signed_headers: None, signature: None };
        for pair in pairs.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(IncompleteSignatureError::Pair)?;
            let place = match name {
                "Credential" => &mut parameters.credential,
                "SignedHeaders" => &mut parameters.signed_headers,
                "Signature" => &mut parameters.signature,
                _ => return Err(IncompleteSignatureError::Pair),
            };
            if place.replace(value).is_some() {
                return Err(IncompleteSignatureError::Pair);
            }
        }
        Ok(parameters)
    }
}

/// The credential, split and checked: its parts end up in ARNs and keys of the store.
struct Scope<'a> {
    access_key_id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
}

impl<'a> Scope<'a> {
    fn parse(credential: &'a str) -> Result<Self, IncompleteSignatureError> {
        let mut elements = credential.split('/');
        let mut next = || elements.next().ok_or(IncompleteSignatureError::CredentialElements);
        let (access_key_id, date, region, service, terminator) =
            (next()?, next()?, next()?, next()?, next()?);
        if elements.next().is_some() {
            return Err(IncompleteSignatureError::CredentialElements);
        }
        if !is_made_of(access_key_id, |byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(IncompleteSignatureError::AccessKeyId);
        }
        if date.len() != 8 || !is_made_of(date, |byte| byte.is_ascii_digit()) {
            return Err(IncompleteSignatureError::ScopeDateForm);
        }
        let lower_case = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !is_made_of(region, lower_case) {
            return Err(IncompleteSignatureError::Region);
        }
        if !is_made_of(service, lower_case) {
            return Err(IncompleteSignatureError::Service { expected: None });
        }
        if terminator != TERMINATOR {
            return Err(IncompleteSignatureError::Terminator);
        }
        Ok(Self { access_key_id, date, region, service })
    }
}

fn is_made_of(element: &str, allowed: impl Fn(u8) -> bool) -> bool {
    (1..=SCOPE_ELEMENT_BYTES_MAX).contains(&element.len()) && element.bytes().all(allowed)
}

fn check_limits(request: Request<'_>) -> Result<(), IncompleteSignatureError> {
    let bytes: usize = request.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if request.headers.len() > HEADERS_MAX || bytes > HEADERS_BYTES_MAX {
        return Err(IncompleteSignatureError::Headers);
    }
    if request.path.len() + request.query.len() > TARGET_BYTES_MAX {
        return Err(IncompleteSignatureError::Target);
    }
    Ok(())
}

/// Whether a query holds a signature, as that of a presigned address does.
pub fn is_presigned(query: &str) -> bool {
    query.split('&').any(|pair| {
        let name = decoded(pair.split('=').next().unwrap_or(pair));
        name.eq_ignore_ascii_case(b"x-amz-signature") || name.eq_ignore_ascii_case(b"x-amz-algorithm")
    })
}

/// The list must be in the canonical form, name only headers that came, and name `host`, the header of
/// the date and each header of [`PREFIXES_SIGNED`] that came: an unsigned one could be set by anybody on the way.
fn check_signed_headers(
    request: Request<'_>,
    signed: &str,
    date_header: &str,
) -> Result<(), IncompleteSignatureError> {
    let mut names: Vec<&str> = Vec::new();
    for name in signed.split(';') {
        let is_ordered = names.last().is_none_or(|before| *before < name);
        let is_lower = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
        if name.is_empty() || !is_ordered || !name.bytes().all(is_lower) {
            return Err(IncompleteSignatureError::SignedHeadersForm);
        }
        if request.values(name).next().is_none() {
            return Err(IncompleteSignatureError::SignedHeaderAbsent(name.to_owned()));
        }
        names.push(name);
    }
    let is_signed = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    for name in ["host", date_header] {
        if !is_signed(name) {
            return Err(IncompleteSignatureError::Unsigned(name.to_owned()));
        }
    }
    for (name, _) in request.headers {
        let begins =
            |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        if PREFIXES_SIGNED.iter().any(|prefix| begins(prefix)) && !is_signed(name) {
            return Err(IncompleteSignatureError::Unsigned(name.to_ascii_lowercase()));
        }
    }
    Ok(())
}
