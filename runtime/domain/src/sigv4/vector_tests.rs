//! The cases of AWS's published signing test suite (Apache-2.0, `aws-signing-test-suite/v4`), as data.
//!
//! Left out are the cases without path normalisation, which is S3's rule.

use super::canonical::{Purpose, canonical_request};
use super::{AuthError, Credentials, IncompleteSignatureError, Request, SigningKey, parse, sign};
use crate::sensitive::Sensitive;
use crate::time::Timestamp;

const DATE: &str = "20150830T123600Z";
const AT: Timestamp = Timestamp::from_millis(1_440_938_160_000);
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const UNRESERVED: &str = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const FORM_HASH: &str = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";
const SHORT_TOKEN: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
const LONG_TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

type Headers = &'static [(&'static str, &'static str)];

/// A request of the suite, sent to `example.amazonaws.com`, with `headers` beside host and date.
fn check(method: &str, target: &str, headers: Headers, signature: &str) {
    check_body(method, target, headers, "", signature);
}

fn check_body(method: &str, target: &str, headers: Headers, body: &str, signature: &str) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut plain: Vec<(&str, &[u8])> = vec![("Host", b"example.amazonaws.com")];
    plain.extend(headers.iter().map(|(name, value)| (*name, value.as_bytes())));
    let request = Request { method, path, query, headers: &plain, body: body.as_bytes() };
    let secret = Sensitive::new(SECRET.to_owned());

    // Signing gives the published signature.
    let credentials =
        Credentials { access_key_id: "AKIDEXAMPLE", secret_access_key: &secret, session_token: None };
    let added = sign(&request, &credentials, "us-east-1", "service", AT);
    let (_, authorization) = &added[0];
    assert!(authorization.ends_with(&format!("Signature={signature}")), "{target}: {authorization}");

    // The signed request verifies.
    let mut signed = plain.clone();
    signed.extend(added.iter().map(|(name, value)| (*name, value.as_bytes())));
    let request = Request { headers: &signed, ..request };
    let presented = parse(&request).unwrap();
    assert_eq!(presented.requested_at, AT);
    presented.verify(&presented.signing_key(&secret), AT).unwrap();
}

#[test]
fn plain_requests() {
    let get = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    let post = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
    check("GET", "/", &[], get); // get-vanilla, get-vanilla-query
    check("POST", "/", &[], post); // post-vanilla, post-header-key-case
}

