//! How a secret's `ssl` decides what is sent to a server, and what a user is told when the two do not fit.

use keywheel_tests::certificate::{Authority, Certificate};
use keywheel_tests::client::ApiClient;
use keywheel_tests::postgres::{HOST, Postgres, Tls};
use keywheel_tests::process::{self, Keywheel};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{FUNCTION_ARN, ROLE, last_failure};

/// What the certificates are for. It has the address [`HOST`].
const HOST_NAME: &str = "localhost";

/// A `keywheel` that trusts one authority and no other.
struct Trusting {
    _data: TempDir,
    _keywheel: Keywheel,
    client: ApiClient,
}

impl Trusting {
    async fn start(authority: &Authority) -> Self {
        let data = process::used_data_folder().await.unwrap();
        let mut serve = process::serve(data.path()).unwrap();
        serve.env("SSL_CERT_FILE", authority.file()).env_remove("SSL_CERT_DIR");
        let keywheel = Keywheel::start_with(&mut serve).await.unwrap();
        Self { client: keywheel.client(), _data: data, _keywheel: keywheel }
    }

    /// Rotates a new secret with this value until the rotation is in this state.
    async fn rotate(&self, name: &str, value: &Value, state: &str) -> Value {
        let create = json!({ "Name": name, "SecretString": value.to_string() });
        self.client.call("CreateSecret", create).await.unwrap();
        let rotate = json!({ "SecretId": name, "RotationLambdaARN": FUNCTION_ARN });
        self.client.call("RotateSecret", rotate).await.unwrap();
        self.client.rotation_in(name, state).await.unwrap()
    }

    /// A rotation that gives the role of this value another password.
    async fn rotates(&self, name: &str, server: &Postgres, value: &Value) {
        self.rotate(name, value, "Succeeded").await;
        let current = self.client.value(name, "AWSCURRENT").await.unwrap();
        assert_ne!(current["password"], value["password"]);
        assert!(server.accepts(ROLE, current["password"].as_str().unwrap()).await.unwrap());
    }

    /// A rotation that is given up at once, with this sentence, and has changed nothing.
    async fn refuses(&self, name: &str, server: &Postgres, value: &Value, sentence: &str) {
        let rotation = self.rotate(name, value, "NeedsAttention").await;
        assert_eq!(last_failure(&rotation), sentence);
        let tries = rotation["Attempts"].as_array().unwrap().iter();
        assert_eq!(tries.filter(|attempt| attempt["Step"] == "setSecret").count(), 1, "{rotation}");
        assert_eq!(self.client.value(name, "AWSCURRENT").await.unwrap(), *value);
        assert!(server.accepts(ROLE, value["password"].as_str().unwrap()).await.unwrap());
    }
}

/// A server that refuses logins without TLS, and the value of a secret for it.
async fn encrypted(certificate: Certificate, version_max: &'static str) -> (Postgres, Value) {
    with_role(Postgres::start_encrypted(Tls { certificate, version_max }).await.unwrap()).await
}

async fn with_role(server: Postgres) -> (Postgres, Value) {
    let password = server.create_role(ROLE).await.unwrap();
    let value = server.secret_value(ROLE, &password);
    (server, value)
}

fn with(value: &Value, ssl: bool, host: &str) -> Value {
    let mut changed = value.clone();
    changed["ssl"] = ssl.into();
    changed["host"] = host.into();
    changed
}

#[tokio::test]
async fn without_ssl_a_connection_is_encrypted_with_any_certificate() {
    let authority = Authority::new("trusted").unwrap();
    let keywheel = Trusting::start(&authority).await;
    for version_max in ["TLSv1.2", "TLSv1.3"] {
        let certificates = [
            ("self-signed", Certificate::self_signed(HOST_NAME)),
            // The library that computes TLS does not read these by itself.
            ("without-extensions", authority.issue_without_extensions(HOST_NAME)),
        ];
        for (kind, certificate) in certificates {
            let (server, value) = encrypted(certificate.unwrap(), version_max).await;
            keywheel.rotates(&format!("{kind}/{version_max}"), &server, &value).await;

            let log = server.log().unwrap();
            let logins = log.lines().filter(|line| line.contains("application_name=keywheel"));
            let (encrypted, plain): (Vec<_>, Vec<_>) =
                logins.partition(|line| line.contains(&format!("SSL enabled (protocol={version_max}")));
            assert!(!encrypted.is_empty() && plain.is_empty(), "{plain:#?}");
        }
    }
}

#[tokio::test]
async fn with_ssl_the_certificate_must_be_trusted_and_name_the_host() {
    let authority = Authority::new("trusted").unwrap();
    let keywheel = Trusting::start(&authority).await;

    let (server, value) = encrypted(authority.issue(HOST_NAME).unwrap(), "TLSv1.3").await;
    let sentence =
        "connecting to the server: no connection: the server's certificate is not for host `127.0.0.1`";
    keywheel.refuses("other-name", &server, &with(&value, true, HOST), sentence).await;
    let value = with(&value, true, HOST_NAME);
    keywheel.rotates("trusted", &server, &value).await;

    let (server, value) = encrypted(Certificate::self_signed(HOST_NAME).unwrap(), "TLSv1.3").await;
    let sentence = "connecting to the server: no connection: the server's certificate is self-signed or an \
                    authority's own, and not one that a trusted authority signed for a server";
    let value = with(&value, true, HOST_NAME);
    keywheel.refuses("self-signed", &server, &value, sentence).await;

    let (server, value) =
        encrypted(Authority::new("another").unwrap().issue(HOST_NAME).unwrap(), "TLSv1.3").await;
    let sentence = "connecting to the server: no connection: the server's certificate is not signed by an \
                    authority that this machine trusts";
    let value = with(&value, true, HOST_NAME);
    keywheel.refuses("other-authority", &server, &value, sentence).await;

    let (server, value) = with_role(Postgres::start().await.unwrap()).await;
    let sentence = "connecting to the server: no connection: error performing TLS handshake: \
                    server does not support TLS";
    keywheel.refuses("no-tls", &server, &with(&value, true, HOST), sentence).await;
}

#[tokio::test]
async fn without_encryption_a_server_that_wants_it_is_quoted() {
    let authority = Authority::new("trusted").unwrap();
    let keywheel = Trusting::start(&authority).await;
    let (server, value) = encrypted(authority.issue(HOST_NAME).unwrap(), "TLSv1.3").await;
    let sentence = "connecting to the server: no connection: no pg_hba.conf entry for host \"127.0.0.1\", \
                    user \"twitter-app\", database \"postgres\", no encryption";
    keywheel.refuses("not-encrypted", &server, &with(&value, false, HOST), sentence).await;
}
