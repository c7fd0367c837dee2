//! TLS at the port of the server: which versions, which certificate, and what becomes of it when it is renewed.

use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};

use keywheel_tests::certificate::Authority;
use keywheel_tests::process::{self, ACCESS_KEY_ID, Keywheel, SECRET_ACCESS_KEY};
use keywheel_tests::wait;
use tempfile::TempDir;

const HOST: &str = "127.0.0.1";

/// A server with a certificate of an authority.
struct Encrypted {
    authority: Authority,
    certificates: TempDir,
    data: TempDir,
    keywheel: Keywheel,
}

impl Encrypted {
    async fn start() -> Self {
        let (data, certificates) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let authority = Authority::new("an authority").unwrap();
        let (certificate, key) = authority.issue(HOST).unwrap().write(certificates.path()).unwrap();
        let mut serve = process::serve(data.path()).unwrap();
        serve.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key);
        let keywheel = Keywheel::start_with(&mut serve).await.unwrap();
        Self { authority, certificates, data, keywheel }
    }

    /// `keywheel rotation list`, which trusts this authority.
    async fn list(&self, authority: &Authority) -> Output {
        let mut list = process::keywheel().unwrap();
        list.args(["rotation", "list", "--endpoint", &format!("https://{}", self.keywheel.address())]);
        list.env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID).env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
        list.env("AWS_CA_BUNDLE", authority.file());
        process::output(&mut list).await.unwrap()
    }
}

/// What `openssl s_client` prints of a connection, and whether there was one.
fn connect(address: SocketAddr, arguments: &[&str]) -> (bool, String) {
    let mut client = Command::new("openssl");
    client.args(["s_client", "-connect", &address.to_string()]).args(arguments).stdin(Stdio::null());
    let output = client.output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn the_port_speaks_tls_of_today_and_nothing_else() {
    let site = Encrypted::start().await;
    let address = site.keywheel.address();
    assert!(site.keywheel.stdout().contains(&format!("listening on https://{address}\n")));
    assert!(connect(address, &["-tls1_2"]).0 && connect(address, &["-tls1_3"]).0);
    assert!(!connect(address, &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]).0);
    assert!(site.keywheel.get("/healthz").is_err(), "plain HTTP was answered");

    let listed = site.list(&site.authority).await;
    assert!(listed.status.success(), "{}", stderr(&listed));
    let stranger = Authority::new("a stranger").unwrap();
    let refused = stderr(&site.list(&stranger).await);
    assert!(refused.contains("could not show that it is the server"), "{refused}");
    let (_, logged) = site.keywheel.stop().await.unwrap();
    assert!(logged.contains("operation=\"ListRotations\"") && !logged.contains("ERROR"), "{logged}");
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart() {
    let site = Encrypted::start().await;
    let address = site.keywheel.address();
    let shown = || connect(address, &["-showcerts"]).1;
    let first = shown();

    // Half of a renewal: the certificate is a new one, and the key still that of the old one.
    let renewed = site.authority.issue(HOST).unwrap();
    std::fs::write(site.certificates.path().join("server.pem"), &renewed.certificate).unwrap();
    let refused = async || Ok(site.keywheel.stderr().contains("the last one is shown").then_some(()));
    wait::until("the half renewal to be noticed", refused).await.unwrap();
    assert!(!first.contains(&renewed.certificate) && !shown().contains(&renewed.certificate));

    renewed.write(site.certificates.path()).unwrap();
    let shows = async || Ok(shown().contains(renewed.certificate.trim()).then_some(()));
    wait::until("the renewed certificate", shows).await.unwrap();
    assert!(site.list(&site.authority).await.status.success());
}

#[tokio::test]
async fn files_that_are_no_certificate_and_its_key_are_refused_at_the_start() {
    let site = Encrypted::start().await;
    let folder = site.certificates.path();
    let other = site.authority.issue(HOST).unwrap();
    std::fs::write(folder.join("other.key"), &other.key).unwrap();
    std::fs::write(folder.join("empty.pem"), "").unwrap();
    let check = async |certificate: &str, key: &str, sentence: &str| {
        let mut serve = process::serve(&site.data.path().join("new")).unwrap();
        serve.arg("--tls-cert").arg(folder.join(certificate)).arg("--tls-key").arg(folder.join(key));
        let output = process::output(&mut serve).await.unwrap();
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(sentence) && told.lines().count() == 1, "{told}");
        assert!(!site.data.path().join("new").exists());
    };
    check("server.pem", "other.key", "does not work with the key of --tls-key").await;
    check("empty.pem", "server.key", "empty.pem` holds no certificate in PEM: check --tls-cert").await;
    check("server.pem", "empty.pem", "holds no private key without a password in PEM: check --tls-key").await;
    check("none.pem", "server.key", "none.pem` cannot be read: check --tls-cert").await;
}
