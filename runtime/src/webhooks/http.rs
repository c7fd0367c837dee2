//! [`Deliver`] over HTTP/1.1, with TLS where the URL says so.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST};
use hyper_util::rt::TokioIo;
use keywheel_domain::time::SECOND_MS;
use keywheel_domain::webhook::{ERROR_CHARS_MAX, Endpoint, Host};
use keywheel_host::{Authorities, Resolve, SystemResolver};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::{Deliver, Delivery};
use crate::clock::Clock;
use crate::ops::{ForbiddenAddress, check_webhook_address};
use crate::tls::{self, CaFileError};

/// Milliseconds to resolve the name, connect and agree on TLS.
const CONNECT_MS_MAX: i64 = 5 * SECOND_MS;
/// Milliseconds from the request to the end of its answer.
const ANSWER_MS_MAX: i64 = 10 * SECOND_MS;
/// The most that is read of the body of an answer. It is dropped.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The most of the head of an answer.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// What names the file of further authorities.
const CA_FILE_SETTING: &str = "KEYWHEEL_WEBHOOK_CA_FILE";
/// Headers of an answer.
const HEADERS_MAX: usize = 100;

/// Why there was no answer. It tells nothing of the path of the URL.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The host leads where no webhook may go.
    #[error(transparent)]
    Forbidden(#[from] ForbiddenAddress),
    /// The name has no address.
    #[error("no address is known for `{host}`")]
    Unresolved {
        /// As in the URL.
        host: String,
        /// What the resolver said.
        #[source]
        source: io::Error,
    },
    /// None of the addresses took the connection.
    #[error("no connection to `{endpoint}`")]
    Unreachable {
        /// Where to.
        endpoint: Endpoint,
        /// What the last address said.
        #[source]
        source: io::Error,
    },
    /// The certificate is refused, or TLS is not spoken there.
    #[error("no encrypted connection to `{endpoint}`")]
    Tls {
        /// Where to.
        endpoint: Endpoint,
        /// What broke.
        #[source]
        source: io::Error,
    },
    /// It took too long.
    #[error("`{endpoint}` did not {what} within {} s", .ms / SECOND_MS)]
    TooSlow {
        /// Where to.
        endpoint: Endpoint,
        /// What it did not do.
        what: &'static str,
        /// Within how many milliseconds.
        ms: i64,
    },
    /// The connection broke, or what came is not HTTP.
    #[error("`{endpoint}` did not answer in HTTP")]
    Broken {
        /// Where to.
        endpoint: Endpoint,
        /// What broke.
        #[source]
        source: hyper::Error,
    },
    /// The URL makes no request.
    #[error("the URL makes no request")]
    Request(#[source] hyper::http::Error),
}

/// An error with its causes in one line of bounded length.
pub(super) fn told(error: &DeliverError) -> String {
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        line = format!("{line}: {next}");
        cause = next.source();
    }
    line.chars().filter(|shown| !shown.is_control()).take(ERROR_CHARS_MAX).collect()
}

/// Delivers from this machine. Each request has a connection of its own.
pub struct HttpDeliver {
    clock: Arc<dyn Clock>,
    resolver: Arc<dyn Resolve>,
    tls: Arc<Authorities>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl HttpDeliver {
    /// Trusts what the system trusts, and the authorities in a file beside it.
    ///
    /// # Errors
    /// The file is not one of certificates.
    pub fn new(clock: Arc<dyn Clock>, ca_file: Option<&Path>) -> Result<Self, CaFileError> {
        Ok(Self { clock, resolver: Arc::new(SystemResolver), tls: tls::trusting(ca_file, CA_FILE_SETTING)? })
    }

    /// Asks another resolver than the system's.
    #[must_use]
    pub fn with_resolver(self, resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver, ..self }
    }

