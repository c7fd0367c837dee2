"""`python3 -m unittest` runs the steps natively, on an in-memory host."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "vendor"))

from keywheel import Failure, Permanent, Refused, Retry, Step
from keywheel.secrets import CURRENT
from keywheel.testing import Fault, InMemory, Killed
from rotation import Rotation

SECRET = '{"engine":"postgres","host":"db","username":"app","password":"first","team":"blue"}'
TOKEN = "token-1"


class RotationTest(unittest.TestCase):
    def setUp(self) -> None:
        self.host = InMemory()
        self.server = self.host.server("db").user("app", "first")
        self.secret = self.host.secret("db/app", SECRET)
        self.host.begin_rotation(self.secret, TOKEN)

    def step(self, step: Step) -> None:
        self.host.invoke(Rotation(), self.secret, step)

    def password(self) -> str:
        return self.host.value(self.secret, CURRENT).split('"password":"')[1].split('"')[0]

    def test_each_step_may_run_twice(self) -> None:
        for step in Step:
            self.step(step)
            self.step(step)
        self.assertTrue(self.server.accepts("app", self.password()))
        self.assertFalse(self.server.accepts("app", "first"))
        self.assertEqual(self.host.value(self.secret, CURRENT), SECRET.replace("first", self.password()))

    def test_it_goes_on_after_dying_at_any_call(self) -> None:
        for fault in Fault:
            call = 0
            while True:
                self.setUp()
                self.host.faults[call] = fault
                for step in Step:
                    try:
                        self.step(step)
                    except Killed:
                        self.step(step)
                    except Failure as failure:
                        self.assertEqual(failure.kind, "retry")
                        self.step(step)
                self.assertTrue(self.server.accepts("app", self.password()), (fault, call))
                if self.host.faults:
                    break
                call += 1
            self.assertGreater(call, 10)

    def test_the_server_and_the_log_see_no_password(self) -> None:
        for step in Step:
            self.step(step)
        for line in self.server.statements + self.host.log_lines:
            self.assertNotIn(self.password(), line)

    def test_a_password_that_the_server_does_not_take_fails_the_test(self) -> None:
        self.step(Step.CREATE_SECRET)
        with self.assertRaises(Refused):
            self.step(Step.TEST_SECRET)

    def test_a_pending_value_for_another_server_is_refused(self) -> None:
        self.step(Step.CREATE_SECRET)
        self.host.overwrite(self.secret, "AWSPENDING", SECRET.replace('"db"', '"elsewhere"'))
        with self.assertRaisesRegex(Permanent, "another `host`"):
            self.step(Step.SET_SECRET)

    def test_a_server_that_is_away_is_tried_again(self) -> None:
        self.step(Step.CREATE_SECRET)
        self.server.is_stopped = True
        with self.assertRaises(Retry):
            self.step(Step.SET_SECRET)


if __name__ == "__main__":
    unittest.main()
