"""Rotates the password of a user of a service over HTTP, which changes it itself.

The secret is a JSON object with `host`, `username` and `password`, and optionally `port` and `ssl` (true when
absent). What the service is expected to offer stands in `_ask` and `set_secret`: change it to what yours does.
"""

from base64 import b64encode
import json
from urllib.parse import quote

from keywheel import Event, Permanent, Refused, Retry, Rotator, http, log, secrets
from keywheel.document import Document
from keywheel.secrets import PasswordRules


class Rotation(Rotator):
    def create_secret(self, event: Event) -> None:
        current = Login(event.current().value)
        if event.pending():
            return  # An earlier run got this far.
        password = secrets.get_random_password(PasswordRules.from_environment())
        event.put_pending(current.document.with_text("password", password).to_value())
        log.info("stored a new password as the pending value")

    def set_secret(self, event: Event) -> None:
        current = Login(event.current().value)
        pending = _pending(event)
        if (pending.url, pending.username) != (current.url, current.username):
            raise Permanent("the pending value leads to another server or user than the current value")
        if _accepts(pending):
            return  # An earlier run got this far.
        body = json.dumps({"password": pending.password}).encode()
        if _ask(current, "PUT", body).status in (401, 403):
            raise Permanent("the service takes neither the pending nor the current password")
        log.info("the service took the pending password")

    def test_secret(self, event: Event) -> None:
        if not _accepts(_pending(event)):
            raise Refused("the service refused the pending password")
        log.info("logged in with the pending password")


class Login:
    """What a secret says about the service and its user."""

    def __init__(self, value: str | bytes) -> None:
        self.document = Document.parse(value)
        scheme = "http" if self.document.truth("ssl") is False else "https"
        port = self.document.port()
        authority = self.document.required_text("host") + (f":{port}" if port else "")
        self.username = self.document.required_text("username")
        self.password = self.document.required_text("password")
        self.url = f"{scheme}://{authority}/users/{quote(self.username, safe='')}"


def _pending(event: Event) -> Login:
    version = event.pending()
    if version is None:
        raise Permanent("there is no AWSPENDING value: createSecret has not stored one")
    return Login(version.value)


def _accepts(login: Login) -> bool:
    return _ask(login, "GET").status not in (401, 403)


def _ask(login: Login, method: str, body: bytes = b"") -> http.Response:
    """Asks as the user: 401 and 403 mean that the service refuses the password; other refusals are failures."""
    credentials = b64encode(f"{login.username}:{login.password}".encode()).decode()
    headers = {"authorization": f"Basic {credentials}", "content-type": "application/json"}
    response = http.send(method, login.url, headers, body)
    if response.status >= 500 or response.status == 429:
        raise Retry(f"the service answered {method} with status {response.status}")
    if response.status >= 300 and response.status not in (401, 403):
        raise Permanent(f"the service answered {method} with status {response.status}")
    return response
