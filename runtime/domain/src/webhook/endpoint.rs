//! The URL of a webhook, read strictly: what is unusual in it is refused and not guessed at.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The longest URL, in characters.
pub const URL_CHARS_MAX: usize = 2048;

const LOCALHOST: &str = "localhost";
const HTTPS_PORT: u16 = 443;
const HTTP_PORT: u16 = 80;
/// Visible characters that no URL holds as they are.
const FORBIDDEN: &[u8] = b"\"<>\\^`{|}";

/// The host in a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name, in small letters, without a dot at its end.
    Name(String),
    /// An address.
    Address(IpAddr),
}

impl Host {
    /// Whether it says itself that it is this machine: a loopback address, or `localhost`.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name == LOCALHOST,
            Self::Address(ip) => ip.to_canonical().is_loopback(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Self::Address(ip) => write!(f, "{ip}"),
        }
    }
}

/// Where a webhook's requests go. Shown without its path, which may be confidential.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether TLS is spoken.
    pub is_secure: bool,
    /// The host.
    pub host: Host,
    /// The port.
    pub port: u16,
    /// Path and query.
    pub target: String,
}

/// Why a URL is not one of a webhook. It repeats nothing of the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Longer than [`URL_CHARS_MAX`].
    #[error("the URL is longer than {URL_CHARS_MAX} characters")]
    Length,
    /// Neither scheme.
    #[error("the URL must begin with https://, or with http:// and a loopback address")]
    Scheme,
    /// Plain HTTP that could leave the machine.
    #[error("plain http is allowed to a loopback address only, such as http://127.0.0.1:8080/: use https")]
    PlainHttp,
    /// A space, a control character, a letter beyond ASCII or one that must be written in percent.
    #[error(
        "the URL holds a character that must be written in percent encoding, or a host in other than ASCII"
    )]
    Characters,
    /// `user:password@`.
    #[error("the URL holds a user or a password: deliveries are signed instead")]
    User,
    /// `#…`.
    #[error("the URL holds a fragment, which is never sent")]
    Fragment,
    /// No host, or none that could be one.
    #[error("the URL names no valid host")]
    Host,
    /// No number from 1 to 65535.
    #[error("the port of the URL is no number from 1 to 65535")]
    Port,
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(url: &str) -> Result<Self, EndpointError> {
        if url.chars().count() > URL_CHARS_MAX {
            return Err(EndpointError::Length);
        }
        if !url.bytes().all(|byte| byte.is_ascii_graphic() && !FORBIDDEN.contains(&byte)) {
            return Err(EndpointError::Characters);
        }
        let (scheme, rest) = url.split_once("://").ok_or(EndpointError::Scheme)?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(EndpointError::Scheme),
        };
        if rest.contains('#') {
            return Err(EndpointError::Fragment);
        }
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(EndpointError::User);
        }
        let default = if is_secure { HTTPS_PORT } else { HTTP_PORT };
        let (host, port) = split_port(authority, default)?;
        let host = host_of(host)?;
        if !is_secure && !host.is_loopback() {
            return Err(EndpointError::PlainHttp);
        }
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Self { is_secure, host, port, target: format!("{slash}{target}") })
    }
}

fn split_port(authority: &str, default: u16) -> Result<(&str, u16), EndpointError> {
    // A colon in brackets belongs to an address.
    let after_host = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[after_host..].split_once(':') {
        None => Ok((authority, default)),
        Some((before, port)) => {
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            let port = port.parse().ok().filter(|port| digits && *port != 0).ok_or(EndpointError::Port)?;
            Ok((&authority[..after_host + before.len()], port))
        }
    }
}

fn host_of(host: &str) -> Result<Host, EndpointError> {
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']').ok_or(EndpointError::Host)?;
        let ip: Ipv6Addr = inner.parse().map_err(|_| EndpointError::Host)?;
        return Ok(Host::Address(ip.into()));
    }
    if let Ok(ip) = host.parse::<IpAddr>() {
        // One of version 6 stands in brackets, and had none.
        return if ip.is_ipv4() { Ok(Host::Address(ip)) } else { Err(EndpointError::Host) };
    }
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let fits = |label: &str| {
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (1..=63).contains(&label.len()) && label.bytes().all(inside)
    };
    if name.len() > 253 || !name.split('.').all(fits) {
        return Err(EndpointError::Host);
    }
    Ok(Host::Name(name))
}

