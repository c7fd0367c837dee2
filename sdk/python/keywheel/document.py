"""The JSON object that a secret holds. Members that a function does not change are kept as they were
written, in their places.
"""

from __future__ import annotations

import json

from .failure import Permanent

_SPACE = " \t\n\r"


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _whole_number(digits: str) -> int | float:
    """Python refuses to read more digits than that; JSON does not."""
    return int(digits) if len(digits) < 4000 else float(digits)


_DECODER = json.JSONDecoder(parse_int=_whole_number, parse_constant=_refuse_constant)


class Document:
    """The members of a JSON object in their order, each with its value as JSON text. Shows none."""

    def __init__(self, members: dict[str, str]) -> None:
        self._members = members

    @classmethod
    def parse(cls, value: str | bytes) -> Document:
        """Reads a secret value. As in other readers of JSON, the last of two members with one name
        counts."""
        # The parser's own error may quote the text, so it goes no further.
        try:
            return cls(_members(value))
        except (ValueError, RecursionError):
            raise Permanent("the secret value is not a JSON object") from None

    def text(self, key: str) -> str | None:
        """The text of a member; `None` when there is none, or `null`."""
        found = self.get(key)
        if found is None or isinstance(found, str):
            return found
        raise wrong_form(key, "a text")

    def required_text(self, key: str) -> str:
        """The text of a member that must be there."""
        found = self.text(key)
        if found is None:
            raise Permanent(f"the secret has no key `{key}`")
        return found

    def get(self, key: str) -> object:
        """The value of a member; `None` when there is none."""
        return _DECODER.decode(self._members.get(key, "null"))

    def port(self, key: str = "port") -> int | None:
        """A TCP port: a number, or a text that holds one."""
        found = self.get(key)
        if found is None:
            return None
        text = found.strip() if isinstance(found, str) else self._members[key]
        # More digits than that are no port, and need not be read.
        if text.isascii() and text.isdigit() and len(text) <= 8 and 1 <= int(text) <= 65_535:
            return int(text)
        raise wrong_form(key, "a number from 1 to 65535")

    def truth(self, key: str) -> bool | None:
        """A truth value, or a text that spells one."""
        found = self.get(key)
        if isinstance(found, str):
            found = {"true": True, "false": False}.get(found.lower(), found)
        if found is None or isinstance(found, bool):
            return found
        raise wrong_form(key, "true or false")

    def with_text(self, key: str, text: str) -> Document:
        """The same object with another text for a member."""
        return Document({**self._members, key: json.dumps(text, ensure_ascii=False)})

    def to_value(self) -> str:
        """The value to store."""
        members = (f"{json.dumps(key, ensure_ascii=False)}:{text}" for key, text in self._members.items())
        return "{" + ",".join(members) + "}"

    def __repr__(self) -> str:
        return "Document([sensitive])"


def wrong_form(key: str, expected: str) -> Permanent:
    """Names the key, never the value."""
    return Permanent(f"the secret's key `{key}` must be {expected}")


def _members(text: str | bytes) -> dict[str, str]:
    if not isinstance(text, str):
        raise ValueError("binary")
    members: dict[str, str] = {}
    at = _expect(text, 0, "{")
    at = _skip(text, at)
    if text[at : at + 1] == "}":
        return _whole(text, at + 1, members)
    while True:
        key, at = _DECODER.raw_decode(text, _skip(text, at))
        if not isinstance(key, str):
            raise ValueError("key")
        start = _skip(text, _expect(text, at, ":"))
        _, at = _DECODER.raw_decode(text, start)
        members[key] = text[start:at]
        at = _skip(text, at)
        if text[at : at + 1] == "}":
            return _whole(text, at + 1, members)
        at = _expect(text, at, ",")


def _whole(text: str, at: int, members: dict[str, str]) -> dict[str, str]:
    if _skip(text, at) != len(text):
        raise ValueError("more")
    return members


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _SPACE:
        at += 1
    return at


def _expect(text: str, at: int, character: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != character:
        raise ValueError(character)
    return at + 1
