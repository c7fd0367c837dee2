//! A client of the API: signs each request as an AWS SDK does.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use keywheel::clock::{Clock as _, SystemClock};
use keywheel::entropy::{self, SystemEntropy};
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::wait;

/// Where the tests' secrets are.
pub const REGION: &str = "us-east-1";
const SERVICE: &str = "secretsmanager";
const CONTENT: &str = "application/x-amz-json-1.1";

/// Whom requests go to and who signs them.
#[derive(Clone, Debug)]
pub struct ApiClient {
    /// The server.
    pub address: SocketAddr,
    /// Who signs.
    pub access_key_id: String,
    /// With what.
    pub secret_access_key: Sensitive<String>,
}

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; `Null` when it is empty.
    pub body: Value,
}

impl Answer {
    /// The code and the sentence of an error, as `Code: sentence`.
    pub fn error(&self) -> Option<String> {
        let code = self.body.get("__type")?.as_str()?;
        let sentence = self.body.get("Message").or_else(|| self.body.get("message"))?.as_str()?;
        Some(format!("{code}: {sentence}"))
    }
}

impl ApiClient {
    /// Calls an operation that succeeds: of Secrets Manager, or one that names its service, as
    /// `Keywheel.VerifySecret`. A token is added where one is needed.
    ///
    /// # Errors
    /// The server cannot be reached or refuses.
    pub async fn call(&self, operation: &str, members: Value) -> Result<Value> {
        let answer = self.send(&target(operation), &with_token(operation, members)).await?;
        match answer.error() {
            None if answer.status == 200 => Ok(answer.body),
            error => bail!("{operation}: HTTP {}: {}", answer.status, error.unwrap_or_default()),
        }
    }

    /// Calls an operation that is refused; the code and the sentence.
    ///
    /// # Errors
    /// The server cannot be reached or does not refuse.
    pub async fn refusal(&self, operation: &str, members: Value) -> Result<String> {
        let answer = self.send(&target(operation), &with_token(operation, members)).await?;
        answer.error().with_context(|| format!("{operation} was not refused"))
    }

    /// The plain text of a secret's version with this label, read as JSON.
    ///
    /// # Errors
    /// There is no such version, or its value is not JSON.
    pub async fn value(&self, secret_id: &str, stage: &str) -> Result<Value> {
        let asked = json!({ "SecretId": secret_id, "VersionStage": stage });
        let answer = self.call("GetSecretValue", asked).await?;
        let text = answer["SecretString"].as_str().context("the value is not text")?;
        serde_json::from_str(text).context("the value is not JSON")
    }

    /// Where the latest rotation of a secret stands.
    ///
    /// # Errors
    /// There was none, or the server cannot be reached.
    pub async fn rotation(&self, secret_id: &str) -> Result<Value> {
        let answer = self.send("Keywheel.DescribeRotation", &json!({ "SecretId": secret_id })).await?;
        match answer.error() {
            None => Ok(answer.body),
            Some(error) => bail!("DescribeRotation: {error}"),
        }
    }

    /// Waits until the latest rotation of a secret is in this state.
    ///
    /// # Errors
    /// It took too long.
    pub async fn rotation_in(&self, secret_id: &str, state: &str) -> Result<Value> {
        let mut last = Value::Null;
        let what = format!("the rotation to be {state}");
        let seen = wait::until(&what, async || {
            last = self.rotation(secret_id).await?;
            Ok((last["State"] == state).then(|| last.clone()))
        });
        let seen = seen.await;
        seen.with_context(|| format!("the rotation was last seen as {last}"))
    }

    /// Sends one request on a connection of its own.
    ///
    /// # Errors
    /// The server cannot be reached, or answers something else than JSON.
    pub async fn send(&self, target: &str, members: &Value) -> Result<Answer> {
        let body = serde_json::to_vec(members)?;
        let host = self.address.to_string();
        let headers: [(&str, &[u8]); 3] = [
            ("host", host.as_bytes()),
            ("content-type", CONTENT.as_bytes()),
            ("x-amz-target", target.as_bytes()),
        ];
        let request = sigv4::Request { method: "POST", path: "/", query: "", headers: &headers, body: &body };
        let credentials = sigv4::Credentials {
            access_key_id: &self.access_key_id,
            secret_access_key: &self.secret_access_key,
            session_token: None,
        };
        let signature = sigv4::sign(&request, &credentials, REGION, SERVICE, SystemClock.now());

        let mut request = hyper::Request::post("/").header(HOST, &host).header(CONTENT_TYPE, CONTENT);
        request = request.header("x-amz-target", target);
        for (name, value) in signature {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(body)))?;

        let (status, body) = self.exchange(request).await?;
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? };
        Ok(Answer { status, body })
    }

    /// What a path shows that needs no signature.
    ///
    /// # Errors
    /// The server cannot be reached, or does not answer with text.
    pub async fn get(&self, path: &str) -> Result<String> {
        let request = hyper::Request::get(path).header(HOST, self.address.to_string());
        let (_, body) = self.exchange(request.body(Full::default())?).await?;
        Ok(String::from_utf8(body.to_vec())?)
    }

    async fn exchange(&self, request: hyper::Request<Full<Bytes>>) -> Result<(u16, Bytes)> {
        let stream = TcpStream::connect(self.address).await.context("connecting to keywheel")?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}

fn target(operation: &str) -> String {
    if operation.contains('.') { operation.to_owned() } else { format!("{SERVICE}.{operation}") }
}

/// SDKs fill the token in on their own, and the service refuses requests without one.
fn with_token(operation: &str, mut members: Value) -> Value {
    const WITH_TOKEN: [&str; 4] = ["CreateSecret", "PutSecretValue", "RotateSecret", "UpdateSecret"];
    if let Some(members) = members.as_object_mut().filter(|_| WITH_TOKEN.contains(&operation)) {
        members.entry("ClientRequestToken").or_insert_with(|| entropy::uuid(&SystemEntropy).into());
    }
    members
}
