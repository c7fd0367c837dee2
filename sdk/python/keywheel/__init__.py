"""Write rotation functions for Keywheel in Python.

A function is a WebAssembly component: four steps, no files, no network of its own, and only the powers
that it imports. Each capability of the host is one module of plain functions: `secrets`, `sql`,
`approvals`, `log` and `http`. In a component they call the host's imports; natively they call the host
that `testing` puts in place. `database` reads the JSON that a database's secret holds, `scram` computes
what PostgreSQL stores for a password.
"""

from .rotator import (
    AwaitingApproval,
    Event,
    Failure,
    Permanent,
    Refused,
    Retry,
    Rotator,
    Step,
    run,
)

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
