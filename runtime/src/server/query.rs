//! The AWS Query protocol over HTTP: a form in, XML out.
//!
//! A request passes the same gates as one of Secrets Manager. Which service is meant is known from the version that the
//! form names, and the signature must be for that one.

use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::Full;
use hyper::body::Body;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::http::request;
use hyper::{Request, Response, StatusCode};
use keywheel_domain::api::query::{Form, QueryService, SERVICES, error_answer, in_query_words};
use keywheel_domain::api::{ApiError, ErrorCode};
use zeroize::Zeroizing;

use super::Server;
use super::wire::{Refusal, Trace, respond};
use crate::audit::trail::parameters;
use crate::clock::Stopwatch;
use crate::ops::Operations;

const XML: HeaderValue = HeaderValue::from_static("text/xml");
const FORM: &str = "application/x-www-form-urlencoded";

/// Whether a request with these headers is one of this protocol.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(FORM))
}

impl Server {
    /// Answers a request whose body is a form.
    pub(super) async fn answer_query<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes>,
    {
        let watch = Stopwatch::start();
        let request_id = self.request_ids.next();
        let (head, body) = request.into_parts();
        let (mut trace, mut service) = (Trace::default(), SERVICES[0]);
        match self.call_query(&head, body, &mut trace, &mut service, &request_id).await {
            Ok(body) => {
                self.record(trace, Ok(()), &request_id, body.len(), &watch);
                respond(StatusCode::OK, XML, &request_id, false, body)
            }
            Err(Refusal { status, error, closes }) => {
                let told = in_query_words(&error);
                // What the body did wrong has a status of its own.
                let status = if closes { Some(status) } else { StatusCode::from_u16(told.status).ok() };
                let is_sender = told.is_sender();
                let body = error_answer(service.namespace, is_sender, told.code, &error.message, &request_id);
                let ended = Err((told.code, error.message.as_str()));
                self.record(trace, ended, &request_id, body.len(), &watch);
                let status = status.unwrap_or(StatusCode::BAD_REQUEST);
                respond(status, XML, &request_id, closes, Zeroizing::new(body.into_bytes()))
            }
        }
    }

    async fn call_query<B>(
        &self,
        head: &request::Parts,
        body: B,
        trace: &mut Trace,
        service: &mut &'static QueryService,
        request_id: &str,
    ) -> Result<Zeroizing<Vec<u8>>, Refusal>
    where
        B: Body<Data = Bytes>,
    {
        // Kept until the action has answered, and its room with it.
        let body = self.read_body(body).await?;
        trace.bytes_in = body.expose().len();
        let _turn = self.take_turn().await?;
        let form = Form::parse(body.expose());
        *service = form.as_ref().map_or(SERVICES[0], |form| QueryService::of_version(&form.version));
        trace.source = service.source;
        let caller = &*trace.caller.insert(self.caller_of(head, body.expose(), service.name).await?);
        let form = form.map_err(|error| ApiError::new(ErrorCode::Serialization, error.to_string()))?;
        trace.operation = Operations::query_operation_name(service, &form.action);
        if self.trail.is_some() {
            trace.parameters = parameters(&form.to_json());
        }
        let action = AssertUnwindSafe(self.operations.query(caller, service, form, request_id));
        // A panic is a bug in one action. The store holds whole commits only, so the others go on.
        let answer = action.catch_unwind().await.unwrap_or_else(|_| Err(ApiError::internal()));
        Ok(answer?)
    }
}
