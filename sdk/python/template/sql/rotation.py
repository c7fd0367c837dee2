"""Rotates the password of a PostgreSQL role, which changes it itself.

The secret is a JSON object with `engine` (`postgres`), `host`, `username` and `password`, and optionally
`port`, `dbname` and `ssl`.
"""

from keywheel import Event, Permanent, Refused, Rotator, log, scram, secrets
from keywheel.database import DatabaseSecret
from keywheel.secrets import PasswordRules
from keywheel.sql import Connection, Engine, ErrorKind, SqlError, quote_identifier, quote_literal


class Rotation(Rotator):
    def create_secret(self, event: Event) -> None:
        current = DatabaseSecret.parse(event.current().value)
        if event.pending():
            return  # An earlier run got this far.
        password = secrets.get_random_password(PasswordRules.from_environment())
        event.put_pending(current.with_password(password).to_value())
        log.info("stored a new password as the pending value")

    def set_secret(self, event: Event) -> None:
        current = DatabaseSecret.parse(event.current().value)
        pending = _pending(event)
        current.require_same_login(pending)
        connection, _ = _log_in(pending)
        if connection:
            connection.close()  # An earlier run got this far.
            return
        role = quote_identifier(pending.username)
        verifier = quote_literal(scram.verifier(pending.password))
        with _log_in_as_user(event, current) as connection:
            connection.execute(f"ALTER ROLE {role} WITH PASSWORD {verifier}")
        log.info("the server took the pending password")

    def test_secret(self, event: Event) -> None:
        connection, refusal = _log_in(_pending(event))
        if connection is None:
            # After setSecret, more likely than not a cache or a standby is behind.
            raise Refused(f"the server refused the pending password: {refusal}")
        with connection:
            connection.query("SELECT 1")
        log.info("logged in with the pending password")


def _pending(event: Event) -> DatabaseSecret:
    version = event.pending()
    if version is None:
        raise Permanent("there is no AWSPENDING value: createSecret has not stored one")
    return DatabaseSecret.parse(version.value)


def _log_in(secret: DatabaseSecret) -> tuple[Connection | None, str]:
    """Logs in, or tells why the server refused the password. A server that cannot be reached has refused
    nothing: that is an exception."""
    try:
        return Connection(secret.target(Engine.POSTGRES)), ""
    except SqlError as error:
        if error.reason is not ErrorKind.AUTHENTICATION:
            raise error.while_doing("connecting to the server") from error
        return None, error.message


def _log_in_as_user(event: Event, current: DatabaseSecret) -> Connection:
    """Logs in with the current password, or with the one before it."""
    connection, refusal = _log_in(current)
    if connection:
        return connection
    version = event.previous()
    if version:
        previous = DatabaseSecret.parse(version.value)
        current.require_same_login(previous)
        connection, refusal = _log_in(previous)
        if connection:
            log.warn("the server refused the current password and took the previous one")
            return connection
    raise Permanent(f"the server takes neither the pending, the current nor the previous password: {refusal}")
