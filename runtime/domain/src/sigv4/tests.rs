//! What is refused, with which code and sentence.

use super::{
    AuthError, AuthErrorCode, Credentials, HEADERS_MAX, IncompleteSignatureError as Incomplete, Request,
    parse, sign,
};
use crate::sensitive::Sensitive;
use crate::time::{MINUTE_MS, Timestamp};

const AT: Timestamp = Timestamp::from_millis(1_440_938_160_000);
const BODY: &[u8] = br#"{"SecretId":"db"}"#;
const HOST: (&str, &str) = ("host", "localhost:4584");
const TARGET: (&str, &str) = ("x-amz-target", "secretsmanager.GetSecretValue");
const DATE: (&str, &str) = ("x-amz-date", "20150830T123600Z");
const GOOD: &str = "AWS4-HMAC-SHA256 Credential=AKID/20150830/eu-west-1/secretsmanager/aws4_request, \
                    SignedHeaders=host;x-amz-date;x-amz-target, Signature=00";

fn refusal(headers: &[(&str, &str)], query: &str) -> Option<AuthError> {
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let request = Request { method: "POST", path: "/", query, headers: &headers, body: BODY };
    parse(&request).err()
}

/// An Authorization header beside host, date and target.
fn check_header(authorization: &str, expected: Incomplete) {
    let headers = [HOST, DATE, TARGET, ("Authorization", authorization)];
    let refusal = refusal(&headers, "").unwrap();
    assert_eq!(refusal.code(), AuthErrorCode::IncompleteSignature);
    assert_eq!(refusal, AuthError::IncompleteSignature(expected), "{authorization}");
}

/// The good header with one part replaced.
fn check_part(part: &str, replacement: &str, expected: Incomplete) {
    assert!(GOOD.contains(part));
    check_header(&GOOD.replace(part, replacement), expected);
}

#[test]
fn no_authorization_header() {
    let refused = refusal(&[HOST, DATE], "").unwrap();
    assert_eq!(refused, AuthError::MissingAuthenticationToken);
    assert_eq!(refused.code(), AuthErrorCode::MissingAuthenticationToken);
    assert_eq!(refused.to_string(), "Missing Authentication Token");
}

#[test]
fn missing_parts_are_all_named() {
    let refused = refusal(&[HOST, ("authorization", "AWS4-HMAC-SHA256")], "").unwrap();
    assert_eq!(
        refused.to_string(),
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' \
         parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires \
         existence of either a 'X-Amz-Date' or a 'Date' header."
    );
    let refused = refusal(&[HOST, DATE, ("authorization", &GOOD.replace(", Signature=00", ""))], "").unwrap();
    assert_eq!(refused.to_string(), "Authorization header requires 'Signature' parameter.");
}

#[test]
fn other_schemes() {
    check_header("Basic dXNlcjpwYXNz", Incomplete::Algorithm);
    check_header("", Incomplete::Algorithm);
    check_part("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", Incomplete::Asymmetric);
    let presigned = AuthError::IncompleteSignature(Incomplete::Presigned);
    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00";
    assert_eq!(refusal(&[HOST], query), Some(presigned.clone()));
    assert_eq!(
        refusal(&[HOST, DATE, TARGET, ("authorization", GOOD)], "X-Amz-%53ignature=0"),
        Some(presigned)
    );
}

#[test]
fn malformed_parameters() {
    check_part("Signature=00", "Signature", Incomplete::Pair);
    check_part("Signature=00", "Signature=00, Signature=01", Incomplete::Pair);
    check_part("Signature=00", "Signature=00, Extra=1", Incomplete::Pair);
    assert_eq!(refusal(&[HOST, DATE, TARGET, ("authorization", &GOOD.replace(", ", ","))], ""), None);
}

#[test]
fn malformed_credentials() {
    check_part("/aws4_request", "", Incomplete::CredentialElements);
    check_part("/aws4_request", "/aws4_request/", Incomplete::CredentialElements);
    check_part("/aws4_request", "/aws5_request", Incomplete::Terminator);
    check_part("AKID", "", Incomplete::AccessKeyId);
    check_part("AKID", "AK.ID", Incomplete::AccessKeyId);
    check_part("AKID", &"A".repeat(129), Incomplete::AccessKeyId);
    check_part("/20150830", "/2015083", Incomplete::ScopeDateForm);
    check_part("eu-west-1", "eu_west:1", Incomplete::Region);
    check_part("secretsmanager", "", Incomplete::Service { expected: None });
    let (scope, request) = ("20150831".into(), "20150830".into());
    check_part("/20150830", "/20150831", Incomplete::ScopeDate { scope, request });
}

#[test]
fn signed_headers() {
    check_part("host;x-amz-date;x-amz-target", "x-amz-date;host;x-amz-target", Incomplete::SignedHeadersForm);
    check_part("host;x-amz-date", "host;host;x-amz-date", Incomplete::SignedHeadersForm);
    check_part("host;x-amz-date", "Host;x-amz-date", Incomplete::SignedHeadersForm);
    check_part("SignedHeaders=host;x-amz-date;x-amz-target", "SignedHeaders=", Incomplete::SignedHeadersForm);
    check_part("host;", "host;user-agent;", Incomplete::SignedHeaderAbsent("user-agent".into()));
    check_part("host;", "", Incomplete::Unsigned("host".into()));
    check_part("x-amz-date;", "", Incomplete::Unsigned("x-amz-date".into()));
    check_part(";x-amz-target", "", Incomplete::Unsigned("x-amz-target".into()));
}

