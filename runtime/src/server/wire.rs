//! The AWS JSON 1.1 protocol over HTTP: a request's body and headers in, a status and a JSON body out.
//!
//! Each request of the API leaves one line in the log: who, what, how long, how it ended. Bodies and
//! headers never get there.

use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request;
use hyper::{Method, Request, Response, StatusCode};
use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4;
use zeroize::Zeroizing;

use super::{Server, health};
use crate::clock::Stopwatch;
use crate::ops::{Caller, Principal};

/// How much of a body that is too long is still read, in bytes, so that its sender gets to see why it
/// was refused. A longer one is cut off.
const DISCARDED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Room for a body of which the length is not told, in bytes.
const BODY_BYTES_USUAL: usize = 4096;

const AMZ_JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// How requests are named that nobody has signed, or that ask for an unknown operation.
const NO_OPERATION: &str = "none";
const TARGET_PREFIX: &str = "secretsmanager.";

/// Why a request got no answer of an action.
struct Refusal {
    status: StatusCode,
    error: ApiError,
    /// What follows on this connection cannot be told from the rest of this request.
    closes: bool,
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        let status = StatusCode::from_u16(error.code.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, error, closes: false }
    }
}

impl Refusal {
    /// The body did not arrive as it should.
    fn of_body(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self { status, error: ApiError::new(ErrorCode::Serialization, sentence), closes: true }
    }
}

/// What the line in the log says of a request.
#[derive(Default)]
struct Trace {
    caller: Option<Caller>,
    /// Known operations only.
    operation: Option<String>,
    bytes_in: usize,
}

impl Server {
    /// Answers any request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        match (request.method(), request.uri().path()) {
            (&Method::POST, "/") => self.answer_call(request).await,
            (&Method::GET, "/healthz") => self.healthz().await,
            (&Method::GET, "/metrics") => self.metrics_text(),
            _ => health::not_found(),
        }
    }

    async fn answer_call(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let watch = Stopwatch::start();
        let request_id = self.request_ids.next();
        let (head, body) = request.into_parts();
        let mut trace = Trace::default();
        let (status, code, closes, body) = match self.call(&head, body, &mut trace).await {
            Ok(answer) => (StatusCode::OK, "OK", false, answer),
            Err(Refusal { status, error, closes }) => {
                let body = Zeroizing::new(error.body().to_string().into_bytes());
                (status, error.code.as_str(), closes, body)
            }
        };
        self.record(&trace, code, &request_id, body.len(), &watch);
        respond(status, &request_id, closes, body)
    }

    async fn call(
        &self,
        head: &request::Parts,
        body: Incoming,
        trace: &mut Trace,
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let body = self.read_body(body).await?;
        trace.bytes_in = body.expose().len();
        let headers: Vec<(&str, &[u8])> =
            head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let signed = sigv4::Request {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            headers: &headers,
            body: body.expose(),
        };
        let caller = &*trace.caller.insert(self.authenticator.authenticate(&signed).await?);
        let target = head.headers.get(TARGET).and_then(|target| target.to_str().ok()).unwrap_or_default();
        let action = AssertUnwindSafe(self.operations.dispatch(caller, target, body.expose()));
        // A panic is a bug in one action. The store holds whole commits only, so the others go on.
        let answer = action.catch_unwind().await.unwrap_or_else(|_| Err(ApiError::internal()));
        if !matches!(&answer, Err(error) if error.code == ErrorCode::UnknownOperation) {
            trace.operation = Some(target.strip_prefix(TARGET_PREFIX).unwrap_or(target).to_owned());
        }
        Ok(Zeroizing::new(answer?))
    }

    /// The whole body, within the limits of length and time.
    async fn read_body(&self, body: Incoming) -> Result<Sensitive<Vec<u8>>, Refusal> {
        let allowed_ms = self.limits.body_read_ms_max;
        let deadline = self.clock.now().plus_millis(allowed_ms);
        tokio::select! {
            biased;
            read = collect(body, self.limits.body_bytes_max) => read,
            () = self.clock.sleep_until(deadline) => Err(Refusal::of_body(
                StatusCode::REQUEST_TIMEOUT,
                format!("The request body did not arrive within {} seconds.", allowed_ms / 1000),
            )),
        }
    }

    fn record(
        &self,
        trace: &Trace,
        code: &'static str,
        request_id: &str,
        bytes_out: usize,
        watch: &Stopwatch,
    ) {
        let operation = trace.operation.as_deref().unwrap_or(NO_OPERATION);
        let took = watch.elapsed();
        self.metrics.request(operation, code, took);
        let caller = trace.caller.as_ref();
        tracing::info!(
            request_id,
            operation,
            code,
            account = caller.map(|caller| caller.account.as_str()),
            region = caller.map(|caller| caller.region.as_str()),
            access_key_id = caller.and_then(access_key_id),
            duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            bytes_in = trace.bytes_in,
            bytes_out,
            "request"
        );
    }
}

fn access_key_id(caller: &Caller) -> Option<&str> {
    match &caller.principal {
        Principal::Root { access_key_id } => Some(access_key_id),
        Principal::Rotation { .. } => None,
    }
}

/// Reads a body. One that is too long is read on for a while and thrown away: a client that is still
/// sending when the connection closes never sees the answer.
async fn collect(mut body: Incoming, bytes_max: usize) -> Result<Sensitive<Vec<u8>>, Refusal> {
    let too_long = || {
        Refusal::of_body(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The request body is longer than {bytes_max} bytes."),
        )
    };
    let told = body.size_hint();
    if usize::try_from(told.lower()).is_ok_and(|told| told > DISCARDED_BYTES_MAX) {
        return Err(too_long());
    }
    let room = told.exact().and_then(|told| usize::try_from(told).ok()).unwrap_or(BODY_BYTES_USUAL);
    let mut collected = Sensitive::new(Vec::with_capacity(room.min(bytes_max)));
    let mut read_bytes = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Refusal::of_body(StatusCode::BAD_REQUEST, "The request ended before its body was complete.")
        })?;
        // Trailers are of no meaning here.
        let Ok(data) = frame.into_data() else { continue };
        read_bytes += data.len();
        if read_bytes > DISCARDED_BYTES_MAX {
            return Err(too_long());
        }
        if read_bytes <= bytes_max {
            collected.expose_mut().extend_from_slice(&data);
        }
    }
    if read_bytes > bytes_max { Err(too_long()) } else { Ok(collected) }
}

fn respond(
    status: StatusCode,
    request_id: &str,
    closes: bool,
    body: Zeroizing<Vec<u8>>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_owner(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, AMZ_JSON);
    headers.insert(
        REQUEST_ID,
        HeaderValue::from_str(request_id).expect("a UUID has digits, letters and hyphens only"),
    );
    if closes {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
