"""A host for tests: run a rotator natively, in milliseconds.

`InMemory` is an in-memory Secrets Manager with simulated SQL servers and an HTTP service of the test's
own; the function can be ended at any call of the host.

    host = InMemory()
    secret = host.secret("db/app", '{"password":"first"}')
    host.begin_rotation(secret, "token-1")
    for step in Step:
        host.invoke(rotator, secret, step)
    assert host.stages(secret, "token-1") == ["AWSCURRENT", "AWSPENDING"]
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from .host import use
from .http import HttpError, Request, Response
from .log import Level
from .rotator import Event, Rotator, Step, run
from .secrets import (
    CURRENT,
    PENDING,
    PREVIOUS,
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
from .statement import Name, Text, Word, tokens

T = TypeVar("T")

_CLASSES = {
    "exclude_uppercase": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "exclude_lowercase": "abcdefghijklmnopqrstuvwxyz",
    "exclude_numbers": "0123456789",
    "exclude_punctuation": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
}


class Killed(BaseException):
    """The function was ended at a call of the host, as when its process dies."""


class Fault(Enum):
    """What goes wrong at one call of the host."""

    REFUSE = "the call fails for the moment and has no effect"
    LOSE_ANSWER = "the call has its effect, and its answer is lost on the way"
    KILL_BEFORE = "the process dies before the effect"
    KILL_AFTER = "the process dies after the effect"


@dataclass
class _Version:
    value: Value | None = None
    stages: set[str] = field(default_factory=set)


@dataclass
class _Secret:
    name: str
    versions: dict[str, _Version]
    rotation: str | None = None

    def holder(self, stage: str) -> str | None:
        return next((key for key, version in self.versions.items() if stage in version.stages), None)

    def labelled(self, stage: str) -> _Version | None:
        return next((version for version in self.versions.values() if stage in version.stages), None)

    def attach(self, stage: str, version_id: str) -> None:
        self.detach(stage)
        self.versions.setdefault(version_id, _Version()).stages.add(stage)

    def detach(self, stage: str) -> None:
        for version in self.versions.values():
            version.stages.discard(stage)

    def promote(self, version_id: str) -> None:
        before = self.holder(CURRENT)
        if before is not None and before != version_id:
            self.attach(PREVIOUS, before)
        self.attach(CURRENT, version_id)


class Server:
    """A simulated PostgreSQL: users who log in, and the statements that rotators issue."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        """What it has run, as a log of statements would show it."""
        self.is_stopped = False
        """It does not answer."""
        self._passwords: dict[str, str] = {}
        self._admins: set[str] = set()

    def user(self, name: str, password: str) -> Server:
        """Adds a user, or changes its password."""
        self._passwords[name] = password
        return self

    def admin(self, name: str, password: str) -> Server:
        """Adds a user who may change the password of any other."""
        self._admins.add(name)
        return self.user(name, password)

    def accepts(self, name: str, password: str) -> bool:
        """Whether a user can log in with a password."""
        held = self._passwords.get(name)
        if held is None or not held.startswith("SCRAM-SHA-256$"):
            return held == password
        iterations, salt, stored_key = held.replace(":", "$").split("$")[1:4]
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), b64decode(salt), int(iterations))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        return hashlib.sha256(client_key).digest() == b64decode(stored_key)

    def log_in(self, name: str, password: str) -> None:
        """Opens a session."""
        self._reach()
        if not self.accepts(name, password):
            message = f'password authentication failed for user "{name}"'
            raise SqlError(ErrorKind.AUTHENTICATION, message, "28P01")

    def run(self, user: str, statement: str) -> Rows:
        """Runs a statement: `ALTER ROLE … PASSWORD …`, or a `SELECT`, which is answered by the number 1."""
        self._reach()
        self.statements.append(statement)
        match [token for token in tokens(statement) if token != Word("with")]:
            case [Word("select"), *_]:
                return Rows(["?column?"], [[1]])
            case [Word("alter"), Word("role" | "user"), Name(name), Word("password"), Text(password)]:
                if name not in self._passwords or (name != user and user not in self._admins):
                    raise SqlError(ErrorKind.STATEMENT, "permission denied to alter role", "42501")
                self._passwords[name] = password
                return Rows([], [])
        raise SqlError(ErrorKind.STATEMENT, "syntax error", "42601")

    def _reach(self) -> None:
        if self.is_stopped:
            raise _disconnected()


class InMemory:
    """An in-memory host."""

    def __init__(self) -> None:
        self.log_lines: list[str] = []
        """What the function logged."""
        self.calls: list[str] = []
        """The names of the calls so far, in order, without those of the log."""
        self.faults: dict[int, Fault] = {}
        """What goes wrong at the call with this number, counted like `calls`, from 0."""
        self.is_approved = False
        """What people answer to `approvals.require`."""
        self.service: Callable[[Request], Response] | None = None
        """Answers HTTP requests."""
        self._secrets: dict[str, _Secret] = {}
        self._servers: dict[tuple[str, int], Server] = {}
        self._passwords_made = 0

    def secret(self, name: str, value: Value) -> str:
        """Stores a secret, whose value is `AWSCURRENT`. Returns its ARN."""
        arn = f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-AbCdEf"
        self._secrets[arn] = _Secret(name, {"initial": _Version(value, {CURRENT})})
        return arn

    def begin_rotation(self, secret_id: str, token: str) -> None:
        """What `RotateSecret` does: labels an empty version `AWSPENDING`."""
        self._secrets[secret_id].rotation = token
        self._secrets[secret_id].attach(PENDING, token)

    def invoke(self, rotator: Rotator, secret_id: str, step: Step) -> None:
        """Runs one step of the rotation on this host. Raises what the step raises."""
        token = self._secrets[secret_id].rotation
        if token is None:
            raise ValueError("no rotation has begun")
        with use(self):
            run(rotator, Event(step, secret_id, token, f"rotation-of-{token}"))

    def overwrite(self, secret_id: str, stage: str, value: Value) -> None:
        """Replaces the value of the version that carries a label, as an operator might by hand."""
        version = self._secrets[secret_id].labelled(stage)
        if version is None:
            raise ValueError(f"no version is labelled {stage}")
        version.value = value

    def value(self, secret_id: str, stage: str) -> Value | None:
        """The value of the version that carries a label."""
        version = self._secrets[secret_id].labelled(stage)
        return version.value if version else None

    def stages(self, secret_id: str, version_id: str) -> list[str]:
        """The labels of a version, in alphabetical order."""
        return sorted(self._secrets[secret_id].versions[version_id].stages)

    def server(self, host: str, port: int = 5432) -> Server:
        """The server at an address; made when there is none."""
        return self._servers.setdefault((host, port), Server())

    # What a rotation function may ask of its host.

    def get_secret_value(
        self, secret_id: str, version_id: str | None, version_stage: str | None
    ) -> VersionValue:
        return self._call(
            "get-secret-value", _unavailable, lambda: self._get(secret_id, version_id, version_stage)
        )

    def put_secret_value(
        self,
        secret_id: str,
        client_request_token: str,
        value: Value,
        version_stages: list[str],
        rotation_token: str,
    ) -> StoredVersion:
        return self._call(
            "put-secret-value",
            _unavailable,
            lambda: self._put(secret_id, client_request_token, value, version_stages, rotation_token),
        )

    def describe_secret(self, secret_id: str) -> Description:
        def describe() -> Description:
            secret = self._known(secret_id)
            versions = [
                VersionStages(version_id, sorted(version.stages))
                for version_id, version in secret.versions.items()
                if version.stages
            ]
            return Description(secret_id, secret.name, True, versions)

        return self._call("describe-secret", _unavailable, describe)

    def update_secret_version_stage(
        self,
        secret_id: str,
        version_stage: str,
        move_to_version_id: str | None,
        remove_from_version_id: str | None,
    ) -> None:
        self._call(
            "update-secret-version-stage",
            _unavailable,
            lambda: self._move(secret_id, version_stage, move_to_version_id, remove_from_version_id),
        )

    def get_random_password(self, rules: PasswordRules) -> str:
        return self._call("get-random-password", _unavailable, lambda: self._password(rules))

    def open(self, target: Target) -> _Session:
        def log_in() -> _Session:
            server = self._servers.get((target.host, target.port))
            if server is None:
                raise _disconnected()
            server.log_in(target.username, target.password)
            return _Session(self, server, target.username)

        return self._call("open", _disconnected, log_in)

    def require_approval(self, summary: str) -> bool:
        return self.is_approved

    def log(self, level: Level, message: str) -> None:
        self.log_lines.append(message)

    def send(self, request: Request) -> Response:
        def answer() -> Response:
            if self.service is None:
                raise HttpError("connection refused", True)
            return self.service(request)

        return self._call("send", lambda: HttpError("the connection broke", True), answer)

    def _call(self, name: str, unanswered: Callable[[], Exception], effect: Callable[[], T]) -> T:
        fault = self.faults.pop(len(self.calls), None)
        self.calls.append(name)
        if fault is Fault.REFUSE:
            raise unanswered()
        if fault is Fault.KILL_BEFORE:
            raise Killed
        answer = effect()
        if fault is Fault.LOSE_ANSWER:
            raise unanswered()
        if fault is Fault.KILL_AFTER:
            raise Killed
        return answer

    def _known(self, secret_id: str) -> _Secret:
        secret = self._secrets.get(secret_id)
        if secret is None:
            raise SecretsError(
                "ResourceNotFoundException", "Secrets Manager can't find the specified secret."
            )
        return secret

    def _get(self, secret_id: str, version_id: str | None, stage: str | None) -> VersionValue:
        secret = self._known(secret_id)
        holder = secret.holder(stage or CURRENT)
        found = version_id or holder
        version = secret.versions.get(found) if found else None
        if found is None or version is None:
            raise _not_found(version_id, stage)
        if version_id and stage and holder != version_id:
            raise SecretsError(
                "InvalidRequestException",
                "You provided a VersionStage that is not associated to the provided VersionId.",
            )
        if version.value is None:
            raise _not_found(version_id, stage)
        return VersionValue(secret_id, secret.name, found, sorted(version.stages), version.value)

    def _put(
        self, secret_id: str, token: str, value: Value, stages: list[str], rotation_token: str
    ) -> StoredVersion:
        secret = self._known(secret_id)
        if token == secret.rotation and rotation_token != f"rotation-of-{token}":
            raise _invalid("The RotationToken is not that of this rotation.")
        version = secret.versions.get(token)
        if version is not None and version.value not in (None, value):
            raise SecretsError(
                "ResourceExistsException",
                f"You can't use ClientRequestToken {token} because that value is already in use for a "
                f"version of secret {secret_id}.",
            )
        if version is None or version.value is None:
            version = secret.versions.setdefault(token, _Version())
            version.value = value
            for stage in stages or [CURRENT]:
                secret.promote(token) if stage == CURRENT else secret.attach(stage, token)
        return StoredVersion(token, sorted(version.stages))

    def _move(self, secret_id: str, stage: str, move_to: str | None, remove_from: str | None) -> None:
        secret = self._known(secret_id)
        for version_id in filter(None, (move_to, remove_from)):
            if version_id not in secret.versions:
                raise _not_found(version_id, None)
        holder = secret.holder(stage)
        if holder not in (None, move_to, remove_from):
            raise _invalid(
                f"Staging label {stage} is currently attached to version {holder}, so you must explicitly "
                "reference that version in RemoveFromVersionId."
            )
        if move_to is None:
            secret.detach(stage)
        elif stage == CURRENT:
            secret.promote(move_to)
        else:
            secret.attach(stage, move_to)

    def _password(self, rules: PasswordRules) -> str:
        """The same sequence in every run; every class in turn, so that each is there."""
        classes = [text for name, text in _CLASSES.items() if not getattr(rules, name)]
        classes += [" "] if rules.include_space else []
        classes = ["".join(c for c in text if c not in rules.exclude_characters) for text in classes]
        classes = [text for text in classes if text]
        length = 32 if rules.length is None else rules.length
        if not classes or not 1 <= length <= 4096:
            raise _invalid("The password cannot be made from these rules.")
        self._passwords_made += 1
        digest = hashlib.shake_256(str(self._passwords_made).encode()).digest(length)
        texts = (classes[index % len(classes)] for index in range(length))
        return "".join(text[byte % len(text)] for text, byte in zip(texts, digest))


@dataclass
class _Session:
    host: InMemory
    server: Server
    username: str

    def execute(self, statement: str, parameters: list[Cell]) -> int:
        self.host._call("execute", _disconnected, lambda: self.server.run(self.username, statement))
        return 0

    def query(self, statement: str, parameters: list[Cell]) -> Rows:
        return self.host._call("query", _disconnected, lambda: self.server.run(self.username, statement))

    def close(self) -> None:
        pass


def _unavailable() -> SecretsError:
    return SecretsError("InternalServiceError", "An error occurred on the server side.")


def _disconnected() -> SqlError:
    return SqlError(ErrorKind.CONNECTION, "the server cannot be reached", is_transient=True)


def _invalid(message: str) -> SecretsError:
    return SecretsError("InvalidParameterException", message)


def _not_found(version_id: str | None, stage: str | None) -> SecretsError:
    what = f"VersionId: {version_id}" if version_id else f"staging label: {stage or CURRENT}"
    return SecretsError(
        "ResourceNotFoundException",
        f"Secrets Manager can't find the specified secret value for {what}",
    )
