//! The AWS JSON 1.1 protocol over HTTP: a request's body and headers in, a status and a JSON body out.
//!
//! Each request of the API leaves one line in the log: who, what, how long, how it ended. Bodies and
//! headers never get there.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::Full;
use hyper::body::Body;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use hyper::http::request;
use hyper::{Request, Response, StatusCode};
use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::sigv4;
use keywheel_domain::time::Timestamp;
use serde_json::{Map, Value};
use tokio::sync::SemaphorePermit;
use zeroize::Zeroizing;

use super::auth::{CLOUDTRAIL, KMS, SECRETS_MANAGER};
use super::body::BodyError;
use super::{Origin, Server};
use crate::audit::trail::{
    Call, Identity, SessionAttributes, SessionContext, SessionIssuer, Trail, parameters,
};
use crate::clock::Stopwatch;
use crate::ops::{Caller, Operations, Principal, RequestOrigin};

const AMZ_JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// What targets of these services begin with.
const CLOUDTRAIL_PREFIX: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101";
const KEYWHEEL_PREFIX: &str = "Keywheel";
const KMS_PREFIX: &str = "TrentService";
/// Secrets Manager as CloudTrail names it.
pub(super) const SECRETS_MANAGER_SOURCE: &str = "secretsmanager.amazonaws.com";
/// How requests are named that nobody has signed, or that ask for an unknown operation.
const NO_OPERATION: &str = "none";

/// Why a request got no answer of an action.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) error: ApiError,
    /// What follows on this connection cannot be told from the rest of this request.
    pub(super) closes: bool,
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        let status = StatusCode::from_u16(error.code.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, error, closes: false }
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        let (status, code, sentence) = match error {
            BodyError::TooLong { bytes_max } => (
                StatusCode::PAYLOAD_TOO_LARGE,
                ErrorCode::Serialization,
                format!("The request body is longer than {bytes_max} bytes."),
            ),
            BodyError::TooSlow { ms_max } => (
                StatusCode::REQUEST_TIMEOUT,
                ErrorCode::Serialization,
                format!("The request body did not arrive within {} seconds.", ms_max / 1000),
            ),
            BodyError::Incomplete => (
                StatusCode::BAD_REQUEST,
                ErrorCode::Serialization,
                "The request ended before its body was complete.".to_owned(),
            ),
            BodyError::NoRoom => (
                StatusCode::BAD_REQUEST,
                ErrorCode::Throttling,
                "Rate exceeded: too many large request bodies at once".to_owned(),
            ),
        };
        Self { status, error: ApiError::new(code, sentence), closes: true }
    }
}

/// What the line in the log and the row in the trail say of a request.
#[derive(Default)]
pub(super) struct Trace {
    pub(super) caller: Option<Caller>,
    /// Known operations only.
    pub(super) operation: Option<&'static str>,
    pub(super) bytes_in: usize,
    /// Whose operation it is, as CloudTrail names services.
    pub(super) source: &'static str,
    /// What the request names.
    pub(super) parameters: Map<String, Value>,
}

/// How a request ended: with an answer, or with this code and this sentence.
pub(super) type Ended<'a> = Result<(), (&'static str, &'a str)>;

impl Server {
    /// Answers a call of an operation.
    pub(super) async fn answer_call<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes>,
    {
        let watch = Stopwatch::start();
        let request_id = self.request_ids.next();
        let (head, body) = request.into_parts();
        let mut trace = Trace::default();
        match self.call(&head, body, &mut trace).await {
            Ok(body) => {
                self.record(trace, Ok(()), &request_id, body.len(), &watch);
                respond(StatusCode::OK, AMZ_JSON, &request_id, false, body)
            }
            Err(refusal) => self.refuse(refusal, trace, &request_id, &watch),
        }
    }

