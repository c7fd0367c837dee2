//! `GET /healthz` and `GET /metrics`, for who watches over the process.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

use super::Server;
use crate::store::Key;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
/// Any key does: it is asked for, not what is there.
const PROBE_KEY: &str = "health\0";
const NO_READS: &str = "the store does not answer\n";
const NO_WRITES: &str =
    "the store takes no writes since one failed: look at the log, free space on the disk, restart\n";

impl Server {
    /// 200 when the store answers and takes writes.
    pub(super) async fn healthz(&self) -> Response<Full<Bytes>> {
        let store = self.operations.store();
        if let Err(error) = store.load(&Key::new(PROBE_KEY)).await {
            tracing::error!(error = &error as &dyn std::error::Error, "the store does not answer");
            return text(StatusCode::SERVICE_UNAVAILABLE, TEXT, NO_READS.to_owned());
        }
        // The store logged the cause when the write failed.
        if store.changes().has_changed().is_err() {
            return text(StatusCode::SERVICE_UNAVAILABLE, TEXT, NO_WRITES.to_owned());
        }
        text(StatusCode::OK, TEXT, "ok\n".to_owned())
    }

    /// All metrics as text.
    pub(super) fn metrics_text(&self) -> Response<Full<Bytes>> {
        text(StatusCode::OK, OPEN_METRICS, self.metrics.render())
    }
}

/// An answer outside of the API.
pub(super) fn text(status: StatusCode, content_type: HeaderValue, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// For a path that nothing answers.
pub(super) fn not_found() -> Response<Full<Bytes>> {
    let sentence =
        "Keywheel answers POST / (the AWS Secrets Manager protocol), GET /healthz and GET /metrics.\n";
    text(StatusCode::NOT_FOUND, TEXT, sentence.to_owned())
}
