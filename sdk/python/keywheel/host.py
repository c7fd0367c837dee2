"""The host as the SDK sees it: implemented by the imports of a component (`component`) and, natively, by
whatever `use` put in place. Authors call `secrets`, `sql`, `approvals`, `log` and `http` instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .http import Request, Response
    from .log import Level
    from .secrets import Description, PasswordRules, StoredVersion, Value, VersionValue
    from .sql import Rows, Target
    from .sql import Value as Cell


class Session(Protocol):
    """An open session with a database."""

    def execute(self, statement: str, parameters: list[Cell]) -> int:
        """Runs one statement; returns the number of rows that it changed."""

    def query(self, statement: str, parameters: list[Cell]) -> Rows:
        """Runs one statement; returns its rows."""

    def close(self) -> None:
        """Ends the session."""


class Host(Protocol):
    """What a rotation function may ask of its host. The methods are the imports of the WIT world."""

    def get_secret_value(
        self, secret_id: str, version_id: str | None, version_stage: str | None
    ) -> VersionValue: ...

    def put_secret_value(
        self,
        secret_id: str,
        client_request_token: str,
        value: Value,
        version_stages: list[str],
        rotation_token: str,
    ) -> StoredVersion: ...

    def describe_secret(self, secret_id: str) -> Description: ...

    def update_secret_version_stage(
        self,
        secret_id: str,
        version_stage: str,
        move_to_version_id: str | None,
        remove_from_version_id: str | None,
    ) -> None: ...

    def get_random_password(self, rules: PasswordRules) -> str: ...

    def open(self, target: Target) -> Session: ...

    def require_approval(self, summary: str) -> bool: ...

    def log(self, level: Level, message: str) -> None: ...

    def send(self, request: Request) -> Response: ...


_current: Host | None = None


def current() -> Host:
    """The host that answers."""
    if _current is None:
        raise RuntimeError("there is no host: run the function as a component, or inside `keywheel.testing`")
    return _current


@contextmanager
def use(host: Host) -> Iterator[None]:
    """Lets a host answer until the block ends. Blocks may be nested."""
    global _current
    before, _current = _current, host
    try:
        yield
    finally:
        _current = before
