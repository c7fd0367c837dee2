//! Whom this program trusts as a client: what the system trusts, and one file beside it.
//!
//! How TLS is agreed on is the host's, for functions and for the program itself. What clients of this server see
//! is in `server`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keywheel_host::Authorities;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

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

/// Trusts the authorities in this file, which `setting` names, beside the system's.
///
/// # Errors
/// The file is not one of certificates.
pub fn trusting(ca_file: Option<&Path>, setting: &'static str) -> Result<Arc<Authorities>, CaFileError> {
    match ca_file {
        Some(file) => Ok(Authorities::with(read(file, setting)?)),
        None => Ok(Authorities::system()),
    }
}

fn read(file: &Path, setting: &'static str) -> Result<Vec<CertificateDer<'static>>, CaFileError> {
    let unreadable = |source| CaFileError::Unreadable { file: file.to_owned(), setting, source };
    let found = CertificateDer::pem_file_iter(file).map_err(unreadable)?;
    let found = found.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    let (trusted, _) = RootCertStore::empty().add_parsable_certificates(found.iter().cloned());
    if trusted == 0 { Err(CaFileError::Empty { file: file.to_owned(), setting }) } else { Ok(found) }
}
