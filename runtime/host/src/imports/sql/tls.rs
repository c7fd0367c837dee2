//! TLS for database connections.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use webpki::RawPublicKeyEntity;
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};

use crate::contract::keywheel::rotation::sql::Tls;

/// The one place that chooses who computes TLS.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The configuration for a mode. That for `disable` is never used to connect.
pub(super) fn client_config(mode: Tls) -> io::Result<ClientConfig> {
    match mode {
        Tls::VerifyFull => verifying(),
        Tls::Prefer | Tls::Disable => not_verifying(),
    }
}

fn verifying() -> io::Result<ClientConfig> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| Arc::new(system_roots()));
    if roots.is_empty() {
        return Err(io::Error::other("this machine has no root certificates to verify a server with"));
    }
    Ok(builder()?.with_root_certificates(Arc::clone(roots)).with_no_client_auth())
}

fn not_verifying() -> io::Result<ClientConfig> {
    let verifier = Arc::new(NoVerification(provider()));
    Ok(builder()?.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn builder() -> io::Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>> {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)
}

/// What the system trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` name another place.
pub(crate) fn system_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a root certificate cannot be read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    roots
}

/// Why a server's certificate was refused, when that is what broke the handshake.
pub(crate) fn refusal(error: &rustls::Error) -> Option<String> {
    let rustls::Error::InvalidCertificate(error) = error else { return None };
    let reason = match error {
        CertificateError::UnknownIssuer => "is not signed by an authority that this machine trusts",
        CertificateError::BadSignature => {
            "has a wrong signature: its issuer is not the authority of that name that this machine trusts"
        }
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            "names no host: it has no subject alternative names, and its common name does not count"
        }
        CertificateError::NotValidForNameContext { expected, .. } => {
            return Some(format!("the server's certificate is not for host `{}`", expected.to_str()));
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "is not valid yet",
        CertificateError::Other(other) => match other.0.downcast_ref() {
            Some(webpki::Error::CaUsedAsEndEntity) => {
                "is self-signed or an authority's own, and not one that a trusted authority signed for a server"
            }
            Some(webpki::Error::UnsupportedCertVersion) => {
                "cannot be verified: it has no extensions, so it does not say for which host it is"
            }
            _ => return Some(format!("the server's certificate cannot be verified: {error}")),
        },
        _ => return Some(format!("the server's certificate cannot be verified: {error}")),
    };
    Some(format!("the server's certificate {reason}"))
}

/// Takes any certificate: `prefer` protects against those who listen, not against those who interfere.
/// That the server holds the certificate's key is verified still, because channel binding rests on it.
#[derive(Debug)]
struct NoVerification(Arc<CryptoProvider>);

impl ServerCertVerifier for NoVerification {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms).or_else(|error| {
            let key = public_key(certificate);
            let verified = key.is_some_and(|key| has_signed(&key, message, signature, algorithms));
            verified.then(HandshakeSignatureValid::assertion).ok_or(error)
        })
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms).or_else(|error| {
            let key = public_key(certificate).ok_or(error)?;
            verify_tls13_signature_with_raw_key(message, &key, signature, algorithms)
        })
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The key of a certificate that rustls does not read: one of X.509's version 1, as `openssl` makes them
/// when it is not asked for extensions.
fn public_key(certificate: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    let certificate = Certificate::from_der(certificate).ok()?;
    certificate.tbs_certificate.subject_public_key_info.to_der().ok().map(SubjectPublicKeyInfoDer::from)
}

/// Whether a key made this signature, by any algorithm that the signature's scheme may mean in TLS 1.2.
fn has_signed(
    key: &SubjectPublicKeyInfoDer<'_>,
    message: &[u8],
    signature: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> bool {
    let Ok(key) = RawPublicKeyEntity::try_from(key) else { return false };
    let of_scheme = algorithms.mapping.iter().filter(|(scheme, _)| *scheme == signature.scheme);
    let mut algorithms = of_scheme.flat_map(|(_, algorithms)| *algorithms);
    algorithms.any(|algorithm| key.verify_signature(*algorithm, message, signature.signature()).is_ok())
}
