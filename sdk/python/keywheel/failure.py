"""Why a step did not succeed, with a sentence for the operator. It must hold no secret value."""

from typing import Literal

Kind = Literal["retry", "refused", "permanent"]
"""What the host does next."""


class Failure(Exception):
    """What a step raises. Raise one of its kinds."""

    kind: Kind = "permanent"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def while_doing(self, what: str) -> "Failure":
        """The same failure, with what the function was doing in front of the message."""
        return type(self)(f"{what}: {self.message}")


class Retry(Failure):
    """It may pass: the network, a target that restarts. The step runs again, with the same token."""

    kind = "retry"


class Refused(Failure):
    """The target answered, and did not take the credential: it may be behind, or another one is in
    force. The step runs again a few times."""

    kind = "refused"


class Permanent(Failure):
    """Retrying cannot help: the secret has the wrong shape, the target refused the statement."""


class AwaitingApproval(Failure):
    """People have not agreed yet: what `approvals.require` raises. The step runs again when they have."""

    # The host was asked, and looks no further.
    kind = "retry"

    def __init__(self) -> None:
        super().__init__("waiting for approval")

    def while_doing(self, what: str) -> "Failure":
        return self


class CallError(Failure):
    """A call of the host failed. A step that lets it pass fails with it."""

    def __init__(self, message: str, is_transient: bool) -> None:
        super().__init__(message)
        self.is_transient = is_transient
        """Whether the same call may succeed later."""
        self.kind = "retry" if is_transient else "permanent"

    def while_doing(self, what: str) -> Failure:
        failure = Retry if self.is_transient else Permanent
        return failure(f"{what}: {self.message}")
