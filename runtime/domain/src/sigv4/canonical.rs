//! The canonical request and the string to sign: the one spelling that client and server agree on.

use std::borrow::Cow;

use super::{ALGORITHM, Request, TERMINATOR, key::Hex, key::sha256_hex};

/// Room for the usual request of this protocol, so that the buffer is allocated once.
const CANONICAL_BYTES_USUAL: usize = 512;
/// What stands for a session token wherever the canonical request is shown.
const TOKEN_PLACEHOLDER: &[u8] = b"[session token]";
const TOKEN_HEADER: &str = "x-amz-security-token";

/// Whether a canonical request is for hashing or for people to read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Hash,
    Show,
}

/// The canonical request. `signed_headers` is lower-case, sorted and joined by `;`.
pub(super) fn canonical_request(
    request: Request<'_>,
    signed_headers: &str,
    payload_hash: &Hex,
    purpose: Purpose,
) -> Vec<u8> {
    let mut text = Vec::with_capacity(CANONICAL_BYTES_USUAL);
    text.extend_from_slice(request.method.as_bytes());
    text.push(b'\n');
    push_path(&mut text, request.path);
    text.push(b'\n');
    push_query(&mut text, request.query);
    text.push(b'\n');
    for name in signed_headers.split(';') {
        push_header(&mut text, request, name, purpose);
    }
    text.push(b'\n');
    text.extend_from_slice(signed_headers.as_bytes());
    text.push(b'\n');
    text.extend_from_slice(payload_hash);
    text
}

/// The string to sign for a canonical request. `basic_date` is `YYYYMMDDTHHMMSSZ`.
pub(super) fn string_to_sign(
    basic_date: &str,
    date: &str,
    region: &str,
    service: &str,
    canonical_request: &[u8],
) -> String {
    let hash = sha256_hex(canonical_request);
    let hash = str::from_utf8(&hash).expect("hexadecimal is ASCII");
    // One allocation: `format!` would grow its buffer several times on the path of each request.
    let parts =
        [ALGORITHM, "\n", basic_date, "\n", date, "/", region, "/", service, "/", TERMINATOR, "\n", hash];
    parts.concat()
}

/// The path with `.`, `..` and empty segments resolved, then each segment percent-encoded as it came:
/// what arrives encoded is encoded once more, as all services but S3 do.
fn push_path(text: &mut Vec<u8>, path: &str) {
    let start = text.len();
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    for segment in &segments {
        text.push(b'/');
        push_encoded(text, segment.as_bytes());
    }
    if text.len() == start || path.ends_with('/') {
        text.push(b'/');
    }
}

/// The pairs of the query, decoded and encoded again in one spelling, sorted by name, then value.
fn push_query(text: &mut Vec<u8>, query: &str) {
    if query.is_empty() {
        return;
    }
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (recoded(name), recoded(value))
        })
        .collect();
    pairs.sort_unstable();
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            text.push(b'&');
        }
        text.extend_from_slice(name);
        text.push(b'=');
        text.extend_from_slice(value);
    }
}

fn recoded(part: &str) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(part.len());
    push_encoded(&mut encoded, &decoded(part));
    encoded
}

/// Percent-decodes; a `%` without two digits stands for itself, and so does `+`.
pub(crate) fn decoded(part: &str) -> Cow<'_, [u8]> {
    let bytes = part.as_bytes();
    if !bytes.contains(&b'%') {
        return Cow::Borrowed(bytes);
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let mut byte = [0];
        match after.split_at_checked(2) {
            Some((digits, after)) if first == b'%' && hex::decode_to_slice(digits, &mut byte).is_ok() => {
                plain.push(byte[0]);
                rest = after;
            }
            _ => {
                plain.push(first);
                rest = after;
            }
        }
    }
    Cow::Owned(plain)
}

fn push_encoded(text: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(byte);
        } else {
            text.extend_from_slice(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
}

/// `name:value`, values of a repeated header in order and joined by commas.
fn push_header(text: &mut Vec<u8>, request: Request<'_>, name: &str, purpose: Purpose) {
    text.extend_from_slice(name.as_bytes());
    let mut separator = b':';
    for value in request.values(name) {
        text.push(separator);
        separator = b',';
        if purpose == Purpose::Show && name == TOKEN_HEADER {
            text.extend_from_slice(TOKEN_PLACEHOLDER);
        } else {
            push_folded(text, value);
        }
    }
    text.push(b'\n');
}

/// The value without white space around it and with each run of it inside as one space.
fn push_folded(text: &mut Vec<u8>, value: &[u8]) {
    let mut words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    if let Some(first) = words.next() {
        text.extend_from_slice(first);
    }
    for word in words {
        text.push(b' ');
        text.extend_from_slice(word);
    }
}
