"""The steps, their failures, and the in-memory host."""

import unittest

import sdk  # noqa: F401
from keywheel import (
    AwaitingApproval,
    Event,
    Permanent,
    Refused,
    Retry,
    Rotator,
    Step,
    approvals,
    log,
    secrets,
)
from keywheel.failure import Failure
from keywheel.secrets import CURRENT, PENDING, PREVIOUS, PasswordRules, SecretsError
from keywheel.sql import ErrorKind, SqlError
from keywheel.testing import InMemory


class Text(Rotator):
    """Runs what the test asks for in setSecret."""

    def __init__(self, action=lambda event: None) -> None:
        self.action = action

    def create_secret(self, event: Event) -> None:
        if event.pending() is None:
            event.put_pending(secrets.get_random_password())

    def set_secret(self, event: Event) -> None:
        self.action(event)

    def test_secret(self, event: Event) -> None:
        approvals.require("log in")


class RotatorTest(unittest.TestCase):
    def setUp(self) -> None:
        self.host = InMemory()
        self.secret = self.host.secret("app", "first")
        self.host.begin_rotation(self.secret, "token-1")

    def step(self, step: Step, action=lambda event: None) -> None:
        self.host.invoke(Text(action), self.secret, step)

    def failure(self, step: Step, action=lambda event: None) -> Failure:
        with self.assertRaises(Failure) as raised:
            self.step(step, action)
        return raised.exception

    def test_the_last_step_moves_the_label_once(self) -> None:
        self.step(Step.CREATE_SECRET)
        self.step(Step.FINISH_SECRET)
        self.step(Step.FINISH_SECRET)
        self.assertEqual(self.host.stages(self.secret, "token-1"), [CURRENT, PENDING])
        self.assertEqual(self.host.stages(self.secret, "initial"), [PREVIOUS])
        self.assertEqual(self.host.log_lines, [f"moved {CURRENT} to version token-1"])

    def test_an_abandoned_rotation_does_not_move_the_label(self) -> None:
        self.step(Step.CREATE_SECRET)
        self.host._secrets[self.secret].detach(PENDING)
        self.assertIsInstance(self.failure(Step.FINISH_SECRET), Permanent)
        self.assertEqual(self.host.stages(self.secret, "initial"), [CURRENT])

    def test_people_are_asked(self) -> None:
        self.assertIsInstance(self.failure(Step.TEST_SECRET), AwaitingApproval)
        self.host.is_approved = True
        self.step(Step.TEST_SECRET)

    def test_each_failure_tells_the_host_what_to_do(self) -> None:
        def raising(failure: Exception) -> Failure:
            def action(event: Event) -> None:
                raise failure

            return self.failure(Step.SET_SECRET, action)

        for failure, kind, message in (
            (Retry("later"), "retry", "later"),
            (Refused("no").while_doing("logging in"), "refused", "logging in: no"),
            (Permanent("never"), "permanent", "never"),
            (SecretsError("ThrottlingException", "slow"), "retry", "ThrottlingException: slow"),
            (SecretsError("AccessDeniedException", "no"), "permanent", "AccessDeniedException: no"),
            (
                SqlError(ErrorKind.LIMIT, "many").while_doing("x"),
                "permanent",
                "x: limit of the sandbox: many",
            ),
            (
                SqlError(ErrorKind.CONNECTION, "gone", is_transient=True).while_doing("x"),
                "retry",
                "x: no connection: gone",
            ),
        ):
            found = raising(failure)
            self.assertEqual((found.kind, found.message), (kind, message))
        self.assertEqual(self.host.log_lines, [])

    def test_a_mistake_is_told_with_its_place_and_tried_again(self) -> None:
        found = self.failure(Step.SET_SECRET, lambda event: 1 // 0)
        self.assertIsInstance(found, Retry)
        self.assertRegex(
            found.message, r"^the function failed in <lambda> \(line \d+ of .*\): ZeroDivisionError: "
        )
        self.assertRegex(
            self.host.log_lines[0], r"^ZeroDivisionError: .*\nin <lambda> \(line \d+ of .*\)\nin "
        )

    def test_a_token_means_one_value(self) -> None:
        self.step(Step.SET_SECRET, lambda event: event.put_pending("second"))
        self.step(Step.SET_SECRET, lambda event: event.put_pending("second"))
        found = self.failure(Step.SET_SECRET, lambda event: event.put_pending("third"))
        self.assertEqual(found.code, "ResourceExistsException")
        self.assertEqual(self.host.value(self.secret, PENDING), "second")

        def stolen(event: Event) -> None:
            secrets.put_secret_value(event.secret_id, event.client_request_token, "x", [PENDING], "stolen")

        self.assertEqual(self.failure(Step.SET_SECRET, stolen).code, "InvalidParameterException")

    def test_current_moves_only_from_where_it_is(self) -> None:
        def moving(event: Event) -> None:
            secrets.update_secret_version_stage(event.secret_id, CURRENT, "token-1")

        self.assertEqual(self.failure(Step.SET_SECRET, moving).code, "InvalidParameterException")

    def test_passwords_follow_the_rules_and_differ(self) -> None:
        made: list[str] = []
        digits = PasswordRules(exclude_uppercase=True, exclude_lowercase=True, exclude_punctuation=True)

        def making(event: Event) -> None:
            made.extend(
                secrets.get_random_password(rules) for rules in (PasswordRules(), PasswordRules(), digits)
            )

        self.step(Step.SET_SECRET, making)
        self.assertNotEqual(made[0], made[1])
        self.assertEqual([len(password) for password in made], [32, 32, 32])
        self.assertFalse(set(made[0]) & set(PasswordRules().exclude_characters))
        self.assertTrue(made[2].isdigit())

    def test_the_log_has_levels_and_a_function_has_a_host(self) -> None:
        self.step(Step.SET_SECRET, lambda event: (log.debug("a"), log.warn("b")))
        self.assertEqual(self.host.log_lines, ["a", "b"])
        with self.assertRaisesRegex(RuntimeError, "there is no host"):
            log.info("nobody hears this")


if __name__ == "__main__":
    unittest.main()
