//! TLS to servers: certificates are always verified, by what the system trusts and one file beside it.
//!
//! Deliberately absent: a way to turn that off. What clients of this server see is in `server`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

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
    #[error("`{}` cannot be read as certificates in PEM: check {setting}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What named it.
        setting: &'static str,
        /// What broke.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// It holds no certificate of an authority.
    #[error("`{}` holds no certificate that can be trusted: check {setting}", .file.display())]
    Empty {
        /// The file.
        file: PathBuf,
        /// What named it.
        setting: &'static str,
    },
}

/// Whom servers must be vouched for by.
pub struct Tls {
    added: Vec<CertificateDer<'static>>,
    /// The system's roots take a while to read: only who has an endpoint with TLS waits for it.
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    /// Trusts the authorities in this file, which `setting` names, beside the system's.
    ///
    /// # Errors
    /// The file is not one of certificates.
    pub fn new(ca_file: Option<&Path>, setting: &'static str) -> Result<Self, CaFileError> {
        let added = ca_file.map(|file| read(file, setting)).transpose()?.unwrap_or_default();
        Ok(Self { added, config: OnceLock::new() })
    }

    /// Agrees on TLS with a host, a name or an IP address, over a connection.
    ///
    /// # Errors
    /// Its certificate is refused, or it does not speak TLS.
    pub async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
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

fn read(file: &Path, setting: &'static str) -> Result<Vec<CertificateDer<'static>>, CaFileError> {
    let unreadable = |source| CaFileError::Unreadable { file: file.to_owned(), setting, source };
    let found = CertificateDer::pem_file_iter(file).map_err(unreadable)?;
    let found = found.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    let (trusted, _) = RootCertStore::empty().add_parsable_certificates(found.iter().cloned());
    if trusted == 0 { Err(CaFileError::Empty { file: file.to_owned(), setting }) } else { Ok(found) }
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
