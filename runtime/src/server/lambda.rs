//! The AWS Lambda API over HTTP: REST-JSON, whose operations are in the method and the path.
//!
//! A request passes the same gates as one of Secrets Manager: bounds, a signature for its own service, one
//! line in the log. Only what carries code may be large.

use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::Full;
use hyper::body::Body;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request;
use hyper::{Request, Response, StatusCode};
use keywheel_domain::api::ApiError;
use keywheel_domain::api::lambda::{LambdaError, LambdaErrorCode, Operation, Route};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::Server;
use super::auth::LAMBDA;
use super::body::BodyError;
use super::wire::{REQUEST_ID, Trace, header_of};
use crate::audit::trail::parameters;
use crate::clock::Stopwatch;
use crate::worker::{LambdaAnswer, LambdaCall, LambdaHeaders};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const INVOCATION_TYPE: &str = "x-amz-invocation-type";
const LOG_TYPE: &str = "x-amz-log-type";
const FORCE: &str = "x-keywheel-force";

/// Why a request got no answer of an operation.
struct Refusal {
    error: LambdaError,
    /// What follows on this connection cannot be told from the rest of this request.
    closes: bool,
}

impl From<LambdaError> for Refusal {
    fn from(error: LambdaError) -> Self {
        Self { error, closes: false }
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        let (code, sentence) = match error {
            BodyError::TooLong { bytes_max } => (
                LambdaErrorCode::RequestTooLarge,
                format!("Request must be smaller than {bytes_max} bytes for this operation."),
            ),
            BodyError::TooSlow { ms_max } => (
                LambdaErrorCode::Serialization,
                format!("The request body did not arrive within {} seconds.", ms_max / 1000),
            ),
            BodyError::Incomplete => {
                (LambdaErrorCode::Serialization, "The request ended before its body was complete.".to_owned())
            }
            BodyError::NoRoom => (
                LambdaErrorCode::TooManyRequests,
                "Rate exceeded: too many large request bodies at once".to_owned(),
            ),
        };
        Self { error: LambdaError::new(code, sentence), closes: true }
    }
}

impl Server {
    /// Answers a request whose path is one of Lambda's.
    pub(super) async fn answer_lambda<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes>,
    {
        let watch = Stopwatch::start();
        let request_id = self.request_ids.next();
        let (head, body) = request.into_parts();
        let mut trace = Trace { source: "lambda.amazonaws.com", ..Trace::default() };
        match self.call_lambda(&head, body, &mut trace).await {
            Ok(answer) => {
                self.record(trace, Ok(()), &request_id, answer.body.len(), &watch);
                respond(answer, &request_id)
            }
            Err(Refusal { error, closes }) => {
                let body = error.body().to_string().into_bytes();
                let ended = Err((error.code.as_str(), error.message.as_str()));
                self.record(trace, ended, &request_id, body.len(), &watch);
                let answer =
                    LambdaAnswer { status: error.code.http_status(), body, ..LambdaAnswer::default() };
                let mut response = respond(answer, &request_id);
                let code = HeaderValue::from_static(error.code.as_str());
                response.headers_mut().insert(ERROR_TYPE, code);
                if closes {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                response
            }
        }
    }

    async fn call_lambda<B>(
        &self,
        head: &request::Parts,
        body: B,
        trace: &mut Trace,
    ) -> Result<LambdaAnswer, Refusal>
    where
        B: Body<Data = Bytes>,
    {
        let route = Route::of(head.method.as_str(), head.uri.path());
        let carries_code = route.as_ref().is_some_and(|route| route.operation.carries_code());
        // Kept until the operation has answered, and its room with it.
        let mut received =
            if carries_code { self.read_code(body).await? } else { self.read_body(body).await? };
        trace.bytes_in = received.expose().len();
        let caller = self.caller_of(head, received.expose(), LAMBDA).await;
        let caller = &*trace.caller.insert(caller.map_err(LambdaError::from)?);
        let unknown =
            || LambdaError::new(LambdaErrorCode::UnknownOperation, "There is no such operation here.");
        let route = route.ok_or_else(unknown)?;
        let lambda = self.lambda.as_ref().ok_or_else(unknown)?;
        trace.operation = Some(operation_name(route.operation));
        if self.trail.is_some() {
            trace.parameters = named_by(&route, received.expose());
        }
        let header =
            |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let call = LambdaCall {
            route,
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: LambdaHeaders {
                invocation_type: header(INVOCATION_TYPE),
                log_type: header(LOG_TYPE),
                force: header(FORCE).is_some_and(|value| value == "true"),
            },
            body: received.take(),
        };
        // A panic is a bug in one operation. The store holds whole commits only, so the others go on.
        let answer = AssertUnwindSafe(Box::pin(lambda.answer(caller, call))).catch_unwind().await;
        Ok(answer.unwrap_or_else(|_| Err(ApiError::internal().into()))?)
    }
}

/// What the trail says of a request: the function, which is in the path, or in the body of the request that makes it. An
/// event may hold anything.
fn named_by(route: &Route, body: &[u8]) -> Map<String, Value> {
    if route.operation == Operation::CreateFunction {
        return parameters(body);
    }
    let named =
        (!route.function.is_empty()).then(|| ("functionName".to_owned(), route.function.clone().into()));
    named.into_iter().collect()
}

/// As the operation is named in the log and in metrics: the two services have names in common.
const fn operation_name(operation: Operation) -> &'static str {
    match operation {
        Operation::TagResource => "TagFunction",
        Operation::UntagResource => "UntagFunction",
        operation => operation.name(),
    }
}

fn respond(answer: LambdaAnswer, request_id: &str) -> Response<Full<Bytes>> {
    let LambdaAnswer { status, headers, body } = answer;
    let mut response = Response::new(Full::new(Bytes::from_owner(Zeroizing::new(body))));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let told = response.headers_mut();
    if status != StatusCode::NO_CONTENT.as_u16() {
        told.insert(CONTENT_TYPE, JSON);
    }
    told.insert(REQUEST_ID, header_of(request_id));
    for (name, value) in headers {
        let value = HeaderValue::from_str(&value).expect("base64, digits and words are visible ASCII");
        told.insert(HeaderName::from_static(name), value);
    }
    response
}
