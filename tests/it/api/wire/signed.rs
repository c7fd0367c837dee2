//! Requests as a client sends them, with a good proof of who it is or another one.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use keywheel::clock::Clock as _;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4::{self, Credentials};
use keywheel_domain::time::HOUR_MS;
use keywheel_tests::clock::SimClock;
use keywheel_tests::node::{ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY};

/// How a request proves who sent it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// As it should.
    Signed,
    /// Not at all.
    Unsigned,
    /// By another secret than that of the access key.
    Forged,
    /// An hour ago.
    Expired,
    /// By an access key that does not exist.
    Unknown,
    /// For another service.
    Misdirected,
}

impl Proof {
    const OTHERS: [(&'static str, Self); 5] = [
        ("unsigned", Self::Unsigned),
        ("forged", Self::Forged),
        ("expired", Self::Expired),
        ("unknown", Self::Unknown),
        ("misdirected", Self::Misdirected),
    ];

    /// The proof that a line of a script begins with, and the rest of the line.
    pub(super) fn of(line: &str) -> (Self, &str) {
        let other = |(name, proof): (&str, Self)| Some((proof, line.strip_prefix(name)?.strip_prefix(' ')?));
        Self::OTHERS.into_iter().find_map(other).unwrap_or((Self::Signed, line))
    }

    /// What is told beside the request; a good proof is not worth a word.
    pub(super) fn told(self) -> String {
        let other = Self::OTHERS.into_iter().find(|(_, proof)| *proof == self);
        other.map(|(name, _)| format!(" ({name})")).unwrap_or_default()
    }
}

pub(super) fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(path).body(Full::default()).unwrap()
}

/// Whose request it is, and for which region, where that is not as always.
pub(super) struct Place<'a>(Option<&'a str>);

impl<'a> Place<'a> {
    /// The place that a line of a script begins with, and the rest of the line.
    pub(super) fn of(line: &'a str) -> (Self, &'a str) {
        match line.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
            Some((place, line)) => (Self(Some(place)), line),
            None => (Self(None), line),
        }
    }

    pub(super) fn account(&self) -> Option<&'a str> {
        self.0.filter(|place| place.starts_with(|first: char| first.is_ascii_digit()))
    }

    pub(super) fn region(&self) -> Option<&'a str> {
        self.0.filter(|_| self.account().is_none())
    }

    /// What is told beside the request.
    pub(super) fn told(&self) -> String {
        self.0.map(|place| format!(" (in {place})")).unwrap_or_default()
    }
}

pub(super) fn post(
    target: &str,
    body: Vec<u8>,
    proof: Proof,
    region: Option<&str>,
    clock: &SimClock,
) -> Request<Full<Bytes>> {
    let mut headers: Vec<(&str, &[u8])> =
        vec![("host", b"localhost"), ("content-type", b"application/x-amz-json-1.1")];
    headers.push(("x-amz-target", target.as_bytes()));
    let request = sigv4::Request { method: "POST", path: "/", query: "", headers: &headers, body: &body };
    let secret = if proof == Proof::Forged { "another secret" } else { SECRET_ACCESS_KEY };
    let credentials = Credentials {
        access_key_id: if proof == Proof::Unknown { "AKIAUNKNOWN" } else { ACCESS_KEY_ID },
        secret_access_key: &Sensitive::new(secret.to_owned()),
        session_token: None,
    };
    let services = match target {
        target if target.starts_with("TrentService.") => ["kms", "secretsmanager"],
        target if target.starts_with("com.amazonaws.cloudtrail.") => ["cloudtrail", "secretsmanager"],
        _ => ["secretsmanager", "kms"],
    };
    let service = services[usize::from(proof == Proof::Misdirected)];
    let at = clock.now().plus_millis(if proof == Proof::Expired { -HOUR_MS } else { 0 });
    let mut added = sigv4::sign(&request, &credentials, region.unwrap_or(REGION), service, at);
    if proof == Proof::Unsigned {
        added.clear();
    }
    let mut request = Request::post("/");
    for (name, value) in &headers {
        request = request.header(*name, *value);
    }
    for (name, value) in added {
        request = request.header(name, value);
    }
    request.body(Full::from(body)).unwrap()
}