#[test]
fn headers_that_may_come_once() {
    for name in ["host", "x-amz-date", "authorization"] {
        let value = if name == "authorization" { GOOD } else { DATE.1 };
        let headers = [HOST, DATE, TARGET, ("Authorization", GOOD), (name, value)];
        let expected = AuthError::IncompleteSignature(Incomplete::Repeated(name));
        assert_eq!(refusal(&headers, ""), Some(expected));
    }
}

#[test]
fn dates() {
    for bad in ["20150830", "20150830T123600", "20150230T123600Z", "2015-08-30T12:36Z", "+0150830T123600Z"] {
        let headers = [HOST, ("x-amz-date", bad), TARGET, ("authorization", GOOD)];
        assert_eq!(refusal(&headers, ""), Some(AuthError::IncompleteSignature(Incomplete::DateForm)));
    }
    let authorization = GOOD.replace("host;x-amz-date", "date;host");
    let headers =
        [HOST, ("date", "Sun, 30 Aug 2015 12:36:00 GMT"), TARGET, ("authorization", authorization.as_str())];
    assert_eq!(refusal(&headers, ""), None);
}

#[test]
fn limits() {
    let headers = vec![("a", "b"); HEADERS_MAX + 1];
    assert_eq!(refusal(&headers, ""), Some(AuthError::IncompleteSignature(Incomplete::Headers)));
    let query = "q".repeat(9000);
    assert_eq!(refusal(&[HOST], &query), Some(AuthError::IncompleteSignature(Incomplete::Target)));
}

/// Signs the usual request at `AT`, lets `change` touch the headers, and verifies at `now`.
fn verified(
    now: Timestamp,
    extra: &[(&str, &str)],
    change: impl FnOnce(&mut Vec<(String, String)>),
) -> Result<(), AuthError> {
    let secret = Sensitive::new("secret".to_owned());
    let token = Sensitive::new("session-token-value".to_owned());
    let plain: Vec<(&str, &[u8])> =
        [HOST, TARGET].iter().chain(extra).map(|(name, value)| (*name, value.as_bytes())).collect();
    let request = Request { method: "POST", path: "/", query: "", headers: &plain, body: BODY };
    let credentials =
        Credentials { access_key_id: "AKID", secret_access_key: &secret, session_token: Some(&token) };
    let added = sign(&request, &credentials, "eu-west-1", "secretsmanager", AT);
    let mut headers: Vec<(String, String)> = [HOST, TARGET]
        .iter()
        .chain(extra)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .chain(added.into_iter().map(|(name, value)| (name.to_owned(), value)))
        .collect();
    change(&mut headers);
    let headers: Vec<(&str, &[u8])> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let request = Request { headers: &headers, ..request };
    let presented = parse(&request)?;
    assert!(!format!("{presented:?}").contains("session-token-value"));
    presented.check_service("secretsmanager")?;
    presented.verify(&presented.signing_key(&secret), now)
}

#[test]
fn the_window_is_five_minutes_both_ways() {
    let same = |_: &mut Vec<(String, String)>| {};
    for minutes in [-5, 0, 5] {
        assert_eq!(verified(AT.plus_millis(minutes * MINUTE_MS), &[], same), Ok(()));
    }
    let late = verified(AT.plus_millis(5 * MINUTE_MS + 1000), &[], same).unwrap_err();
    assert_eq!(late.code(), AuthErrorCode::InvalidSignature);
    assert_eq!(
        late.to_string(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
    );
    let early = verified(AT.plus_millis(-5 * MINUTE_MS - 1000), &[], same).unwrap_err();
    assert_eq!(
        early.to_string(),
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)"
    );
}

#[test]
fn a_mismatch_shows_what_was_computed_and_no_token() {
    let refused = verified(AT, &[], |headers| headers[1].1.push('s')).unwrap_err();
    assert_eq!(refused.code(), AuthErrorCode::InvalidSignature);
    let text = refused.to_string();
    assert!(text.starts_with(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
         Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String \
         for this request should have been\n'POST\n/\n\nhost:localhost:4584\nx-amz-date:20150830T123600Z\n\
         x-amz-security-token:[session token]\nx-amz-target:secretsmanager.GetSecretValues\n\n\
         host;x-amz-date;x-amz-security-token;x-amz-target\n"
    ));
    assert!(text.contains(
        "The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/eu-west-1/"
    ));
    assert!(!format!("{text}{refused:?}").contains("session-token-value"));
}

#[test]
fn a_declared_payload_hash_must_be_the_bodys() {
    for declared in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", ""] {
        let headers = [("x-amz-content-sha256", declared)];
        assert_eq!(verified(AT, &headers, |_| {}), Err(AuthError::PayloadHash));
    }
}

#[test]
fn the_service_is_named() {
    let headers = [HOST, DATE, TARGET, ("authorization", GOOD)];
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let request = Request { method: "POST", path: "/", query: "", headers: &headers, body: BODY };
    let refused = parse(&request).unwrap().check_service("lambda").unwrap_err();
    assert_eq!(refused.to_string(), "Credential should be scoped to correct service: 'lambda'.");
}