    pub(super) fn refuse(
        &self,
        refusal: Refusal,
        trace: Trace,
        request_id: &str,
        watch: &Stopwatch,
    ) -> Response<Full<Bytes>> {
        let Refusal { status, error, closes } = refusal;
        let body = Zeroizing::new(error.body().to_string().into_bytes());
        let ended = Err((error.code.as_str(), error.message.as_str()));
        self.record(trace, ended, request_id, body.len(), watch);
        respond(status, AMZ_JSON, request_id, closes, body)
    }

    async fn call<B>(
        &self,
        head: &request::Parts,
        body: B,
        trace: &mut Trace,
    ) -> Result<Zeroizing<Vec<u8>>, Refusal>
    where
        B: Body<Data = Bytes>,
    {
        // Kept until the action has answered, and its room with it.
        let body = self.read_body(body).await?;
        trace.bytes_in = body.expose().len();
        let _turn = self.take_turn().await?;
        let target = head.headers.get(TARGET).and_then(|target| target.to_str().ok()).unwrap_or_default();
        let service = service_of(target);
        trace.source = service.source;
        let caller = &*trace.caller.insert(self.caller_of(head, body.expose(), service.name).await?);
        trace.operation = Operations::operation_name(target);
        if self.trail.is_some() {
            trace.parameters = parameters(body.expose());
        }
        let action = AssertUnwindSafe(self.operations.dispatch(caller, target, body.expose()));
        // A panic is a bug in one action. The store holds whole commits only, so the others go on.
        let answer = action.catch_unwind().await.unwrap_or_else(|_| Err(ApiError::internal()));
        Ok(Zeroizing::new(answer?))
    }

    /// Waits for the right to be answered. Who must wait for too long is told to come back later: then
    /// more is asked for than can be done, and whoever waits on makes it worse.
    pub(super) async fn take_turn(&self) -> Result<SemaphorePermit<'_>, ApiError> {
        let turn = async {
            let turn = self.turns.acquire().await.expect("the semaphore is never closed");
            if let Some(trail) = &self.trail {
                trail.room().await;
            }
            turn
        };
        let deadline = self.clock.now().plus_millis(self.limits.turn_ms_max);
        let late = |()| ApiError::new(ErrorCode::Throttling, "Rate exceeded");
        self.before(deadline, turn, ()).await.map_err(late)
    }

    /// Who signed this request with this body, for this service.
    pub(super) async fn caller_of(
        &self,
        head: &request::Parts,
        body: &[u8],
        service: &'static str,
    ) -> Result<Caller, ApiError> {
        let headers: Vec<(&str, &[u8])> =
            head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let signed = sigv4::Request {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            headers: &headers,
            body,
        };
        let caller = self.authenticator.authenticate(&signed, service, &self.operations).await?;
        if let (Principal::User { access_key_id, .. }, None) = (&caller.principal, &caller.session) {
            self.operations.note_key_use(access_key_id, service, &caller.region);
        }
        let origin = head.extensions.get::<Origin>();
        let user_agent = head.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let origin = RequestOrigin {
            address: origin.map(|origin| origin.address),
            is_secure: origin.is_some_and(|origin| origin.is_secure),
            user_agent: user_agent.map(str::to_owned),
        };
        Ok(Caller { origin: Some(Arc::new(origin)), ..caller })
    }

    pub(super) fn record(
        &self,
        trace: Trace,
        ended: Ended<'_>,
        request_id: &str,
        bytes_out: usize,
        watch: &Stopwatch,
    ) {
        let operation = trace.operation.unwrap_or(NO_OPERATION);
        let code = ended.map_or_else(|(code, _)| code, |()| "OK");
        let took = watch.elapsed();
        self.metrics.request(operation, code, took);
        let caller = trace.caller.as_ref();
        tracing::info!(
            request_id,
            operation,
            code,
            account = caller.map(|caller| caller.account.as_str()),
            region = caller.map(|caller| caller.region.as_str()),
            access_key_id = caller.and_then(Caller::access_key_id),
            duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            bytes_in = trace.bytes_in,
            bytes_out,
            "request"
        );
        if let (Some(trail), Some(operation)) = (&self.trail, trace.operation) {
            note(trail, self.clock.now(), trace, operation, ended, request_id);
        }
    }
}

