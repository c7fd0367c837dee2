"""Requests over HTTP. The host holds TLS, and checks where a function may dial.

Only components of the world `rotator-http` can send.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .failure import CallError
from .host import current

BODY_BYTES_MAX = 1024 * 1024
"""The longest body of a response that is read; a longer one is a failure."""


@dataclass(frozen=True)
class Request:
    """What is sent. Shows neither headers nor body, which may hold a credential."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Response:
    """What came back."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """By name, in small letters."""
    body: bytes = field(repr=False)


class HttpError(CallError):
    """There is no response: not allowed, no connection, TLS failed, broken in the middle."""


def send(method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Response:
    """Sends a request and reads the whole response. Any status is a response; redirects are not
    followed."""
    return current().send(Request(method, url, headers or {}, body))
