//! Which of the protocols answers a request.

use bytes::Bytes;
use hyper::body::Body;
use hyper::{Method, Request, Response};
use keywheel_domain::api::lambda::is_path;
use keywheel_domain::sigv4;

use super::answer_body::AnswerBody;
use super::query::is_form;
use super::{Server, health};

impl Server {
    /// Answers any request, whichever way it came.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes>,
    {
        let whole = match (request.method(), request.uri().path()) {
            (&Method::POST, "/") if is_form(request.headers()) => Box::pin(self.answer_query(request)).await,
            (&Method::POST, "/") => self.answer_call(request).await,
            // It is refused as one that is posted is: its sender hears why.
            (&Method::GET, "/") if request.uri().query().is_some_and(sigv4::is_presigned) => {
                self.answer_call(request).await
            }
            (&Method::GET, "/healthz") => self.healthz().await,
            (&Method::GET, "/metrics") => self.metrics_text(),
            (&Method::GET, "/events") => return Box::pin(self.answer_events(request)).await,
            (_, path) if is_path(path) => Box::pin(self.answer_lambda(request)).await,
            _ => health::not_found(),
        };
        whole.map(AnswerBody::from)
    }
}