/// Writes a call into the trail, once it is known who made it.
fn note(trail: &Trail, at: Timestamp, trace: Trace, operation: &str, ended: Ended<'_>, request_id: &str) {
    let Some(caller) = &trace.caller else { return };
    let (kind, user_name) = match &caller.principal {
        Principal::Root { .. } => ("Root", None),
        Principal::User { name, .. } => ("IAMUser", Some(name.into())),
        Principal::Role { .. } => ("AssumedRole", None),
        Principal::Rotation { .. } | Principal::ByHand { .. } => ("AWSService", None),
    };
    let is_role = matches!(caller.principal, Principal::Role { .. });
    let identity = Identity {
        kind: kind.into(),
        arn: caller.arn(),
        account_id: (&caller.account).into(),
        access_key_id: caller.access_key_id().map(Cow::Borrowed),
        user_name,
        principal_id: is_role.then(|| caller.user_id()).flatten(),
        session_context: session_context(caller),
    };
    let origin = caller.origin.as_deref();
    let (error_code, error_message) = ended.err().unzip();
    let user_agent = origin.and_then(|origin| origin.user_agent.as_deref()).unwrap_or_default();
    let call = Call {
        user_identity: identity,
        event_source: trace.source.into(),
        event_name: operation.into(),
        source_ip_address: origin
            .and_then(|origin| origin.address)
            .map_or_else(String::new, |address| address.to_string()),
        user_agent: Call::user_agent_kept(user_agent).into(),
        error_code: error_code.map(Cow::Borrowed),
        error_message: error_message.and_then(Call::error_message_kept).map(Cow::Borrowed),
        request_parameters: Some(trace.parameters).filter(|parameters| !parameters.is_empty()),
        request_id: request_id.into(),
    };
    trail.note(at, &caller.region, &call);
}

/// What the trail says of temporary credentials.
fn session_context(caller: &Caller) -> Option<SessionContext> {
    let session = caller.session.as_deref()?;
    let session_issuer = match (&caller.principal, caller.identity()) {
        (Principal::Role { name, .. }, Some(role)) => {
            Some(SessionIssuer::role(role.id.clone(), role.arn.clone(), caller.account.clone(), name.clone()))
        }
        _ => None,
    };
    Some(SessionContext {
        session_issuer,
        attributes: SessionAttributes::issued(session.issued),
        source_identity: session.source_identity.clone(),
    })
}

/// A service that speaks this protocol.
struct Service {
    /// In the credential scope.
    name: &'static str,
    /// As CloudTrail names it.
    source: &'static str,
}

/// The service that a target belongs to. Keywheel's own operations are signed as those of Secrets Manager.
fn service_of(target: &str) -> Service {
    match target.rsplit_once('.').map(|(prefix, _)| prefix) {
        Some(CLOUDTRAIL_PREFIX) => Service { name: CLOUDTRAIL, source: "cloudtrail.amazonaws.com" },
        Some(KMS_PREFIX) => Service { name: KMS, source: "kms.amazonaws.com" },
        Some(KEYWHEEL_PREFIX) => Service { name: SECRETS_MANAGER, source: "keywheel" },
        _ => Service { name: SECRETS_MANAGER, source: SECRETS_MANAGER_SOURCE },
    }
}

pub(super) fn respond(
    status: StatusCode,
    content_type: HeaderValue,
    request_id: &str,
    closes: bool,
    body: Zeroizing<Vec<u8>>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_owner(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(REQUEST_ID, header_of(request_id));
    if closes {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

pub(super) fn header_of(request_id: &str) -> HeaderValue {
    HeaderValue::from_str(request_id).expect("a UUID has digits, letters and hyphens only")
}
