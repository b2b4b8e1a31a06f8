"""Colour and emphasis for a terminal, or none of it; and text from the user's input made safe to show there."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode's control, format and surrogate characters, and its line and paragraph separators."""


@dataclass(frozen=True, slots=True)
class Style:
    """Marks text where `colour` is on; otherwise text stays as it is."""

    colour: bool = False

    def bold(self, text: str) -> str:
        """A heading."""
        return self._marked("1", text)

    def dim(self, text: str) -> str:
        """Something by the way."""
        return self._marked("2", text)

    def good(self, text: str) -> str:
        """Proved, allowed, well."""
        return self._marked("32", text)

    def warn(self, text: str) -> str:
        """Not known, not certain."""
        return self._marked("33", text)

    def bad(self, text: str) -> str:
        """Violated, refused, wrong."""
        return self._marked("31", text)

    def _marked(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


def one_line(text: str) -> str:
    """The text with every control character, line breaks included, written out as an escape.

    A name in a manifest may hold an escape sequence that recolours the terminal, or a direction mark that reorders
    what is read; written out (backslash, x1b) it does neither.
    """
    if text.isprintable():
        return text
    return "".join(
        character if unicodedata.category(character) not in _UNSAFE else repr(character)[1:-1] for character in text
    )
