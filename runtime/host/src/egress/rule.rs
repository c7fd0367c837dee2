//! One line of what is allowed: `tcp://host:port`, `https://host` or `http://host`.
//!
//! A rule names one host; there are no patterns. Two texts that mean the same host and port are the same
//! rule: names are compared in small letters and without the dot at their end, addresses in their usual form
//! and as what they reach. A name that is not ASCII has no rule: it is written in its `xn--` form, which
//! looks like no other.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::address;

/// The longest host name that the domain name system knows.
const HOST_BYTES_MAX: usize = 253;
/// The longest part of a name between two dots.
const LABEL_BYTES_MAX: usize = 63;
/// A scheme, a host in brackets and a port; a longer text is no rule.
const RULE_BYTES_MAX: usize = HOST_BYTES_MAX + 32;

/// What is spoken on a connection that a rule allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Anything: a database, a socket of the function, HTTP under TLS.
    Tcp,
    /// HTTP under TLS, with a verified certificate.
    Https,
    /// HTTP in clear text.
    Http,
}

impl Scheme {
    const ALL: [Self; 3] = [Self::Tcp, Self::Https, Self::Http];

    const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    const fn default_port(self) -> Option<u16> {
        match self {
            Self::Tcp => None,
            Self::Https => Some(443),
            Self::Http => Some(80),
        }
    }
}

/// A host and a port that may be reached. Written as `tcp://host:port`, `https://host[:port]` or
/// `http://host[:port]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    scheme: Scheme,
    /// In small letters, without a dot at its end; an address in its usual form.
    host: String,
    port: u16,
}

/// Why a text is no rule.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It does not begin with a scheme.
    #[error("`{0}` is no rule: write `tcp://host:port`, `https://host` or `http://host`")]
    Scheme(String),
    /// There is no host, or something beside it: a user, a path, an address in an unusual form.
    #[error("`{0}` names no host: write `tcp://host:port`, `https://host` or `http://host`")]
    Host(String),
    /// The host has characters that are not ASCII.
    #[error("`{0}` has a host that is not ASCII: write its `xn--` form")]
    Ascii(String),
    /// There is no port, or it is no number from 1 to 65535.
    #[error("`{0}` has no port from 1 to 65535: write `tcp://host:port`")]
    Port(String),
    /// A pattern; a rule names one host.
    #[error("`{0}` has a `*`: a rule names one host")]
    Pattern(String),
    /// Longer than any rule.
    #[error("the rule has {0} bytes, more than the {RULE_BYTES_MAX} that a host and a port take")]
    TooLong(usize),
}

impl Rule {
    /// A rule for any connection to a host, which may be an address, and a port.
    pub fn new(host: &str, port: u16) -> Self {
        Self::with_scheme(Scheme::Tcp, host, port)
    }

    /// A rule for a host, which may be an address, and a port.
    pub fn with_scheme(scheme: Scheme, host: &str, port: u16) -> Self {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let host = match bare.parse::<IpAddr>() {
            Ok(ip) => address::unmap(ip).to_string(),
            Err(_) => bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase(),
        };
        Self { scheme, host, port }
    }

    /// What may be spoken there.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The host, when it is an address.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Whether the host can be one at all. The name of another, such as one with a blank in it, is in no
    /// rule and is not resolved.
    pub(super) fn names_host(&self) -> bool {
        self.ip().is_some() || is_name(&self.host)
    }

    /// Whether who has this rule may have that connection. `tcp` is any use of a port, but HTTP in clear text
    /// only where a rule says so.
    pub(super) fn covers(&self, wanted: &Self) -> bool {
        let speaks =
            self.scheme == wanted.scheme || (self.scheme == Scheme::Tcp && wanted.scheme == Scheme::Https);
        speaks && self.host == wanted.host && self.port == wanted.port
    }
}

/// As in a URL: without the port that the scheme has anyway.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.name())?;
        match self.ip() {
            Some(IpAddr::V6(ip)) => write!(f, "[{ip}]")?,
            _ => f.write_str(&self.host)?,
        }
        if self.scheme.default_port() == Some(self.port) { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        if text.len() > RULE_BYTES_MAX {
            return Err(RuleError::TooLong(text.len()));
        }
        let known =
            |name: &str| Scheme::ALL.into_iter().find(|scheme| name.eq_ignore_ascii_case(scheme.name()));
        let parts = text.split_once("://").and_then(|(name, rest)| Some((known(name)?, rest)));
        let (scheme, rest) = parts.ok_or_else(|| RuleError::Scheme(text.to_owned()))?;
        let (host, port) = split_port(rest);
        let port = match port {
            Some(port) => number(port),
            None => scheme.default_port(),
        };
        let port = port.ok_or_else(|| RuleError::Port(text.to_owned()))?;
        if host.contains('*') {
            return Err(RuleError::Pattern(text.to_owned()));
        }
        if !host.is_ascii() {
            return Err(RuleError::Ascii(text.to_owned()));
        }
        let bracketed = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let names_host = match bracketed {
            Some(inner) => matches!(inner.parse(), Ok(IpAddr::V6(_))),
            None => !host.contains(':') && Self::with_scheme(scheme, host, port).names_host(),
        };
        if names_host {
            Ok(Self::with_scheme(scheme, host, port))
        } else {
            Err(RuleError::Host(text.to_owned()))
        }
    }
}

/// The host, and the port behind its colon. The colons in brackets are those of an address.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    }
}

/// A port in digits and nothing else.
fn number(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}

/// Whether a text is a host name. One that ends in a number is none: resolvers take `127.1` and `0x7f.1` as
/// addresses.
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    let hexadecimal =
        last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let numeric = hexadecimal || last.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= HOST_BYTES_MAX && text.split('.').all(is_label) && !numeric
}
