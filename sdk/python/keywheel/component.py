"""The imports and the export of a component, and their translation into the plain types of the SDK.

Only the module that `componentize-py` starts from imports this one: its own bindings exist in a component
only.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from componentize_py_types import Err
from wit_world.imports import approvals, log, secrets, sql

from . import host
from .failure import Failure
from .log import Level
from .rotator import Event, Rotator, Step, run
from .secrets import (
    Description,
    PasswordRules,
    SecretsError,
    StoredVersion,
    Value,
    VersionStages,
    VersionValue,
)
from .sql import ErrorKind, Rows, SqlError, Target
from .sql import Value as Cell

# A world with more packages spells the name in full.
try:
    from wit_world.imports import types
except ImportError:
    from wit_world.imports import keywheel_rotation_types as types

# Only the world `rotator-http` has it.
try:
    from . import wasi_http
except ImportError:
    wasi_http = None

T = TypeVar("T")

_FAILURES = {
    "retry": types.Failure_Retry,
    "refused": types.Failure_Refused,
    "permanent": types.Failure_Permanent,
}


def export(rotator: Rotator) -> type:
    """The class that `componentize-py` looks for: `WitWorld = export(MyRotator())`."""

    class WitWorld:
        def rotate(self, event: Any) -> None:
            # `Err` is frozen: a context manager that it leaves through cannot set its traceback.
            try:
                with host.use(_IMPORTS):
                    run(rotator, _event(event))
            except Failure as failure:
                raise Err(_FAILURES[failure.kind](failure.message)) from None

    return WitWorld


def _event(event: Any) -> Event:
    return Event(
        step=Step[event.step.name],
        secret_id=event.secret_id,
        client_request_token=event.client_request_token,
        rotation_token=event.rotation_token,
    )


def _asked(call: Callable[..., T], *arguments: Any) -> T:
    try:
        return call(*arguments)
    except Err as error:
        raise SecretsError(error.value.code, error.value.message) from None


def _queried(call: Callable[..., T], *arguments: Any) -> T:
    try:
        return call(*arguments)
    except Err as error:
        found = error.value
        reason = ErrorKind[found.kind.name]
        raise SqlError(reason, found.message, found.sqlstate, found.transient) from None


class _Session:
    def __init__(self, connection: sql.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, parameters: list[Cell]) -> int:
        return _queried(self._connection.execute, statement, [_bound(cell) for cell in parameters])

    def query(self, statement: str, parameters: list[Cell]) -> Rows:
        found = _queried(self._connection.query, statement, [_bound(cell) for cell in parameters])
        return Rows(found.columns, [[getattr(cell, "value", None) for cell in row] for row in found.rows])

    def close(self) -> None:
        self._connection.__exit__(None, None, None)


def _bound(cell: Cell) -> sql.Value:
    match cell:
        case None:
            return sql.Value_Null()
        case bool():
            return sql.Value_Boolean(cell)
        case int():
            return sql.Value_Integer(cell)
        case float():
            return sql.Value_Float(cell)
        case str():
            return sql.Value_Text(cell)
        case bytes():
            return sql.Value_Bytes(cell)
    raise TypeError(f"a parameter cannot be of type {type(cell).__name__}")


class _Imports:
    """The imports of the component: each method calls one."""

    def get_secret_value(
        self, secret_id: str, version_id: str | None, version_stage: str | None
    ) -> VersionValue:
        found = _asked(secrets.get_secret_value, secret_id, version_id, version_stage)
        return VersionValue(found.arn, found.name, found.version_id, found.version_stages, found.value.value)

    def put_secret_value(
        self,
        secret_id: str,
        client_request_token: str,
        value: Value,
        version_stages: list[str],
        rotation_token: str,
    ) -> StoredVersion:
        if isinstance(value, str):
            wrapped: secrets.SecretValue = secrets.SecretValue_Text(value)
        else:
            wrapped = secrets.SecretValue_Binary(value)
        stored = _asked(
            secrets.put_secret_value,
            secret_id,
            client_request_token,
            wrapped,
            version_stages,
            rotation_token,
        )
        return StoredVersion(stored.version_id, stored.version_stages)

    def describe_secret(self, secret_id: str) -> Description:
        found = _asked(secrets.describe_secret, secret_id)
        versions = [VersionStages(version.version_id, version.stages) for version in found.versions]
        return Description(found.arn, found.name, found.rotation_enabled, versions)

    def update_secret_version_stage(
        self,
        secret_id: str,
        version_stage: str,
        move_to_version_id: str | None,
        remove_from_version_id: str | None,
    ) -> None:
        _asked(
            secrets.update_secret_version_stage,
            secret_id,
            version_stage,
            move_to_version_id,
            remove_from_version_id,
        )

    def get_random_password(self, rules: PasswordRules) -> str:
        request = secrets.RandomPasswordRequest(
            length=rules.length,
            exclude_characters=rules.exclude_characters,
            exclude_numbers=rules.exclude_numbers,
            exclude_punctuation=rules.exclude_punctuation,
            exclude_uppercase=rules.exclude_uppercase,
            exclude_lowercase=rules.exclude_lowercase,
            include_space=rules.include_space,
            require_each_included_type=rules.require_each_included_type,
        )
        return _asked(secrets.get_random_password, request)

    def open(self, target: Target) -> _Session:
        wanted = sql.Target(
            engine=sql.Engine[target.engine.name],
            host=target.host,
            port=target.port,
            database=target.database,
            username=target.username,
            password=target.password,
            tls=sql.Tls[target.tls.name],
        )
        return _Session(_queried(sql.Connection.open, wanted))

    def require_approval(self, summary: str) -> bool:
        return approvals.require(summary)

    def log(self, level: Level, message: str) -> None:
        log.write(log.Level[level.name], message)

    def send(self, request: Any) -> Any:
        if wasi_http is None:
            raise RuntimeError("build the function for the world `rotator-http` to send HTTP requests")
        return wasi_http.send(request)


_IMPORTS = _Imports()
