"""Draws random bytes, raises, computes for ever, and takes all memory: one in each step."""

import os
import random

from keywheel import Event, Rotator, log


class Rotation(Rotator):
    def create_secret(self, event: Event) -> None:
        log.info(f"{os.urandom(16).hex()} {random.random()}")

    def set_secret(self, event: Event) -> None:
        secret = event.current().value
        print(secret)
        raise ZeroDivisionError(f"while I held {secret}")

    def test_secret(self, event: Event) -> None:
        while True:
            pass

    def finish_secret(self, event: Event) -> None:
        kept = []
        while True:
            kept.append(bytearray(1024 * 1024))
