"""The lexical rules of PostgreSQL, as far as the statements of rotators need them. Written against the
manual, not against `sql`, so that the one can test the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_ESCAPES = {"n": "\n", "t": "\t"}


@dataclass(frozen=True)
class Word:
    """A key word or a plain name, in small letters."""

    text: str


@dataclass(frozen=True)
class Name:
    """A quoted name."""

    text: str


@dataclass(frozen=True)
class Text:
    """A text."""

    text: str


@dataclass(frozen=True)
class Other:
    """Any other character, or a quote that is not closed."""

    text: str


def tokens(statement: str, standard_conforming_strings: bool = True) -> list[Word | Name | Text | Other]:
    """Splits a statement. In a server where `standard_conforming_strings` is off, a backslash is special
    in every text.
    """
    characters = _Characters(statement)
    found: list[Word | Name | Text | Other] = []
    for first in characters:
        if first.isspace():
            continue
        if first == '"':
            found.append(_closed(Name, characters.quoted('"', False)))
        elif first == "'":
            found.append(_closed(Text, characters.quoted("'", not standard_conforming_strings)))
        elif first in "eE" and characters.takes("'"):
            found.append(_closed(Text, characters.quoted("'", True)))
        elif first.isalnum() or first == "_":
            word = first
            while (following := characters.peek()) and (following.isalnum() or following == "_"):
                word += next(characters)
            found.append(Word(word.lower()))
        else:
            found.append(Other(first))
    return found


def _closed(kind: type[Name] | type[Text], text: str | None) -> Name | Text | Other:
    return Other("quote") if text is None else kind(text)


class _Characters:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._at == len(self._text):
            raise StopIteration
        self._at += 1
        return self._text[self._at - 1]

    def peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def takes(self, character: str) -> bool:
        taken = self.peek() == character
        self._at += taken
        return taken

    def quoted(self, quote: str, escapes: bool) -> str | None:
        text = ""
        for character in self:
            if character == "\\" and escapes:
                following = next(self, "")
                text += _ESCAPES.get(following, following)
            elif character != quote:
                text += character
            elif self.takes(quote):
                text += quote
            else:
                return text
        return None
