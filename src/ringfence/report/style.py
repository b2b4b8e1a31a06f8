"""Colour and emphasis for a terminal, or none of it."""

from __future__ import annotations

from dataclasses import dataclass


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
