//! What is signed verifies, and no byte of it can be changed.

use proptest::prelude::*;

use super::{Credentials, Request, parse, sign};
use crate::sensitive::Sensitive;
use crate::time::Timestamp;

const AT: Timestamp = Timestamp::from_millis(1_440_938_160_000);

#[derive(Clone, Debug)]
struct Owned {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Owned {
    fn with<T>(&self, act: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let request = Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: &self.body,
        };
        act(&request)
    }

    fn sign(&self, secret: &Sensitive<String>) -> Self {
        let credentials =
            Credentials { access_key_id: "AKID", secret_access_key: secret, session_token: None };
        let added = self.with(|request| sign(request, &credentials, "eu-west-1", "secretsmanager", AT));
        let mut signed = self.clone();
        signed.headers.extend(added.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())));
        signed
    }

    fn is_believed(&self, secret: &Sensitive<String>) -> bool {
        self.with(|request| {
            // The access key id is not part of what is signed: it chooses the secret.
            parse(request).is_ok_and(|presented| {
                presented.access_key_id == "AKID"
                    && presented.verify(&presented.signing_key(secret), AT).is_ok()
            })
        })
    }
}

/// Requests in which each letter and digit matters: nothing that two spellings could share.
fn requests() -> impl Strategy<Value = Owned> {
    let pairs = prop::collection::vec("[a-z]{1,5}=[a-z0-9]{1,5}", 0..4);
    let headers = prop::collection::btree_map("h[a-z]{1,6}", "[a-zA-Z0-9]{1,20}", 0..5);
    let body = prop::collection::vec(any::<u8>(), 0..80);
    ("(GET|POST|PUT)", "(/[a-z0-9]{1,6}){0,3}/?", pairs, headers, body).prop_map(
        |(method, path, pairs, headers, body)| Owned {
            method,
            path: if path.is_empty() { "/".to_owned() } else { path },
            query: pairs.join("&"),
            headers: [("host".to_owned(), b"localhost".to_vec())]
                .into_iter()
                .chain(
                    headers
                        .into_iter()
                        .filter(|(name, _)| name != "host")
                        .map(|(name, value)| (name, value.into_bytes())),
                )
                .collect(),
            body,
        },
    )
}

/// Replaces the letter or digit at `at` (modulo the length) by another; false where there is none.
fn change(text: &mut String, at: usize) -> bool {
    let mut bytes = std::mem::take(text).into_bytes();
    let changed = change_byte(&mut bytes, at);
    *text = String::from_utf8(bytes).unwrap();
    changed
}

fn change_byte(bytes: &mut [u8], at: usize) -> bool {
    let length = bytes.len().max(1);
    match bytes.get_mut(at % length) {
        Some(byte) if byte.is_ascii_alphanumeric() => {
            *byte = if *byte == b'x' { b'y' } else { b'x' };
            true
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn what_is_signed_verifies(request in requests(), secret in "[A-Za-z0-9/+]{1,80}") {
        let secret = Sensitive::new(secret);
        let signed = request.sign(&secret);
        prop_assert!(signed.is_believed(&secret));
        prop_assert!(!signed.is_believed(&Sensitive::new("another".to_owned())));
    }

    #[test]
    fn a_changed_byte_refuses(
        request in requests(), part in 0..6_usize, index in any::<usize>(), at in any::<usize>(),
    ) {
        let secret = Sensitive::new("secret".to_owned());
        let signed = request.sign(&secret);
        let mut forged = signed.clone();
        let changed = match part {
            0 => change(&mut forged.method, at),
            1 => change(&mut forged.path, at),
            2 => change(&mut forged.query, at),
            3 => {
                let count = forged.headers.len();
                change_byte(&mut forged.headers[index % count].1, at)
            }
            4 => {
                let count = forged.headers.len();
                change(&mut forged.headers[index % count].0, at)
            }
            _ => match forged.body.len() {
                0 => {
                    forged.body.push(0);
                    true
                }
                length => {
                    forged.body[at % length] ^= 1 << (index % 8);
                    true
                }
            },
        };
        prop_assert_eq!(forged.is_believed(&secret), !changed);
    }

    #[test]
    fn parse_takes_anything(
        method in ".{0,8}", path in ".{0,40}", query in ".{0,40}", authorization in any::<Vec<u8>>(),
        suffix in "(Credential=|SignedHeaders=|Signature=|[a-z0-9;/, =])*", date in ".{0,20}",
    ) {
        let prefixed = [b"AWS4-HMAC-SHA256 ".as_slice(), suffix.as_bytes()].concat();
        for authorization in [&authorization, &prefixed] {
            let headers: [(&str, &[u8]); 3] =
                [("host", b"h"), ("x-amz-date", date.as_bytes()), ("authorization", authorization)];
            let (path, query) = (&path, &query);
            let request = Request { method: &method, path, query, headers: &headers, body: b"" };
            prop_assert!(parse(&request).is_err());
        }
    }

    #[test]
    fn signing_takes_any_path_and_query(path in ".{0,40}", query in ".{0,40}") {
        let secret = Sensitive::new("secret".to_owned());
        let request = Owned {
            method: "POST".to_owned(),
            path,
            query: query.replace("amz", ""),
            headers: vec![("host".to_owned(), b"h".to_vec())],
            body: Vec::new(),
        };
        prop_assert!(request.sign(&secret).is_believed(&secret));
    }
}