    async fn within<T>(
        &self,
        endpoint: &Endpoint,
        (what, ms): (&'static str, i64),
        done: impl Future<Output = Result<T, DeliverError>>,
    ) -> Result<T, DeliverError> {
        let deadline = self.clock.now().plus_millis(ms);
        tokio::select! {
            biased;
            done = done => done,
            () = self.clock.sleep_until(deadline) => {
                Err(DeliverError::TooSlow { endpoint: endpoint.clone(), what, ms })
            }
        }
    }

    /// The addresses that may be dialled. The name is resolved here and nowhere else.
    async fn addresses(&self, endpoint: &Endpoint) -> Result<Vec<SocketAddr>, DeliverError> {
        let resolved = match &endpoint.host {
            Host::Address(ip) => vec![*ip],
            Host::Name(name) => {
                let unresolved = |source| DeliverError::Unresolved { host: name.clone(), source };
                let found = self.resolver.resolve(name, endpoint.port).await.map_err(unresolved)?;
                if found.is_empty() {
                    return Err(unresolved(io::ErrorKind::NotFound.into()));
                }
                found.into_iter().map(|address| address.ip()).collect()
            }
        };
        let mut allowed = Vec::with_capacity(resolved.len());
        let mut refused = None;
        for ip in resolved {
            match check_webhook_address(endpoint, ip) {
                Ok(()) => allowed.push(SocketAddr::new(ip, endpoint.port)),
                Err(error) => refused = Some(error),
            }
        }
        match refused {
            Some(refused) if allowed.is_empty() => Err(refused.into()),
            _ => Ok(allowed),
        }
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<Box<dyn Stream>, DeliverError> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in self.addresses(endpoint).await? {
            match TcpStream::connect(address).await {
                Ok(stream) if !endpoint.is_secure => return Ok(Box::new(stream)),
                Ok(stream) => {
                    let encrypted = self.tls.connect(&named(&endpoint.host), stream).await;
                    let failed = |source| DeliverError::Tls { endpoint: endpoint.clone(), source };
                    return Ok(Box::new(encrypted.map_err(failed)?));
                }
                Err(error) => last = error,
            }
        }
        Err(DeliverError::Unreachable { endpoint: endpoint.clone(), source: last })
    }

    /// Sends the request; the status of the answer, when its body was read or is not worth waiting for.
    async fn exchange(&self, stream: Box<dyn Stream>, delivery: Delivery) -> Result<u16, DeliverError> {
        let Delivery { endpoint, headers, body } = delivery;
        let deadline = self.clock.now().plus_millis(ANSWER_MS_MAX);
        let broken = |source| DeliverError::Broken { endpoint: endpoint.clone(), source };
        let mut request = Request::post(&endpoint.target).header(HOST, endpoint.authority());
        request = request.header(CONNECTION, "close");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(DeliverError::Request)?;
        // Dropped with the driver in it, the connection is closed.
        let mut driver = JoinSet::new();
        let answered = async {
            let mut builder = http1::Builder::new();
            builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
            let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(broken)?;
            driver.spawn(connection);
            sender.send_request(request).await.map_err(broken)
        };
        let answer = self.within(&endpoint, ("answer", ANSWER_MS_MAX), answered).await?;
        let status = answer.status().as_u16();
        tokio::select! {
            biased;
            () = drained(answer.into_body()) => {}
            () = self.clock.sleep_until(deadline) => {}
        }
        Ok(status)
    }
}

/// As a certificate names it: an address has no brackets there.
fn named(host: &Host) -> String {
    match host {
        Host::Name(name) => name.clone(),
        Host::Address(ip) => ip.to_string(),
    }
}

/// Reads a body up to its bound, so that its sender sees no broken connection.
async fn drained(mut body: Incoming) {
    let mut left = ANSWER_BYTES_MAX;
    while let Some(Ok(frame)) = body.frame().await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
    }
}

#[async_trait]
impl Deliver for HttpDeliver {
    async fn post(&self, delivery: Delivery) -> Result<u16, DeliverError> {
        let endpoint = delivery.endpoint.clone();
        let connecting = ("take a connection", CONNECT_MS_MAX);
        let stream = self.within(&endpoint, connecting, self.connect(&endpoint)).await?;
        self.exchange(stream, delivery).await
    }
}
