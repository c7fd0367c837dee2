//! Which addresses a function may reach. Deny by default.
//!
//! A rule names a host, a port and what is spoken there. The host that the guest names must match a rule, and
//! each address that it resolves to must be one that the rules reach: loopback, link-local, metadata and other
//! special addresses only when a rule is that address itself (for loopback, `localhost` will do); a private one
//! also when a rule is the name that leads there. The connection goes to the address that was checked; the name
//! is resolved once.

mod address;
mod rule;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;

use crate::tls::Authorities;

pub use address::{Reach, reach_of};
pub use rule::{Rule, RuleError, Scheme};

/// Turns a name into addresses.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// The addresses of a host, in the order in which they are tried. It is asked once per connection.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// The resolver of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// No rule names the host and port.
    #[error("the sandbox does not allow a connection to `{rule}`; what would: `--allow {rule}`")]
    NotAllowed {
        /// The rule that is missing.
        rule: Rule,
    },
    /// The host is allowed, but what it resolves to must be named itself.
    #[error(
        "`{host}` is {kind}, which the sandbox allows only when it is named; what would: `--allow {rule}`"
    )]
    AddressNotNamed {
        /// What the guest asked for.
        host: String,
        /// What the address is.
        kind: &'static str,
        /// The rule that is missing.
        rule: Rule,
    },
    /// What the guest names is neither a name nor an address.
    #[error("`{host}` is no host name; one that is not ASCII is written in its `xn--` form")]
    NoHost {
        /// What the guest asked for.
        host: String,
    },
    /// The name has no address.
    #[error("no address is known for `{host}`")]
    Unresolved {
        /// What the guest asked for.
        host: String,
        /// What the resolver said.
        #[source]
        source: io::Error,
    },
    /// None of the addresses took the connection.
    #[error("no connection to `{host}:{port}`")]
    Unreachable {
        /// What the guest asked for.
        host: String,
        /// The port.
        port: u16,
        /// What the last address said.
        #[source]
        source: io::Error,
    },
}

impl EgressError {
    /// Whether the sandbox refused, and not the network.
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::NotAllowed { .. } | Self::AddressNotNamed { .. } | Self::NoHost { .. })
    }
}

/// The rules of one invocation.
#[derive(Clone)]
pub struct Egress {
    rules: Arc<Vec<Rule>>,
    resolver: Arc<dyn Resolve>,
    authorities: Arc<Authorities>,
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl Default for Egress {
    fn default() -> Self {
        Self::deny_all()
    }
}

impl Egress {
    /// Reaches nothing.
    pub fn deny_all() -> Self {
        Self { rules: Arc::default(), resolver: Arc::new(SystemResolver), authorities: Authorities::system() }
    }

    /// Reaches this host and port too.
    #[must_use]
    pub fn allow(self, host: &str, port: u16) -> Self {
        self.allow_rule(Rule::new(host, port))
    }

    /// Reaches what the rule names too.
    #[must_use]
    pub fn allow_rule(mut self, rule: Rule) -> Self {
        Arc::make_mut(&mut self.rules).push(rule);
        self
    }

    /// Asks another resolver than the system's.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Arc<dyn Resolve>) -> Self {
        self.resolver = resolver;
        self
    }

    /// Trusts servers of `https://` that these authorities vouch for, beside those of the system.
    #[must_use]
    pub fn trust(mut self, authorities: Vec<CertificateDer<'static>>) -> Self {
        self.authorities = Authorities::with(authorities);
        self
    }

    pub(crate) fn authorities(&self) -> &Authorities {
        &self.authorities
    }

