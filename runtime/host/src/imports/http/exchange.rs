//! One request and its answer: check, connect, TLS, HTTP/1.1.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::http::uri::{PathAndQuery, Scheme as UriScheme};
use hyper::{Method, Request, Response, Uri};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody};

use crate::egress::{Egress, EgressError, Rule, Scheme};
use crate::imports::bounded::{Bounded, EXCEEDED};
use crate::imports::sql::tls;
use crate::limits::Limits;
use crate::traffic::Open;
use crate::transcript::{Level, SharedTranscript};

/// The most of the head of an answer.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Headers of an answer.
const HEADERS_MAX: usize = 100;

/// An answer, and what must be driven until its body has come.
pub(super) type Answer = (Response<WasiBody>, Box<dyn Future<Output = Result<()>> + Send>);

/// What a request is made with.
pub(super) struct Exchange {
    pub(super) egress: Egress,
    pub(super) limits: Limits,
    pub(super) transcript: SharedTranscript,
    pub(super) options: RequestOptions,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Exchange {
    /// Sends a request. The place is given back when the connection ends.
    pub(super) async fn run(self, mut request: Request<WasiBody>, place: Open) -> Result<Answer> {
        let peer = peer(&request)?;
        place.waits(&peer);
        let limit = Duration::from_millis(self.limits.connect_ms_max);
        let limit = self.options.connect_timeout.map_or(limit, |asked| asked.min(limit));
        let stream = timeout(limit, self.connect(&peer)).await.map_err(|_| Error::ConnectionTimeout)??;
        let stream = Bounded::new(stream, self.limits.traffic_bytes_max, &peer, &self.transcript);

        let mut builder = http1::Builder::new();
        builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
        let bytes_max = self.limits.traffic_bytes_max;
        let failed = |error: hyper::Error| broken(&error, bytes_max);
        let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(failed)?;
        let driver: AbortOnDropJoinHandle<_> = spawn(connection);
        // A server is told the path; the rest of the address is for proxies.
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
        let sending = sender.send_request(request);
        let answer = match self.options.first_byte_timeout {
            Some(limit) => timeout(limit, sending).await.map_err(|_| Error::HttpResponseTimeout)?,
            None => sending.await,
        };
        let answer = answer.map_err(failed)?;
        place.answered();
        let driven = async move {
            let _place = place;
            driver.await.map_err(|error| broken(&error, bytes_max))
        };
        let answer =
            answer.map(|body: Incoming| body.map_err(move |error| broken(&error, bytes_max)).boxed_unsync());
        Ok((answer, Box::new(driven)))
    }

    async fn connect(&self, peer: &Rule) -> Result<Box<dyn Stream>> {
        let stream = self.egress.connect_rule(peer).await.map_err(|error| self.not_connected(&error))?;
        if peer.scheme() == Scheme::Http {
            return Ok(Box::new(stream));
        }
        match self.egress.authorities().connect(peer.host(), stream).await {
            Ok(encrypted) => Ok(Box::new(encrypted)),
            Err(error) => Err(self.not_encrypted(peer, &error)),
        }
    }

    /// A guest is told the kind; the log has the words.
    pub(super) fn not_connected(&self, error: &EgressError) -> Error {
        match error {
            EgressError::NotAllowed { .. } => {
                self.log(&error.to_string());
                Error::HttpRequestDenied
            }
            EgressError::AddressNotNamed { .. } => {
                self.log(&error.to_string());
                Error::DestinationIpProhibited
            }
            EgressError::NoHost { .. } => {
                self.log(&error.to_string());
                Error::HttpRequestUriInvalid
            }
            EgressError::Unresolved { .. } => Error::DnsError { rcode: None, info_code: None },
            EgressError::Unreachable { source, .. } => match source.kind() {
                io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
                io::ErrorKind::TimedOut => Error::ConnectionTimeout,
                io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    Error::DestinationIpUnroutable
                }
                _ => Error::DestinationUnavailable,
            },
        }
    }

    fn not_encrypted(&self, peer: &Rule, error: &io::Error) -> Error {
        let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match cause.and_then(tls::refusal) {
            Some(reason) => {
                self.log(&format!("no connection to `{peer}`: {reason}"));
                Error::TlsCertificateError
            }
            None if cause.is_some() => Error::TlsProtocolError,
            None => Error::ConnectionTerminated,
        }
    }

    fn log(&self, message: &str) {
        self.transcript.lock().write(Level::Warn, message);
    }
}

/// Where a request goes. A method that would make a tunnel of the connection, and a user in the address, which
/// would become part of a header, are refused.
pub(super) fn peer<B>(request: &Request<B>) -> Result<Rule> {
    if request.method() == Method::CONNECT {
        return Err(Error::HttpRequestMethodInvalid);
    }
    let uri = request.uri();
    let authority = uri.authority().ok_or(Error::HttpRequestUriInvalid)?;
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return Err(Error::HttpRequestUriInvalid);
    }
    let (scheme, port) = match uri.scheme() {
        Some(scheme) if *scheme == UriScheme::HTTP => (Scheme::Http, 80),
        Some(scheme) if *scheme == UriScheme::HTTPS => (Scheme::Https, 443),
        _ => return Err(Error::HttpProtocolError),
    };
    Ok(Rule::with_scheme(scheme, authority.host(), authority.port_u16().unwrap_or(port)))
}

/// What broke an exchange that had a connection.
pub(super) fn broken(error: &hyper::Error, bytes_max: usize) -> Error {
    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match cause.map(io::Error::kind) {
        Some(EXCEEDED) => Error::HttpResponseBodySize(u64::try_from(bytes_max).ok()),
        Some(_) => Error::ConnectionTerminated,
        None if error.is_parse_too_large() => Error::HttpResponseHeaderSectionSize(None),
        None if error.is_incomplete_message() => Error::HttpResponseIncomplete,
        None => Error::HttpProtocolError,
    }
}
