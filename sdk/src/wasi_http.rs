//! Requests through `wasi:http/outgoing-handler`, for a component.

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method as WasiMethod, OutgoingBody, OutgoingRequest,
    Scheme,
};
use wasip2::io::streams::StreamError;

use crate::http::{Error, ErrorKind, Method, Request, Response};

/// The largest body of an answer that is kept.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What `blocking-write-and-flush` takes at once.
const WRITE_BYTES_MAX: usize = 4096;
/// What is read at once.
const READ_BYTES_MAX: u64 = 64 * 1024;

/// Sends a request and waits for the whole answer.
pub(crate) fn send(request: &Request) -> Result<Response, Error> {
    let outgoing = outgoing(request)?;
    let body = outgoing.body().map_err(|()| invalid("its body cannot be sent"))?;
    let pending = handle(outgoing, None).map_err(|code| failed(request, &code))?;
    write(&body, request.body_bytes());
    // Whatever went wrong with the body, the answer tells it better.
    let _ = OutgoingBody::finish(body, None);
    pending.subscribe().block();
    match pending.get() {
        Some(Ok(Ok(answer))) => read(request, &answer),
        Some(Ok(Err(code))) => Err(failed(request, &code)),
        Some(Err(())) | None => Err(broken("the host gave no answer")),
    }
}

fn outgoing(request: &Request) -> Result<OutgoingRequest, Error> {
    let mut entries: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, value) in request.headers() {
        entries.push((name.to_ascii_lowercase(), value.clone().into_bytes()));
    }
    let body = request.body_bytes();
    if !body.is_empty() || matches!(request.method(), Method::Post | Method::Put | Method::Patch) {
        entries.retain(|(name, _)| name != "content-length");
        entries.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
    }
    let headers = Fields::from_list(&entries)
        .map_err(|error| invalid(&format!("a header may not be set, or has a wrong form: {error:?}")))?;
    let outgoing = OutgoingRequest::new(headers);
    let method = match request.method() {
        Method::Get => WasiMethod::Get,
        Method::Head => WasiMethod::Head,
        Method::Post => WasiMethod::Post,
        Method::Put => WasiMethod::Put,
        Method::Patch => WasiMethod::Patch,
        Method::Delete => WasiMethod::Delete,
    };
    let scheme = if request.is_secure() { Scheme::Https } else { Scheme::Http };
    outgoing
        .set_method(&method)
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(request.authority())))
        .and_then(|()| outgoing.set_path_with_query(Some(request.target())))
        .map_err(|()| invalid("its URL is not one"))?;
    Ok(outgoing)
}

/// Writes until the other side wants no more.
fn write(body: &OutgoingBody, bytes: &[u8]) {
    let Ok(stream) = body.write() else { return };
    for chunk in bytes.chunks(WRITE_BYTES_MAX) {
        if stream.blocking_write_and_flush(chunk).is_err() {
            return;
        }
    }
}

fn read(request: &Request, answer: &IncomingResponse) -> Result<Response, Error> {
    let status = answer.status();
    let headers = answer.headers().entries();
    let incoming = answer.consume().map_err(|()| broken("the answer has no body"))?;
    let body = read_body(request, &incoming)?;
    Ok(Response { status, headers, body })
}

fn read_body(request: &Request, incoming: &IncomingBody) -> Result<Vec<u8>, Error> {
    let stream = incoming.stream().map_err(|()| broken("the body of the answer cannot be read"))?;
    let mut body = Vec::new();
    loop {
        match stream.blocking_read(READ_BYTES_MAX) {
            Ok(bytes) => body.extend(bytes),
            Err(StreamError::Closed) => return Ok(body),
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(match wasip2::http::types::http_error_code(&error) {
                    Some(code) => failed(request, &code),
                    None => broken("the answer broke off"),
                });
            }
        }
        if body.len() > BODY_BYTES_MAX {
            let message = format!("the body of the answer has more than {BODY_BYTES_MAX} bytes");
            return Err(Error { kind: ErrorKind::Limit, message, transient: false });
        }
    }
}

fn invalid(message: &str) -> Error {
    Error { kind: ErrorKind::Request, message: message.to_owned(), transient: false }
}

fn broken(message: &str) -> Error {
    Error { kind: ErrorKind::Connection, message: message.to_owned(), transient: true }
}

fn failed(request: &Request, code: &ErrorCode) -> Error {
    let origin = request.origin();
    let (kind, message, transient) = match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => (
            ErrorKind::Egress,
            format!("no request may be sent to `{origin}`; the log has the line that would allow it"),
            false,
        ),
        ErrorCode::ConnectionLimitReached => {
            (ErrorKind::Limit, "too many connections are open".to_owned(), false)
        }
        ErrorCode::HttpResponseBodySize(_)
        | ErrorCode::HttpRequestBodySize(_)
        | ErrorCode::HttpResponseHeaderSectionSize(_) => {
            (ErrorKind::Limit, format!("too much is sent to or by `{origin}`"), false)
        }
        ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestMethodInvalid => {
            (ErrorKind::Request, "its URL is not one".to_owned(), false)
        }
        ErrorCode::TlsCertificateError => (
            ErrorKind::Connection,
            format!("the certificate of `{origin}` is refused; the log says why"),
            false,
        ),
        ErrorCode::DnsError(_) | ErrorCode::DnsTimeout => {
            (ErrorKind::Connection, format!("no address is known for `{origin}`"), true)
        }
        ErrorCode::ConnectionRefused => {
            (ErrorKind::Connection, format!("`{origin}` refuses connections"), true)
        }
        ErrorCode::ConnectionTimeout | ErrorCode::HttpResponseTimeout => {
            (ErrorKind::Connection, format!("`{origin}` did not answer in time"), true)
        }
        ErrorCode::HttpResponseIncomplete | ErrorCode::ConnectionTerminated => {
            (ErrorKind::Connection, format!("`{origin}` broke the connection off"), true)
        }
        ErrorCode::TlsProtocolError => {
            (ErrorKind::Connection, format!("`{origin}` does not speak TLS"), true)
        }
        _ => (ErrorKind::Connection, format!("`{origin}` cannot be reached, or does not speak HTTP"), true),
    };
    Error { kind, message, transient }
}
