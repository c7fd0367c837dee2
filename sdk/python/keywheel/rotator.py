"""The four steps of a rotation, and what a function answers."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import Enum
from traceback import walk_tb

from . import log, secrets
from .failure import AwaitingApproval, Failure, Permanent, Refused, Retry
from .secrets import CURRENT, PENDING, PREVIOUS, SecretsError, Value, VersionValue

__all__ = [
    "AwaitingApproval",
    "Event",
    "Failure",
    "Permanent",
    "Refused",
    "Retry",
    "Rotator",
    "Step",
    "run",
]


class Step(Enum):
    """The phase of a rotation, in the order in which the host calls them."""

    CREATE_SECRET = "createSecret"
    """Make the new value and store it as `AWSPENDING`."""
    SET_SECRET = "setSecret"
    """Make the target accept the pending value."""
    TEST_SECRET = "testSecret"
    """Log in to the target with the pending value."""
    FINISH_SECRET = "finishSecret"
    """Move `AWSCURRENT` to the pending version."""


@dataclass(frozen=True)
class Event:
    """One invocation: which step, of which secret, for which version."""

    step: Step
    secret_id: str
    """The full ARN of the secret."""
    client_request_token: str
    """The id of the version that becomes current: the same in every step and every retry."""
    rotation_token: str = field(repr=False)
    """Proves to `secrets.put_secret_value` that the caller is this rotation."""

    def current(self) -> VersionValue:
        """The value in use: that of the version labelled `AWSCURRENT`."""
        return secrets.get_secret_value(self.secret_id, version_stage=CURRENT)

    def pending(self) -> VersionValue | None:
        """The value of this rotation, or `None` when createSecret has not stored it yet.

        Asks for the version by token *and* label, so that a late retry of an abandoned rotation is
        refused instead of bringing an old value back.
        """
        return self._found(self.client_request_token, PENDING)

    def previous(self) -> VersionValue | None:
        """The value before the one in use, or `None` when there is none."""
        return self._found(None, PREVIOUS)

    def put_pending(self, value: Value) -> None:
        """Stores the value of this rotation. The same value again changes nothing; another one is
        refused."""
        secrets.put_secret_value(
            self.secret_id, self.client_request_token, value, [PENDING], self.rotation_token
        )

    def _found(self, version_id: str | None, stage: str) -> VersionValue | None:
        try:
            return secrets.get_secret_value(self.secret_id, version_id, stage)
        except SecretsError as error:
            if error.is_not_found:
                return None
            raise


class Rotator(ABC):
    """A rotation function: one method for each step.

    The host calls each step at least once, in order, with one token. Any call may be repeated after it
    succeeded, and may have been cut off anywhere before: a step first finds out what is done already,
    then does the rest.
    """

    @abstractmethod
    def create_secret(self, event: Event) -> None:
        """Makes the new value and stores it with `Event.put_pending`, unless it is stored already.

        Touches nothing outside: when the target is changed, the value must be in the store.
        """

    @abstractmethod
    def set_secret(self, event: Event) -> None:
        """Makes the target accept the pending value."""

    @abstractmethod
    def test_secret(self, event: Event) -> None:
        """Logs in to the target with the pending value."""

    def finish_secret(self, event: Event) -> None:
        """Moves `AWSCURRENT` to the pending version. Done already: does nothing."""
        token = event.client_request_token
        description = secrets.describe_secret(event.secret_id)
        current = description.holder(CURRENT)
        if current == token:
            return
        if description.holder(PENDING) != token:
            raise Permanent(
                f"version `{token}` is not labelled {PENDING}: another rotation or a new value came in between"
            )
        secrets.update_secret_version_stage(event.secret_id, CURRENT, token, current)
        log.info(f"moved {CURRENT} to version {token}")


def run(rotator: Rotator, event: Event) -> None:
    """Runs the step that the event names. Whatever the step raises leaves as a `Failure`.

    An exception that is none is a mistake in the function. Where it came from goes to the log; like a
    trap, it is tried again.
    """
    steps = {
        Step.CREATE_SECRET: rotator.create_secret,
        Step.SET_SECRET: rotator.set_secret,
        Step.TEST_SECRET: rotator.test_secret,
        Step.FINISH_SECRET: rotator.finish_secret,
    }
    try:
        steps[event.step](event)
    except (Failure, MemoryError):
        # The host tells of its limits better than the function can.
        raise
    except Exception as error:
        # Python's own tracebacks quote the source, for which they ask a file system that is not there.
        calls = [
            f"{frame.f_code.co_name} (line {line} of {frame.f_code.co_filename})"
            for frame, line in walk_tb(error.__traceback__)
        ]
        told = f"{type(error).__name__}: {error}"
        log.error("\n".join([told, *(f"in {call}" for call in reversed(calls))]))
        raise Retry(f"the function failed in {calls[-1]}: {told}") from error
