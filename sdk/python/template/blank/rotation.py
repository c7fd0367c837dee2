"""Rotates a secret that is one text, such as a key that an application reads and nothing else checks.

Replace what the steps do; the docstrings of `Rotator` say what each must keep to.
"""

from keywheel import Event, Permanent, Rotator, log, secrets
from keywheel.secrets import PasswordRules


class Rotation(Rotator):
    def create_secret(self, event: Event) -> None:
        if event.pending():
            return  # An earlier run got this far.
        event.put_pending(secrets.get_random_password(PasswordRules.from_environment()))
        log.info("stored a new value as the pending value")

    def set_secret(self, event: Event) -> None:
        """There is no target that must learn the value."""

    def test_secret(self, event: Event) -> None:
        pending = event.pending()
        if pending is None:
            raise Permanent("there is no AWSPENDING value: createSecret has not stored one")
        if pending.value == event.current().value:
            raise Permanent("the pending value is the current one")
