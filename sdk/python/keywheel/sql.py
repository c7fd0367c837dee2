"""Connections to SQL databases. The host holds the driver and TLS, and checks where a function may dial:
by default the host and the port that the secret names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from .failure import CallError, Permanent
from .host import current

Value = None | bool | int | float | str | bytes
"""A parameter or a cell. Types that have no other form here are text."""


class Engine(Enum):
    """The kind of database."""

    POSTGRES = "postgres"
    MYSQL = "mysql"


class Tls(Enum):
    """How a connection is protected."""

    DISABLE = "disable"
    """Never encrypted."""
    PREFER = "prefer"
    """Encrypted when the server offers it; the certificate is not verified."""
    VERIFY_FULL = "verify-full"
    """Encrypted, and the certificate must be valid for the host name."""


@dataclass(frozen=True)
class Target:
    """Where to connect, and as whom."""

    engine: Engine
    host: str
    port: int
    username: str
    password: str = field(repr=False)
    database: str | None = None
    """The server's default for the user when absent."""
    tls: Tls = Tls.VERIFY_FULL


@dataclass(frozen=True)
class Rows:
    """The answer to a query."""

    columns: list[str]
    rows: list[list[Value]]


class ErrorKind(Enum):
    """What went wrong, where a function would act differently."""

    EGRESS = "not allowed by the sandbox"
    """The sandbox does not allow this host and port; the message holds the line that would."""
    CONNECTION = "no connection"
    """Refused, timed out, no such host, TLS failed, broken in the middle."""
    AUTHENTICATION = "login refused"
    """The server refused the password: another one may be the right one."""
    STATEMENT = "statement refused"
    """The server refused a statement."""
    LIMIT = "limit of the sandbox"
    """Too many connections, too many rows."""


class SqlError(CallError):
    """Why a connection or a statement failed."""

    def __init__(
        self, reason: ErrorKind, message: str, sqlstate: str | None = None, is_transient: bool = False
    ) -> None:
        super().__init__(f"{reason.value}: {message}", is_transient)
        self.reason = reason
        self.sqlstate = sqlstate
        """Five characters, when the server sent one."""


class Connection:
    """An open session, as a context manager."""

    def __init__(self, target: Target) -> None:
        """Connects and logs in."""
        self._session = current().open(target)

    def execute(self, statement: str, parameters: Sequence[Value] = ()) -> int:
        """Runs one statement with bound parameters; returns the number of rows that it changed."""
        return self._session.execute(statement, list(parameters))

    def query(self, statement: str, parameters: Sequence[Value] = ()) -> Rows:
        """Runs one statement with bound parameters; returns its rows."""
        return self._session.query(statement, list(parameters))

    def close(self) -> None:
        """Ends the session."""
        self._session.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def quote_identifier(name: str) -> str:
    r"""Quotes a name for PostgreSQL: `"…"`, with each quote doubled.

    >>> print(quote_identifier('my "app" too'))
    "my ""app"" too"
    """
    return _enclosed(name, '"', '"')


def quote_literal(text: str) -> str:
    """Quotes a text for PostgreSQL: `'…'`, with each quote doubled. With a backslash in it: `E'…'`, with
    each backslash doubled too, which means the same whatever `standard_conforming_strings` says.

    >>> quote_literal("it's")
    "'it''s'"
    """
    if "\\" in text:
        # The space keeps a preceding word from swallowing the E.
        return " E" + _enclosed(text, "'", "'\\")
    return _enclosed(text, "'", "'")


def _enclosed(text: str, quote: str, doubled: str) -> str:
    if "\0" in text:
        raise Permanent("the text holds a zero byte")
    return quote + "".join(c + c if c in doubled else c for c in text) + quote