    /// The addresses behind a host that may be dialled.
    ///
    /// # Errors
    ///
    /// When the rules do not reach it, or the name has no address.
    pub async fn check(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, EgressError> {
        self.check_rule(&Rule::new(host, port)).await
    }

    /// The same for a connection on which not everything may be spoken.
    ///
    /// # Errors
    ///
    /// As [`Egress::check`].
    pub async fn check_rule(&self, wanted: &Rule) -> Result<Vec<SocketAddr>, EgressError> {
        if !wanted.names_host() {
            return Err(EgressError::NoHost { host: wanted.host().to_owned() });
        }
        if !self.allows(wanted) {
            return Err(EgressError::NotAllowed { rule: wanted.clone() });
        }
        let resolved = match wanted.ip() {
            Some(ip) => vec![SocketAddr::new(ip, wanted.port())],
            None => self.resolve(wanted).await?,
        };
        let (allowed, refused): (Vec<_>, Vec<_>) =
            resolved.into_iter().partition(|address| self.reaches(wanted, address.ip()));
        match refused.first() {
            Some(address) if allowed.is_empty() => Err(Self::not_named(wanted, address.ip())),
            _ => Ok(allowed),
        }
    }

    /// Whether a rule names this host and port, wherever that leads.
    pub(crate) fn allows(&self, wanted: &Rule) -> bool {
        self.rules.iter().any(|rule| rule.covers(wanted))
    }

    /// Whether a rule allows anything on some port of this host.
    pub(crate) fn names(&self, host: &Rule) -> bool {
        self.rules.iter().any(|rule| rule.scheme() == Scheme::Tcp && rule.host() == host.host())
    }

    /// The addresses of a host, those that must be named last. None of them is checked.
    pub(crate) async fn look_up(&self, host: &Rule) -> Result<Vec<IpAddr>, EgressError> {
        let mut found: Vec<IpAddr> = self.resolve(host).await?.iter().map(SocketAddr::ip).collect();
        found.sort_by_key(|ip| !matches!(reach_of(*ip), Reach::Ordinary | Reach::Private));
        Ok(found)
    }

    /// Where to dial to reach this address of a host.
    ///
    /// # Errors
    ///
    /// When the rules do not reach it.
    pub(crate) fn check_address(&self, wanted: &Rule, ip: IpAddr) -> Result<SocketAddr, EgressError> {
        if !self.allows(wanted) {
            return Err(EgressError::NotAllowed { rule: wanted.clone() });
        }
        if !self.reaches(wanted, ip) {
            return Err(Self::not_named(wanted, ip));
        }
        Ok(SocketAddr::new(address::unmap(ip), wanted.port()))
    }

    fn not_named(wanted: &Rule, ip: IpAddr) -> EgressError {
        let ip = address::unmap(ip);
        EgressError::AddressNotNamed {
            host: wanted.host().to_owned(),
            kind: address::reach(ip).name(),
            rule: Rule::with_scheme(wanted.scheme(), &ip.to_string(), wanted.port()),
        }
    }

    async fn resolve(&self, wanted: &Rule) -> Result<Vec<SocketAddr>, EgressError> {
        let unresolved = |source| EgressError::Unresolved { host: wanted.host().to_owned(), source };
        let found = self.resolver.resolve(wanted.host(), wanted.port()).await.map_err(unresolved)?;
        if found.is_empty() {
            return Err(unresolved(io::Error::from(io::ErrorKind::NotFound)));
        }
        // The port is the one that was checked, whatever the resolver says.
        Ok(found.into_iter().map(|address| SocketAddr::new(address.ip(), wanted.port())).collect())
    }

    fn reaches(&self, wanted: &Rule, ip: IpAddr) -> bool {
        let ip = address::unmap(ip);
        let named = || self.allows(&Rule::with_scheme(wanted.scheme(), &ip.to_string(), wanted.port()));
        match address::reach(ip) {
            Reach::Ordinary | Reach::Private => true,
            Reach::Loopback => wanted.host() == "localhost" || named(),
            Reach::LinkLocal | Reach::Metadata | Reach::Special => named(),
        }
    }

    /// Connects to one of the addresses that [`Egress::check`] returns, and to no other.
    ///
    /// # Errors
    ///
    /// As [`Egress::check`], and when no address takes the connection.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, EgressError> {
        self.connect_rule(&Rule::new(host, port)).await
    }

    /// The same for a connection on which not everything may be spoken.
    ///
    /// # Errors
    ///
    /// As [`Egress::connect`].
    pub async fn connect_rule(&self, wanted: &Rule) -> Result<TcpStream, EgressError> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in self.check_rule(wanted).await? {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(EgressError::Unreachable { host: wanted.host().to_owned(), port: wanted.port(), source: last })
    }
}

#[cfg(test)]
mod tests;
