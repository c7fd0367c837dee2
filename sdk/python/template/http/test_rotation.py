"""`python3 -m unittest` runs the steps natively, on an in-memory host with a service of this test's own."""

import json
import os
import sys
import unittest
from base64 import b64decode

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "vendor"))

from keywheel import Failure, Permanent, Refused, Step
from keywheel.http import Request, Response
from keywheel.secrets import CURRENT
from keywheel.testing import Fault, InMemory, Killed
from rotation import Rotation

SECRET = '{"host":"api.example.com","username":"app","password":"first","team":"blue"}'


class Service:
    """Knows one user."""

    def __init__(self) -> None:
        self.password = "first"
        self.status = 200

    def __call__(self, request: Request) -> Response:
        assert request.url == "https://api.example.com/users/app", request.url
        username, _, password = b64decode(request.headers["authorization"][6:]).decode().partition(":")
        if (username, password) != ("app", self.password):
            return Response(401, {}, b"")
        if self.status == 200 and request.method == "PUT":
            self.password = json.loads(request.body)["password"]
        return Response(self.status, {}, b"")


class RotationTest(unittest.TestCase):
    def setUp(self) -> None:
        self.host = InMemory()
        self.service = self.host.service = Service()
        self.secret = self.host.secret("api/app", SECRET)
        self.host.begin_rotation(self.secret, "token-1")

    def step(self, step: Step) -> None:
        self.host.invoke(Rotation(), self.secret, step)

    def password(self) -> str:
        return json.loads(self.host.value(self.secret, CURRENT))["password"]

    def test_each_step_may_run_twice(self) -> None:
        for step in Step:
            self.step(step)
            self.step(step)
        self.assertEqual(self.service.password, self.password())
        self.assertNotEqual(self.service.password, "first")

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
                self.assertEqual(self.service.password, self.password(), (fault, call))
                if self.host.faults:
                    break
                call += 1
            self.assertGreater(call, 10)

    def test_the_log_sees_no_password(self) -> None:
        for step in Step:
            self.step(step)
        for line in self.host.log_lines:
            self.assertNotIn(self.password(), line)

    def test_a_password_that_the_service_does_not_take_fails_the_test(self) -> None:
        self.step(Step.CREATE_SECRET)
        with self.assertRaises(Refused):
            self.step(Step.TEST_SECRET)

    def test_a_pending_value_for_another_server_is_refused(self) -> None:
        self.step(Step.CREATE_SECRET)
        self.host.overwrite(self.secret, "AWSPENDING", SECRET.replace("api.", "evil."))
        with self.assertRaisesRegex(Permanent, "another server"):
            self.step(Step.SET_SECRET)

    def test_a_service_in_trouble_is_tried_again_and_a_refusal_is_not(self) -> None:
        self.step(Step.CREATE_SECRET)
        for status, kind in ((503, "retry"), (429, "retry"), (422, "permanent")):
            self.service.status = status
            with self.assertRaises(Failure) as raised:
                self.step(Step.SET_SECRET)
            self.assertEqual(raised.exception.kind, kind)


if __name__ == "__main__":
    unittest.main()
