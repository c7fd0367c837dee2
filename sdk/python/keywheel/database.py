"""The JSON that the secret of a database holds: the form that AWS's rotation functions define."""

from __future__ import annotations

from .document import Document
from .failure import Permanent
from .sql import Engine, Target, Tls

_PORTS = {"postgres": 5432, "mysql": 3306, "mariadb": 3306}
_TLS = {None: Tls.PREFER, True: Tls.VERIFY_FULL, False: Tls.DISABLE}


class DatabaseSecret:
    """The secret of a database user. Fields that the SDK does not know are kept as they were written.

    >>> stored = '{"engine":"postgres","host":"db","username":"app","password":"first","team":"blue"}'
    >>> DatabaseSecret.parse(stored).with_password("second").to_value() == stored.replace("first", "second")
    True
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self.engine = document.required_text("engine")
        """The kind of database, in AWS's words: `postgres`, `mysql`, `mariadb`."""
        self.host = document.required_text("host")
        self.port = document.port()
        """The port of the server, when the secret names one."""
        self.username = document.required_text("username")
        self.password = document.required_text("password")
        self.database = document.text("dbname")
        self.tls = _TLS[document.truth("ssl")]
        """What `ssl` asks for: absent means prefer, true verify-full, false disable."""
        self.master_arn = document.text("masterarn")
        """The secret of a user who may change the password of this one."""

    @classmethod
    def parse(cls, value: str | bytes) -> DatabaseSecret:
        """Reads a value. `engine`, `host`, `username` and `password` must be there."""
        return cls(Document.parse(value))

    def require_same_login(self, pending: DatabaseSecret) -> None:
        """Refuses a pending value that leads to another server or user than this one: a password must
        not be sent there, and changing it there would not rotate this secret. Without a port: the
        engine's own.
        """
        differences = {
            "host": self.host != pending.host,
            "port": self._usual_port() != pending._usual_port(),
            "username": self.username != pending.username,
        }
        for key, differs in differences.items():
            if differs:
                raise Permanent(f"the pending value has another `{key}` than the current value")

    def with_password(self, password: str) -> DatabaseSecret:
        """The same secret with another password; all other fields stay as they were written."""
        return DatabaseSecret(self._document.with_text("password", password))

    def with_username(self, username: str) -> DatabaseSecret:
        """The same secret with another user."""
        return DatabaseSecret(self._document.with_text("username", username))

    def to_value(self) -> str:
        """The value to store."""
        return self._document.to_value()

    def target(self, engine: Engine) -> Target:
        """Where this secret logs in. Without a port: the engine's own."""
        return Target(
            engine=engine,
            host=self.host,
            port=self.port or _PORTS[engine.value],
            username=self.username,
            password=self.password,
            database=self.database,
            tls=self.tls,
        )

    def _usual_port(self) -> int | None:
        return self.port or _PORTS.get(self.engine)

    def __repr__(self) -> str:
        return "DatabaseSecret([sensitive])"
