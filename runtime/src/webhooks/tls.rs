//! TLS to endpoints: certificates are always verified, by what the system trusts and one file beside it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use keywheel_domain::webhook::Host;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const HTTP_1_1: &[u8] = b"http/1.1";

/// The file of authorities is not one. The sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CaFileError {
    /// It cannot be read as PEM.
    #[error("`{}` cannot be read as certificates in PEM: check KEYWHEEL_WEBHOOK_CA_FILE", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What broke.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// It holds no certificate of an authority.
    #[error("`{}` holds no certificate that can be trusted: check KEYWHEEL_WEBHOOK_CA_FILE", .file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
}

/// Whom endpoints must be vouched for by.
pub(super) struct Tls {
    added: Vec<CertificateDer<'static>>,
    /// The system's roots take a while to read: only who has an endpoint with TLS waits for it.
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    /// Trusts the authorities in this file beside the system's.
    pub(super) fn new(ca_file: Option<&Path>) -> Result<Self, CaFileError> {
        let added = ca_file.map(read).transpose()?.unwrap_or_default();
        Ok(Self { added, config: OnceLock::new() })
    }

    /// Agrees on TLS with a host over a connection.
    pub(super) async fn connect(&self, host: &Host, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = match host {
            Host::Name(name) => ServerName::try_from(name.clone()).map_err(io::Error::other)?,
            Host::Address(ip) => ServerName::from(*ip),
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
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![HTTP_1_1.to_vec()];
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(config))))
    }
}

fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, CaFileError> {
    let unreadable = |source| CaFileError::Unreadable { file: file.to_owned(), source };
    let found = CertificateDer::pem_file_iter(file).map_err(unreadable)?;
    let found = found.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    let (trusted, _) = RootCertStore::empty().add_parsable_certificates(found.iter().cloned());
    if trusted == 0 { Err(CaFileError::Empty { file: file.to_owned() }) } else { Ok(found) }
}

/// What the system trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` name another place.
fn system_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a root certificate cannot be read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    roots
}
