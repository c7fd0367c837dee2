"""AWS Secrets Manager as far as a rotation needs it: its own operations, parameters and errors.

A function reaches the secret that it rotates, and what its role grants it.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .failure import CallError, Permanent
from .host import current

CURRENT = "AWSCURRENT"
"""The label of the version in use."""
PENDING = "AWSPENDING"
"""The label of the version that a rotation is about to bring into use."""
PREVIOUS = "AWSPREVIOUS"
"""The label of the version that was in use before."""

EXCLUDE_CHARACTERS_DEFAULT = "/@\"'\\"
"""What AWS's own rotation functions leave out of a password: characters that break connection strings
and shell quoting."""
PASSWORD_LENGTH_DEFAULT = 32
"""The length of a generated password when nothing else is asked for, in characters."""

_TRANSIENT = frozenset(
    {
        "InternalServiceError",
        "InternalServiceErrorException",
        "InternalFailure",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ThrottlingException",
    }
)

Value = str | bytes
"""A secret value, as it was stored: `SecretString` or `SecretBinary`."""


class SecretsError(CallError):
    """A refusal, in the API's words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}", code in _TRANSIENT)
        self.code = code

    @property
    def is_not_found(self) -> bool:
        """The secret or the version does not exist, or the version holds no value yet."""
        return self.code == "ResourceNotFoundException"


@dataclass(frozen=True)
class VersionValue:
    """A version and its value."""

    arn: str
    name: str
    version_id: str
    version_stages: list[str]
    value: Value = field(repr=False)


@dataclass(frozen=True)
class StoredVersion:
    """What `put_secret_value` stored."""

    version_id: str
    version_stages: list[str]


@dataclass(frozen=True)
class VersionStages:
    """A version and its labels."""

    version_id: str
    stages: list[str]


@dataclass(frozen=True)
class Description:
    """A secret without its values."""

    arn: str
    name: str
    rotation_enabled: bool
    """Whether the host rotates the secret on its schedule."""
    versions: list[VersionStages]
    """The versions that have labels."""

    def holder(self, stage: str) -> str | None:
        """The id of the version that carries a label."""
        return next((version.version_id for version in self.versions if stage in version.stages), None)


@dataclass(frozen=True)
class PasswordRules:
    """What a generated password consists of. The default is that of AWS's rotation functions."""

    length: int | None = PASSWORD_LENGTH_DEFAULT
    """1 to 4096 characters; 32 when absent."""
    exclude_characters: str = EXCLUDE_CHARACTERS_DEFAULT
    """Characters that the target does not take."""
    exclude_numbers: bool = False
    exclude_punctuation: bool = False
    exclude_uppercase: bool = False
    exclude_lowercase: bool = False
    include_space: bool = False
    require_each_included_type: bool = True
    """At least one character of each class that is not excluded."""

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] | None = None) -> "PasswordRules":
        """The rules in the function's own configuration, under the names that AWS's rotation functions
        use: `EXCLUDE_CHARACTERS`, `PASSWORD_LENGTH`, `EXCLUDE_NUMBERS`, `EXCLUDE_PUNCTUATION`,
        `EXCLUDE_UPPERCASE`, `EXCLUDE_LOWERCASE`, `REQUIRE_EACH_INCLUDED_TYPE`.
        """
        variables = os.environ if variables is None else variables

        def flag(name: str, absent: bool) -> bool:
            text = variables.get(name)
            if text is None:
                return absent
            if text.lower() not in ("true", "false"):
                raise Permanent(f"the function's variable `{name}` must be `true` or `false`")
            return text.lower() == "true"

        length = variables.get("PASSWORD_LENGTH", str(PASSWORD_LENGTH_DEFAULT))
        if not (length.isascii() and length.isdigit()):
            raise Permanent("the function's variable `PASSWORD_LENGTH` must be a number of characters")
        return cls(
            length=int(length),
            exclude_characters=variables.get("EXCLUDE_CHARACTERS", EXCLUDE_CHARACTERS_DEFAULT),
            exclude_numbers=flag("EXCLUDE_NUMBERS", False),
            exclude_punctuation=flag("EXCLUDE_PUNCTUATION", False),
            exclude_uppercase=flag("EXCLUDE_UPPERCASE", False),
            exclude_lowercase=flag("EXCLUDE_LOWERCASE", False),
            require_each_included_type=flag("REQUIRE_EACH_INCLUDED_TYPE", True),
        )


def get_secret_value(
    secret_id: str, version_id: str | None = None, version_stage: str | None = None
) -> VersionValue:
    """Reads a value. Without a version and a stage: that of the version labelled `AWSCURRENT`.

    `Event` has shorter ways to the current, the pending and the previous value.
    """
    return current().get_secret_value(secret_id, version_id, version_stage)


def put_secret_value(
    secret_id: str,
    client_request_token: str,
    value: Value,
    version_stages: Sequence[str],
    rotation_token: str,
) -> StoredVersion:
    """Stores a value under a token. The same value under the same token again changes nothing."""
    return current().put_secret_value(
        secret_id, client_request_token, value, list(version_stages), rotation_token
    )


def describe_secret(secret_id: str) -> Description:
    """Names the versions of a secret and their labels."""
    return current().describe_secret(secret_id)


def update_secret_version_stage(
    secret_id: str,
    version_stage: str,
    move_to_version_id: str | None = None,
    remove_from_version_id: str | None = None,
) -> None:
    """Moves a label to a version, or removes it from one."""
    current().update_secret_version_stage(
        secret_id, version_stage, move_to_version_id, remove_from_version_id
    )


def get_random_password(rules: PasswordRules = PasswordRules()) -> str:
    """Makes a password in the host, from its source of randomness."""
    return current().get_random_password(rules)