#[test]
fn paths() {
    let root = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    check("GET", "/example/..", &[], root); // get-relative-normalized
    check("GET", "/example1/example2/../..", &[], root); // get-relative-relative-normalized
    check("GET", "/./", &[], root); // get-slash-dot-slash-normalized
    check("GET", "//", &[], root); // get-slash-normalized
    // get-slash-pointless-dot-normalized
    check("GET", "/./example", &[], "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5");
    // get-slashes-normalized
    check("GET", "//example//", &[], "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84");
    // get-space-normalized
    check("GET", "/example space/", &[], "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741");
    // get-unreserved
    let target = format!("/{UNRESERVED}");
    check("GET", &target, &[], "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f");
    // get-utf8
    check("GET", "/\u{1234}", &[], "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
}

/// double-encode-path, double-url-encode: the suite gives the canonical path only.
#[test]
fn encoded_paths() {
    let check = |path: &str, expected: &str| {
        let headers: [(&str, &[u8]); 1] = [("host", b"h")];
        let request = Request { method: "POST", path, query: "", headers: &headers, body: b"" };
        let canonical = canonical_request(request, "host", &[b'0'; 64], Purpose::Hash);
        assert_eq!(canonical.split(|byte| *byte == b'\n').nth(1), Some(expected.as_bytes()));
    };
    check("/test/@connections/JBDvjfGEIAMCERw%3D", "/test/%40connections/JBDvjfGEIAMCERw%253D");
    check("/functions/arn%3Aaws%3Alambda%3Aus-west-2/x", "/functions/arn%253Aaws%253Alambda%253Aus-west-2/x");
}

#[test]
fn queries() {
    // get-vanilla-empty-query-key
    check("GET", "/?Param1=value1", &[], "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb");
    // get-vanilla-query-order-encoded
    let target = "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1";
    check("GET", target, &[], "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac");
    // get-vanilla-query-order-key-case
    let target = "/?Param2=value2&Param1=value1";
    check("GET", target, &[], "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
    // get-vanilla-query-order-value, of an older edition of the suite
    let target = "/?Param1=value2&Param1=value1";
    check("GET", target, &[], "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694");
    // get-vanilla-query-unreserved
    let target = format!("/?{UNRESERVED}={UNRESERVED}");
    check("GET", &target, &[], "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197");
    // get-vanilla-utf8-query
    check("GET", "/?\u{1234}=bar", &[], "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04");
    // post-vanilla-query, post-vanilla-empty-query-value
    check("POST", "/?Param1=value1", &[], "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11");
}

#[test]
fn headers() {
    // get-header-key-duplicate
    let headers = &[("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")];
    check("GET", "/", headers, "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea");
    // get-header-value-multiline
    let headers = &[("My-Header1", "value1\n  value2\n     value3")];
    check("GET", "/", headers, "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd");
    // get-header-value-order
    let headers = &[
        ("My-Header1", "value4"),
        ("My-Header1", "value1"),
        ("My-Header1", "value3"),
        ("My-Header1", "value2"),
    ];
    check("GET", "/", headers, "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01");
    // get-header-value-trim
    let headers = &[("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")];
    check("GET", "/", headers, "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
    // post-header-key-sort
    let headers = &[("My-Header1", "value1")];
    check("POST", "/", headers, "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c");
    // post-header-value-case
    let headers = &[("My-Header1", "VALUE1")];
    check("POST", "/", headers, "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d");
}

#[test]
fn bodies() {
    // post-x-www-form-urlencoded
    let headers = &[
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Length", "13"),
        ("x-amz-content-sha256", FORM_HASH),
    ];
    let signature = "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b";
    check_body("POST", "/", headers, "Param1=value1", signature);
    // post-x-www-form-urlencoded-parameters
    let headers = &[
        ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("Content-Length", "13"),
        ("x-amz-content-sha256", FORM_HASH),
    ];
    let signature = "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422";
    check_body("POST", "/", headers, "Param1=value1", signature);
}

#[test]
fn session_tokens() {
    // get-vanilla-with-session-token
    let signature = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8";
    check("GET", "/", &[("X-Amz-Security-Token", SHORT_TOKEN)], signature);
    // post-sts-header-before
    let signature = "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead";
    check("POST", "/", &[("X-Amz-Security-Token", LONG_TOKEN)], signature);
}

/// post-sts-header-after adds the token after signing. Its signature is right, and it is refused all
/// the same: what nobody signed could have been put there by anybody.
#[test]
fn a_token_outside_the_signature_is_refused() {
    let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
        SignedHeaders=host;x-amz-date, \
        Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
    let headers: [(&str, &[u8]); 4] = [
        ("Host", b"example.amazonaws.com"),
        ("X-Amz-Date", DATE.as_bytes()),
        ("Authorization", authorization.as_bytes()),
        ("X-Amz-Security-Token", LONG_TOKEN.as_bytes()),
    ];
    let request = Request { method: "POST", path: "/", query: "", headers: &headers, body: b"" };
    let refusal = IncompleteSignatureError::Unsigned("x-amz-security-token".into());
    assert_eq!(parse(&request).err(), Some(AuthError::IncompleteSignature(refusal)));

    let request = Request { headers: &headers[..3], ..request };
    let presented = parse(&request).unwrap();
    let key = SigningKey::derive(&Sensitive::new(SECRET.to_owned()), "20150830", "us-east-1", "service");
    presented.verify(&key, AT).unwrap();
}
