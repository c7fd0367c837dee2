//! Certificates of servers under test, made by the `openssl` command: what administrators make them
//! with, and what Debian's PostgreSQL depends on.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

/// Small and quick to make; every server and every client knows it.
const KEY: [&str; 4] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
const DAYS: &str = "2";

/// A certificate and its private key.
pub struct Certificate {
    /// PEM.
    pub certificate: String,
    /// PEM, not encrypted.
    pub key: String,
}

impl Certificate {
    /// Writes both files into a folder, one after the other, and returns where they are.
    ///
    /// # Errors
    /// The folder takes no file.
    pub fn write(&self, folder: &Path) -> Result<(PathBuf, PathBuf)> {
        let (certificate, key) = (folder.join("server.pem"), folder.join("server.key"));
        fs::write(&certificate, &self.certificate)?;
        fs::write(&key, &self.key)?;
        Ok((certificate, key))
    }

    /// One that its own key has signed, as PostgreSQL's manual makes it for a quick start.
    ///
    /// # Errors
    /// `openssl` is not there, or fails.
    pub fn self_signed(host: &str) -> Result<Self> {
        Authority::new(host)?.own()
    }
}

/// Who signs certificates. Nobody trusts it by itself.
pub struct Authority {
    folder: TempDir,
}

impl Authority {
    /// A new authority with a key of its own.
    ///
    /// # Errors
    /// `openssl` is not there, or fails.
    pub fn new(name: &str) -> Result<Self> {
        let authority = Self { folder: tempfile::tempdir()? };
        let arguments = ["-keyout", "authority.key", "-out", "authority.pem", "-days", DAYS];
        let subject = format!("/CN={name}");
        authority
            .openssl("req", &[&["-x509", "-nodes", "-subj", &subject], &KEY[..], &arguments].concat())?;
        Ok(authority)
    }

    /// The file that a client needs to trust it.
    pub fn file(&self) -> PathBuf {
        self.path("authority.pem")
    }

    /// A certificate for a host name or an IP address.
    ///
    /// # Errors
    /// `openssl` fails.
    pub fn issue(&self, host: &str) -> Result<Certificate> {
        let kind = if host.parse::<IpAddr>().is_ok() { "IP" } else { "DNS" };
        fs::write(self.path("extensions"), format!("subjectAltName={kind}:{host}\n"))?;
        self.sign(host, &["-extfile", "extensions"])
    }

    /// A certificate as older versions of `openssl` make it when they are not told otherwise: it has no
    /// extensions and is thus of X.509's version 1.
    ///
    /// # Errors
    /// `openssl` fails.
    pub fn issue_without_extensions(&self, host: &str) -> Result<Certificate> {
        self.sign(host, &[])
    }

    fn own(&self) -> Result<Certificate> {
        self.read("authority.pem", "authority.key")
    }

    fn sign(&self, host: &str, extensions: &[&str]) -> Result<Certificate> {
        let subject = format!("/CN={host}");
        let request = ["-nodes", "-subj", &subject, "-keyout", "server.key", "-out", "server.csr"];
        self.openssl("req", &[&KEY[..], &request].concat())?;
        let sign = ["-req", "-in", "server.csr", "-out", "server.pem", "-days", DAYS];
        let signer = ["-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial"];
        self.openssl("x509", &[&sign[..], &signer, extensions].concat())?;
        self.read("server.pem", "server.key")
    }

    fn openssl(&self, command: &str, arguments: &[&str]) -> Result<()> {
        let mut openssl = Command::new("openssl");
        openssl.arg(command).args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        let output = openssl.output().context("starting `openssl`, which the tests of TLS need")?;
        ensure!(output.status.success(), "openssl {command}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    fn read(&self, certificate: &str, key: &str) -> Result<Certificate> {
        let read = |name: &str| fs::read_to_string(self.path(name));
        Ok(Certificate { certificate: read(certificate)?, key: read(key)? })
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }
}
