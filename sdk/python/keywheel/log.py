"""The log of the invocation.

The host keeps the lines with the rotation and redacts every value that this invocation read or
generated. Write what the function does, never what it knows.
"""

from enum import Enum

from .host import current


class Level(Enum):
    """How much a line matters."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


def write(level: Level, message: str) -> None:
    """Writes one line."""
    current().log(level, message)


def debug(message: str) -> None:
    """Writes one line for the author of the function."""
    write(Level.DEBUG, message)


def info(message: str) -> None:
    """Writes one line about what the function did."""
    write(Level.INFO, message)


def warn(message: str) -> None:
    """Writes one line about something to look at later."""
    write(Level.WARN, message)


def error(message: str) -> None:
    """Writes one line about something that stops the rotation."""
    write(Level.ERROR, message)
