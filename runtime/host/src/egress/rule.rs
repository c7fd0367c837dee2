//! One line of what is allowed: `tcp://host:port`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use super::address;

const SCHEME: &str = "tcp://";

/// A host and a port that may be reached. Written as `tcp://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// In small letters, without a dot at its end; an address in its usual form.
    host: String,
    port: u16,
}

/// Why a text is no rule.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It does not begin with `tcp://`.
    #[error("`{0}` does not begin with `tcp://`")]
    Scheme(String),
    /// There is no host.
    #[error("`{0}` has no host: write `tcp://host:port`")]
    Host(String),
    /// There is no port, or it is no number from 1 to 65535.
    #[error("`{0}` has no port from 1 to 65535: write `tcp://host:port`")]
    Port(String),
    /// A pattern; a rule names one host.
    #[error("`{0}` has a `*`: a rule names one host")]
    Pattern(String),
}

impl Rule {
    /// A rule for a host, which may be an address, and a port.
    pub fn new(host: &str, port: u16) -> Self {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let host = match bare.parse::<IpAddr>() {
            Ok(ip) => address::unmap(ip).to_string(),
            Err(_) => bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase(),
        };
        Self { host, port }
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
    pub(super) fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.parse::<Ipv6Addr>().is_ok() {
            write!(f, "{SCHEME}[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{SCHEME}{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let rest = text.strip_prefix(SCHEME).ok_or_else(|| RuleError::Scheme(text.to_owned()))?;
        let (host, port) = rest.rsplit_once(':').ok_or_else(|| RuleError::Port(text.to_owned()))?;
        let port = port.parse().ok().filter(|port| *port != 0);
        let port = port.ok_or_else(|| RuleError::Port(text.to_owned()))?;
        if host.contains('*') {
            return Err(RuleError::Pattern(text.to_owned()));
        }
        let stray = |character: char| character.is_whitespace() || "/@?#".contains(character);
        let bracketed = host.starts_with('[') && host.ends_with(']');
        if host.is_empty() || host.contains(stray) || (host.contains(':') && !bracketed) {
            return Err(RuleError::Host(text.to_owned()));
        }
        Ok(Self::new(host, port))
    }
}
