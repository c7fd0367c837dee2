//! TLS to servers: certificates are always verified, by what the system trusts and what is added: by the rules of
//! an invocation, or by who runs this program.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::imports::sql::tls::{provider, system_roots};

const HTTP_1_1: &[u8] = b"http/1.1";

/// Whom servers must be vouched for by.
#[derive(Debug, Default)]
pub struct Authorities {
    added: Vec<CertificateDer<'static>>,
    /// The system's roots take a while to read: only who speaks TLS waits for it.
    config: OnceLock<Arc<ClientConfig>>,
}

impl Authorities {
    /// What the system trusts. All share it.
    pub fn system() -> Arc<Self> {
        static SYSTEM: OnceLock<Arc<Authorities>> = OnceLock::new();
        Arc::clone(SYSTEM.get_or_init(Arc::default))
    }

    /// Trusts these authorities beside the system's.
    pub fn with(added: Vec<CertificateDer<'static>>) -> Arc<Self> {
        Arc::new(Self { added, config: OnceLock::new() })
    }

    /// Agrees on TLS with a host, a name or an IP address, over a connection.
    ///
    /// # Errors
    /// Its certificate is refused, or it does not speak TLS.
    pub async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = match host.parse::<IpAddr>() {
            Ok(ip) => ServerName::from(ip),
            Err(_) => ServerName::try_from(host.to_owned()).map_err(io::Error::other)?,
        };
        TlsConnector::from(self.config()?).connect(name, stream).await
    }

    fn config(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let mut roots = system_roots();
        roots.add_parsable_certificates(self.added.iter().cloned());
        if roots.is_empty() {
            return Err(io::Error::other("this machine has no root certificates to verify a server with"));
        }
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![HTTP_1_1.to_vec()];
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(config))))
    }
}
