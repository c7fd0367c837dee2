"""HTTP over the bindings of `wasi:http`. Part of components of the world `rotator-http` only."""

from typing import Any
from urllib.parse import urlsplit

from componentize_py_types import Err, Ok
from wit_world.imports import outgoing_handler, streams
from wit_world.imports import wasi_http_types as wasi

from .http import BODY_BYTES_MAX, HttpError, Request, Response

_CHUNK_BYTES = 4096
"""What a stream takes at once without asking first."""
_READ_BYTES_MAX = 64 * 1024

_METHODS: dict[str, type[Any]] = {
    "GET": wasi.Method_Get,
    "HEAD": wasi.Method_Head,
    "POST": wasi.Method_Post,
    "PUT": wasi.Method_Put,
    "DELETE": wasi.Method_Delete,
    "PATCH": wasi.Method_Patch,
    "OPTIONS": wasi.Method_Options,
}
_SCHEMES: dict[str, type[Any]] = {"http": wasi.Scheme_Http, "https": wasi.Scheme_Https}
_PERMANENT = (
    wasi.ErrorCode_ConnectionLimitReached,
    wasi.ErrorCode_DestinationIpProhibited,
    wasi.ErrorCode_HttpRequestBodySize,
    wasi.ErrorCode_HttpRequestDenied,
    wasi.ErrorCode_HttpRequestMethodInvalid,
    wasi.ErrorCode_HttpRequestUriInvalid,
    wasi.ErrorCode_HttpResponseBodySize,
    wasi.ErrorCode_HttpResponseHeaderSectionSize,
    wasi.ErrorCode_TlsCertificateError,
)
"""What the same request meets again. Anything else may pass."""


def send(request: Request) -> Response:
    """Sends a request and reads the whole response."""
    try:
        return _exchange(request)
    except Err as error:
        raise _failure(error.value) from None


def _exchange(request: Request) -> Response:
    url = urlsplit(request.url)
    scheme = _SCHEMES.get(url.scheme)
    if scheme is None or not url.netloc or "@" in url.netloc:
        raise HttpError("the URL must begin with `http://` or `https://` and a host", False)
    # A length lets servers take the body that take no chunks.
    headers = {"content-length": str(len(request.body))} if request.body else {}
    headers.update(request.headers)
    outgoing = wasi.OutgoingRequest(
        wasi.Fields.from_list([(name, text.encode()) for name, text in headers.items()])
    )
    method = _METHODS.get(request.method.upper())
    outgoing.set_method(method() if method else wasi.Method_Other(request.method))
    outgoing.set_scheme(scheme())
    outgoing.set_authority(url.netloc)
    outgoing.set_path_with_query((url.path or "/") + (f"?{url.query}" if url.query else ""))
    body = outgoing.body()
    answer = outgoing_handler.handle(outgoing, None)
    try:
        with body.write() as stream:
            for start in range(0, len(request.body), _CHUNK_BYTES):
                stream.blocking_write_and_flush(request.body[start : start + _CHUNK_BYTES])
        wasi.OutgoingBody.finish(body, None)
    except Err:
        pass  # Whatever went wrong with the body, the answer tells it better.
    return _response(answer)


def _response(answer: wasi.FutureIncomingResponse) -> Response:
    with answer, answer.subscribe() as ready:
        ready.block()
        found = answer.get()
    match found:
        case Ok(Err() as failed):
            raise failed
        case Ok(Ok(response)):
            return _read_response(response)
    raise HttpError("no response", True)


def _read_response(received: wasi.IncomingResponse) -> Response:
    with received as response:
        with response.headers() as fields:
            headers = {name.lower(): text.decode("latin-1") for name, text in fields.entries()}
        status = response.status()
        with response.consume() as body, body.stream() as stream:
            return Response(status, headers, _read(stream))


def _read(stream: streams.InputStream) -> bytes:
    read = bytearray()
    while len(read) <= BODY_BYTES_MAX:
        try:
            read += stream.blocking_read(_READ_BYTES_MAX)
        except Err as error:
            if isinstance(error.value, streams.StreamError_Closed):
                return bytes(read)
            raise HttpError("the response broke off", True) from None
    raise HttpError(f"the response has more than {BODY_BYTES_MAX} bytes", False)


def _failure(code: object) -> HttpError:
    name = type(code).__name__.removeprefix("ErrorCode_")
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    detail = getattr(code, "value", None)
    more = f": {detail}" if isinstance(detail, str) else ""
    return HttpError(f"no response: {words}{more}", not isinstance(code, _PERMANENT))
