//! TLS at the port: the certificate that clients see, read again when its files change.
//!
//! A connection keeps the certificate that it began with. Files that make no pair, as while somebody is
//! replacing them, change nothing: the last good pair is shown until there is another one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use keywheel_domain::time::SECOND_MS;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::config::TlsFiles;

/// How often the files are looked at, in milliseconds.
const LOOK_MS: i64 = 5 * SECOND_MS;
const HTTP_1_1: &[u8] = b"http/1.1";

/// Why there is no certificate to show. The sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file is not there, or is somebody else's.
    #[error("`{}` cannot be read: check {setting}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What named it.
        setting: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file holds something else.
    #[error("`{}` holds no {what} in PEM: check {setting}", .file.display())]
    NotPem {
        /// The file.
        file: PathBuf,
        /// What named it.
        setting: &'static str,
        /// What it should hold.
        what: &'static str,
        /// What broke.
        #[source]
        source: pem::Error,
    },
    /// The key is another certificate's, or of a kind that is not supported.
    #[error("the certificate of --tls-cert does not work with the key of --tls-key")]
    NoPair(#[source] rustls::Error),
}

/// What is shown to clients.
pub struct Certificates {
    files: TlsFiles,
    shown: RwLock<Shown>,
}

/// A certificate and what it was read from.
#[derive(Clone)]
struct Shown {
    config: Arc<ServerConfig>,
    fingerprint: Fingerprint,
}

/// A hash of both files.
type Fingerprint = [u8; 32];

/// Both files as they were read at once.
struct Content {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Certificates {
    /// Reads both files.
    ///
    /// # Errors
    /// They cannot be read, or are no certificate with its key.
    pub fn read(files: &TlsFiles) -> Result<Self, CertificateError> {
        let content = Content::read(files)?;
        let shown = Shown { config: content.config(files)?, fingerprint: content.fingerprint() };
        Ok(Self { files: files.clone(), shown: RwLock::new(shown) })
    }

    /// What agrees on TLS with the next client.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.shown().config))
    }

    /// Looks for changes of the files, for ever.
    pub(super) async fn follow(&self, clock: &dyn Clock) {
        let mut refused = None;
        loop {
            clock.sleep_until(clock.now().plus_millis(LOOK_MS)).await;
            self.look(&mut refused);
        }
    }

    /// Reads the files again. What is wrong with them is told once: `refused` is what was told last.
    fn look(&self, refused: &mut Option<String>) {
        let renewed = match self.renewed() {
            Ok(renewed) => renewed,
            Err(error) => {
                let told = error.to_string();
                if refused.as_ref() != Some(&told) {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "the certificate was not read again; the last one is shown");
                    *refused = Some(told);
                }
                return;
            }
        };
        *refused = None;
        if let Some(renewed) = renewed {
            *self.shown.write().unwrap_or_else(PoisonError::into_inner) = renewed;
            tracing::info!("new connections are shown the certificate that was put in place");
        }
    }

    /// The pair in the files, if it is another one.
    fn renewed(&self) -> Result<Option<Shown>, CertificateError> {
        let content = Content::read(&self.files)?;
        let fingerprint = content.fingerprint();
        if fingerprint == self.shown().fingerprint {
            return Ok(None);
        }
        Ok(Some(Shown { config: content.config(&self.files)?, fingerprint }))
    }

    fn shown(&self) -> Shown {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Content {
    fn read(files: &TlsFiles) -> Result<Self, CertificateError> {
        let read = |file: &Path, setting| {
            let unreadable = |source| CertificateError::Unreadable { file: file.to_owned(), setting, source };
            fs::read(file).map_err(unreadable)
        };
        let key = Zeroizing::new(read(&files.key, "--tls-key")?);
        Ok(Self { certificate: read(&files.certificate, "--tls-cert")?, key })
    }

    fn fingerprint(&self) -> Fingerprint {
        let hash = Sha256::new().chain_update((self.certificate.len() as u64).to_be_bytes());
        hash.chain_update(&self.certificate).chain_update(&*self.key).finalize().into()
    }

    fn config(&self, files: &TlsFiles) -> Result<Arc<ServerConfig>, CertificateError> {
        let certificates = CertificateDer::pem_slice_iter(&self.certificate).collect::<Result<Vec<_>, _>>();
        let certificates = match certificates {
            Ok(found) if !found.is_empty() => Ok(found),
            Ok(_) => Err(pem::Error::NoItemsFound),
            Err(error) => Err(error),
        };
        let certificates = certificates.map_err(|source| {
            let (file, setting) = (files.certificate.clone(), "--tls-cert");
            CertificateError::NotPem { file, setting, what: "certificate", source }
        })?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|source| {
            let (file, setting) = (files.key.clone(), "--tls-key");
            CertificateError::NotPem { file, setting, what: "private key without a password", source }
        })?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(CertificateError::NoPair)?;
        let mut config = builder
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .map_err(CertificateError::NoPair)?;
        config.alpn_protocols = vec![HTTP_1_1.to_vec()];
        Ok(Arc::new(config))
    }
}
