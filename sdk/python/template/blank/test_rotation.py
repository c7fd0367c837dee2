"""`python3 -m unittest` runs the steps natively, on an in-memory host."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "vendor"))

from keywheel import Permanent, Step
from keywheel.secrets import CURRENT
from keywheel.testing import InMemory
from rotation import Rotation


class RotationTest(unittest.TestCase):
    def setUp(self) -> None:
        self.host = InMemory()
        self.secret = self.host.secret("app/key", "first")
        self.host.begin_rotation(self.secret, "token-1")

    def step(self, step: Step) -> None:
        self.host.invoke(Rotation(), self.secret, step)

    def test_each_step_may_run_twice(self) -> None:
        for step in Step:
            self.step(step)
            self.step(step)
        self.assertNotEqual(self.host.value(self.secret, CURRENT), "first")
        self.assertIn(CURRENT, self.host.stages(self.secret, "token-1"))

    def test_without_a_pending_value_the_test_fails(self) -> None:
        with self.assertRaises(Permanent):
            self.step(Step.TEST_SECRET)


if __name__ == "__main__":
    unittest.main()