impl Endpoint {
    /// Host and port as the `Host` header has them: without the port that the scheme implies.
    pub fn authority(&self) -> String {
        let default = if self.is_secure { HTTPS_PORT } else { HTTP_PORT };
        if self.port == default { self.host.to_string() } else { format!("{}:{}", self.host, self.port) }
    }
}

/// Scheme, host and port.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scheme, host, port and target of a URL in one line, or why it is refused.
    #[track_caller]
    fn check(url: &str, expected: Result<&str, EndpointError>) {
        let read = url.parse::<Endpoint>().map(|endpoint| {
            let Endpoint { is_secure, host, port, target } = endpoint;
            format!("{} {host} {port} {target}", if is_secure { "https" } else { "http" })
        });
        assert_eq!(read.as_deref().map_err(|error| *error), expected, "{url}");
    }

    #[test]
    fn a_url_is_taken_apart() {
        check("https://hooks.example/a/b?c=d&e", Ok("https hooks.example 443 /a/b?c=d&e"));
        check("HTTPS://Hooks.Example.", Ok("https hooks.example 443 /"));
        check("https://hooks.example:8443?x=1", Ok("https hooks.example 8443 /?x=1"));
        check("https://10.0.0.1/?at=a@b:c", Ok("https 10.0.0.1 443 /?at=a@b:c"));
        check("https://[2001:db8::1]:8443/", Ok("https [2001:db8::1] 8443 /"));
        check("http://127.0.0.1:8080/x", Ok("http 127.0.0.1 8080 /x"));
        check("http://LOCALHOST", Ok("http localhost 80 /"));
        check("http://[::1]:1/", Ok("http [::1] 1 /"));
        check("http://[::ffff:127.0.0.1]/", Ok("http [::ffff:127.0.0.1] 80 /"));
        assert_eq!(
            "https://h:8443/token?x".parse::<Endpoint>().map(|e| format!("{e:?}")),
            Ok("https://h:8443".into())
        );
    }

    #[test]
    fn what_is_unusual_is_refused() {
        for url in ["", "hooks.example", "ftp://hooks.example/", "file:///etc/passwd", "//x", "https:/x"] {
            check(url, Err(EndpointError::Scheme));
        }
        // These numbers are 127.0.0.1 to some resolvers, and no address that is written as one.
        for url in [
            "http://hooks.example/",
            "http://10.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://a.localhost/",
        ] {
            check(url, Err(EndpointError::PlainHttp));
        }
        for url in [
            "https://ü.example/",
            "https://h/a b",
            "https://h/\n",
            "https://h/\u{7f}",
            "https://h/{x}",
            "https://h\\@g/",
        ] {
            check(url, Err(EndpointError::Characters));
        }
        for url in ["https://user:password@h/", "https://user@h", "https://@h/", "https://h:1@g/"] {
            check(url, Err(EndpointError::User));
        }
        check("https://h/#x", Err(EndpointError::Fragment));
        for url in [
            "https://",
            "https:///x",
            "https://:443/",
            "https://a..b/",
            "https://.",
            "https://[x]/",
            "https://[fe80::1%25eth0]/",
            "https://h,g/",
            "https://[::1]x/",
            "https://%31/",
        ] {
            check(url, Err(EndpointError::Host));
        }
        for url in [
            "https://[::1",
            "https://h:/",
            "https://h:0/",
            "https://h:65536/",
            "https://h:+1/",
            "https://::1/",
            "https://h:80:80/",
        ] {
            check(url, Err(EndpointError::Port));
        }
        let long = format!("https://h/{}", "a".repeat(URL_CHARS_MAX));
        check(&long[..URL_CHARS_MAX], Ok(&format!("https h 443 {}", &long[9..URL_CHARS_MAX])));
        check(&long, Err(EndpointError::Length));
    }
}
