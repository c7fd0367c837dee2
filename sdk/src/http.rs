//! Requests to HTTP services: API keys that an issuer makes, databases that are managed over HTTP.
//!
//! The host holds TLS and checks where a function may send: by default over TLS to the host and the port that
//! the secret names. Redirects are not followed: a function that follows one makes a new request.

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::host::{self, Host};
use crate::sensitive::Sensitive;

/// What is done with the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Read.
    Get,
    /// Read, without the body.
    Head,
    /// Make, or do.
    Post,
    /// Replace.
    Put,
    /// Change in part.
    Patch,
    /// Remove.
    Delete,
}

/// A request. Its `Debug` shows the method and the host; the rest may be secret.
///
/// ```
/// # use keywheel_sdk::{http, testing};
/// # let host = testing::InMemory::new();
/// # host.http("https://api.example", |request| {
/// #     assert_eq!(request.target(), "/keys?owner=app");
/// #     http::Response { status: 201, headers: Vec::new(), body: b"{\"key\":\"k-2\"}".to_vec() }
/// # });
/// # testing::with_host(host, || -> Result<(), http::Error> {
/// let answer = http::Request::new(http::Method::Post, "https://api.example/keys?owner=app")?
///     .header("authorization", "Bearer k-1")
///     .body(b"{}".to_vec())
///     .send()?;
/// assert_eq!((answer.status, answer.text()?), (201, "{\"key\":\"k-2\"}"));
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    method: Method,
    is_secure: bool,
    authority: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// The answer to a request. Its `Debug` shows the status.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status, such as 200.
    pub status: u16,
    /// The headers; names in small letters.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// What went wrong, where a function would act differently. A status such as 500 is an answer, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The sandbox does not allow this host and port; the log holds the line that would.
    Egress,
    /// No answer: refused, timed out, no such host, TLS failed, broken in the middle.
    Connection,
    /// The request makes no sense.
    Request,
    /// A limit of the sandbox: too many connections, too long an answer.
    Limit,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Egress => "not allowed by the sandbox",
            Self::Connection => "no answer",
            Self::Request => "no request",
            Self::Limit => "limit of the sandbox",
        })
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind}: {message}")]
pub struct Error {
    /// What went wrong.
    pub kind: ErrorKind,
    /// A sentence without the path and the headers of the request.
    pub message: String,
    /// Whether the same request may succeed later.
    pub transient: bool,
}

impl Request {
    /// A request for a URL: `https://` or `http://`, a host, a port if it is not the usual one, a path and a
    /// query.
    pub fn new(method: Method, url: &str) -> Result<Self, Error> {
        let invalid = |what: &str| Error {
            kind: ErrorKind::Request,
            message: format!("the URL {what}"),
            transient: false,
        };
        let (is_secure, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(invalid("does not begin with `https://` or `http://`")),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        if authority.is_empty() || authority.contains('@') {
            return Err(invalid("has no host, or something before it"));
        }
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid("has a character that must be percent-encoded"));
        }
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        let authority = authority.to_ascii_lowercase();
        Ok(Self { method, is_secure, authority, target, headers: Vec::new(), body: Vec::new() })
    }

    /// Adds a header. The host sets `host` and `content-length`.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds the header that logs in as a user with a password (`Basic`). No name of a user has a colon.
    #[must_use]
    pub fn basic(self, username: &str, password: &Sensitive<String>) -> Self {
        let pair = Sensitive::new(format!("{username}:{}", password.expose()));
        let given = Sensitive::new(format!("Basic {}", STANDARD.encode(pair.expose())));
        self.header("authorization", given.expose())
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// Sends the request and waits for the whole answer.
    pub fn send(&self) -> Result<Response, Error> {
        Host::send(host::current().as_ref(), self)
    }

    /// What is done.
    pub const fn method(&self) -> Method {
        self.method
    }

    /// Whether the request is encrypted.
    pub const fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The host, and the port when the URL has one.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Scheme, host and port: what a rule of the sandbox names.
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.is_secure { "https" } else { "http" }, self.authority)
    }

    /// The path and the query.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The headers that were added.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The body, as it is sent.
    pub fn body_bytes(&self) -> &[u8] {
        &self.body
    }
}

/// A text as one segment of a path: everything but letters, digits and `-._~` is percent-encoded.
///
/// ```
/// assert_eq!(keywheel_sdk::http::path_segment("a/b c\u{e4}"), "a%2Fb%20c%C3%A4");
/// ```
pub fn path_segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(segment, "%{byte:02X}");
        }
    }
    segment
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("origin", &self.origin())
            .finish_non_exhaustive()
    }
}

impl Response {
    /// The first header of this name, in any case, when it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// The body as text.
    pub fn text(&self) -> Result<&str, Error> {
        std::str::from_utf8(&self.body).map_err(|_| Error {
            kind: ErrorKind::Connection,
            message: "the answer is not text in UTF-8".to_owned(),
            transient: false,
        })
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Result<(&str, &str), &str>) {
        let found = Request::new(Method::Get, url);
        let found = found.map(|request| (request.origin(), request.target().to_owned()));
        let found = found.map_err(|error| error.message);
        let expected = expected.map(|(origin, target)| (origin.to_owned(), target.to_owned()));
        assert_eq!(found, expected.map_err(str::to_owned), "{url}");
    }

    #[test]
    fn urls_are_taken_apart() {
        check("https://API.example", Ok(("https://api.example", "/")));
        check("https://api.example?a=b", Ok(("https://api.example", "/?a=b")));
        check("http://[::1]:8080/a/b?c#d", Ok(("http://[::1]:8080", "/a/b?c")));
        check("ftp://api.example", Err("the URL does not begin with `https://` or `http://`"));
        check("https:///a", Err("the URL has no host, or something before it"));
        check("https://user@api.example/", Err("the URL has no host, or something before it"));
        check("https://api.example/a b", Err("the URL has a character that must be percent-encoded"));
        check(
            "https://api.example/a\r\nhost: b",
            Err("the URL has a character that must be percent-encoded"),
        );
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        let request = Request::new(Method::Put, "https://api.example/k-1").unwrap();
        let request = request.header("authorization", "k-2").body(b"k-3".to_vec());
        let answer =
            Response { status: 200, headers: vec![("x".into(), b"k-4".to_vec())], body: b"k-5".to_vec() };
        let shown = format!("{request:?} {answer:?}");
        assert!(!shown.contains("k-"), "{shown}");
        assert!(shown.contains("https://api.example") && shown.contains("200"), "{shown}");
    }
}
