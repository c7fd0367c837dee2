//! Headers of SigV4: only what was signed with the key is believed, whole and in its time.

use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4::{
    Credentials, HEADERS_BYTES_MAX, HEADERS_MAX, Presented, Request, SCOPE_ELEMENT_BYTES_MAX,
    TARGET_BYTES_MAX, WINDOW_MINUTES, is_presigned, parse, sign,
};
use keywheel_domain::time::{MINUTE_MS, Timestamp};

use super::corpus::{SIGNED_AT, SIGNER, SIGNER_SECRET};

const REGION: &str = "eu-west-1";
const SERVICE: &str = "secretsmanager";

/// A request line, headers, an empty line, and a body.
pub(super) fn run(data: &[u8]) -> bool {
    let Some(request) = Head::of(data) else { return false };
    let (secret, other) = (secret(SIGNER_SECRET), secret("another-secret"));
    let taken = request.with(|request| {
        let Ok(presented) = parse(request) else { return false };
        for element in [presented.access_key_id, presented.date, presented.region, presented.service] {
            assert!((1..=SCOPE_ELEMENT_BYTES_MAX).contains(&element.len()));
        }
        let at = presented.requested_at;
        assert!(presented.verify(&presented.signing_key(&other), at).is_err(), "another key");
        presented.verify(&presented.signing_key(&secret), at).is_ok()
    });
    if taken {
        assert_unchanged(&request, &secret);
    }
    signed_again(&request, &secret, &other);
    taken
}

/// What was believed is not, when anything is changed that was signed, or too early, or too late.
fn assert_unchanged(request: &Head<'_>, secret: &Sensitive<String>) {
    let believed = |request: &Head<'_>, after_ms: i64| {
        request.with(|request| {
            parse(request).is_ok_and(|presented| {
                let at = presented.requested_at.plus_millis(after_ms);
                is_believed(&presented, secret, at)
            })
        })
    };
    let window_ms = WINDOW_MINUTES * MINUTE_MS;
    for (after_ms, expected) in [
        (0, true),
        (window_ms, true),
        (-window_ms, true),
        (window_ms + 1000, false),
        (-window_ms - 1000, false),
    ] {
        assert_eq!(believed(request, after_ms), expected, "{after_ms} ms from its time");
    }
    let mut changed = request.clone();
    changed.body.push(b' ');
    assert!(!believed(&changed, 0), "a longer body");
    let mut changed = request.clone();
    changed.method = if request.method == "PUT" { "GET" } else { "PUT" };
    assert!(!believed(&changed, 0), "another method");
    let path = format!("{}/more", request.path);
    let changed = Head { path: &path, ..request.clone() };
    assert!(!believed(&changed, 0), "another path");
    let query = format!("{}&more=1", request.query);
    let changed = Head { query: &query, ..request.clone() };
    assert!(!believed(&changed, 0), "a longer query");
    let mut changed = request.clone();
    changed.headers.push(("X-Amz-Added", b"by somebody on the way"));
    assert!(!believed(&changed, 0), "one header more that says what to do");
    for index in 0..request.headers.len() {
        let mut changed = request.clone();
        let (name, value) = changed.headers.remove(index);
        let is_needed = ["host", "x-amz-date", "authorization"].contains(&name.to_ascii_lowercase().as_str())
            || name.to_ascii_lowercase().starts_with("x-amz-");
        assert!(!is_needed || !believed(&changed, 0), "without {name}");
        let mut value = value.to_vec();
        value.push(b'x');
        changed.headers.insert(index, (name, &value));
        assert!(!is_needed || !believed(&changed, 0), "another {name}");
    }
}

/// The same request, signed by us: it is believed, whatever was in it.
fn signed_again(request: &Head<'_>, secret: &Sensitive<String>, other: &Sensitive<String>) {
    const ADDED: [&str; 5] = ["authorization", "host", "x-amz-date", "date", "x-amz-security-token"];
    let mut request = request.clone();
    request.headers.retain(|(name, _)| {
        let name = name.to_ascii_lowercase();
        !ADDED.contains(&name.as_str()) && name != "x-amz-content-sha256"
    });
    request.headers.push(("host", b"localhost"));
    let bytes: usize = request.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    // The header that is added names all others.
    let is_small = request.headers.len() + ADDED.len() <= HEADERS_MAX && 3 * bytes + 500 <= HEADERS_BYTES_MAX;
    let target_bytes = request.path.len() + request.query.len();
    if !is_small || target_bytes > TARGET_BYTES_MAX || is_presigned(request.query) {
        return;
    }
    let credentials = Credentials { access_key_id: SIGNER, secret_access_key: secret, session_token: None };
    let at = Timestamp::from_millis(SIGNED_AT);
    let signed = |request: &Head<'_>, look: &dyn Fn(&Request<'_>)| {
        let added = request.with(|request| sign(request, &credentials, REGION, SERVICE, at));
        let mut request = request.clone();
        request.headers.extend(added.iter().map(|(name, value)| (*name, value.as_bytes())));
        request.with(look);
    };
    signed(&request, &|request| {
        let presented = parse(request).expect("what was signed can be read");
        assert_eq!((presented.access_key_id, presented.region), (SIGNER, REGION));
        assert!(presented.check_service(SERVICE).is_ok() && presented.check_service("kms").is_err());
        assert!(is_believed(&presented, secret, at));
        assert!(!is_believed(&presented, other, at));
    });
    // A body that is not what its sender says it is.
    request.headers.push(("x-amz-content-sha256", b"UNSIGNED-PAYLOAD"));
    signed(&request, &|request| {
        assert!(parse(request).is_ok_and(|presented| !is_believed(&presented, secret, at)));
    });
}

fn is_believed(presented: &Presented<'_>, secret: &Sensitive<String>, at: Timestamp) -> bool {
    presented.verify(&presented.signing_key(secret), at).is_ok()
}

fn secret(text: &str) -> Sensitive<String> {
    Sensitive::new(text.to_owned())
}

/// A request as it came.
#[derive(Clone)]
struct Head<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: Vec<(&'a str, &'a [u8])>,
    body: Vec<u8>,
}

impl<'a> Head<'a> {
    /// `None` for what an HTTP server would not take for a request.
    fn of(data: &'a [u8]) -> Option<Self> {
        let end = data.windows(2).position(|window| window == b"\n\n")?;
        let (head, body) = (&data[..end], data[end + 2..].to_vec());
        let mut lines = head.split(|byte| *byte == b'\n');
        let (method, target) = str::from_utf8(lines.next()?).ok()?.split_once(' ')?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = lines.map(header).collect::<Option<_>>()?;
        Some(Self { method, path, query, headers, body })
    }

    fn with<T>(&self, act: impl FnOnce(&Request<'_>) -> T) -> T {
        let Self { method, path, query, headers, body } = self;
        act(&Request { method, path, query, headers, body })
    }
}

/// A header whose name is made of what a name may have.
fn header(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = str::from_utf8(&line[..colon]).ok()?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (!name.is_empty() && name.bytes().all(is_token)).then_some((name, &line[colon + 1..]))
}
