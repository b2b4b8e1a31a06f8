"""Typed fields out of plain data, each complaint with its place.

A `Fields` wraps one mapping of the posture file. Every field that is read is remembered; `close` complains about those
that nobody read, because a misspelt field would otherwise be silently without effect. A field of the wrong type is a
diagnostic and its default, so that one mistake never hides the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from ringfence.model.diagnostics import Diagnostic, error
from ringfence.model.spans import Span

DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
MODE = re.compile(r"0?[0-7]{3}")
PORTS = range(1, 65536)


@dataclass(slots=True)
class Fields:
    """One mapping, its place, and where complaints go."""

    content: dict[str, Any]
    span: Span
    diagnostics: list[Diagnostic]
    read: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, value: Any, span: Span, diagnostics: list[Diagnostic]) -> Fields:
        """The fields of a value; empty, with a complaint, where it is no mapping."""
        if not isinstance(value, dict):
            diagnostics.append(error("a mapping is expected here", span))
            value = {}
        return cls(value, span, diagnostics)

    def has(self, name: str) -> bool:
        """Whether the field stands there, and not as null."""
        return self.content.get(name) is not None

    def complain(self, name: str, message: str, remedy: str = "") -> None:
        """An error at the field, or at the mapping where the field is missing."""
        span = self.span.at(name) if name in self.content else self.span
        self.diagnostics.append(error(f"{name}: {message}", span, remedy))

    def text(self, name: str, default: str = "", *, required: bool = False) -> str:
        """A text that is not empty."""
        value = self._get(name)
        if value is None:
            if required:
                self.complain(name, "is missing")
            return default
        if isinstance(value, str) and value.strip():
            return value
        self.complain(name, "a text is expected")
        return default

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """One of a closed list of texts."""
        value = self.text(name, default)
        if value in choices:
            return value
        self.complain(name, f"{value!r} is none of {', '.join(choices)}")
        return default

    def flag(self, name: str, default: bool = False) -> bool:
        """True or false."""
        value = self._get(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.complain(name, "true or false is expected")
        return default

    def count(self, name: str, default: int) -> int:
        """A whole number from 1."""
        value = self._get(name)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        self.complain(name, "a whole number from 1 is expected")
        return default

    def texts(self, name: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts without repetition; a single text is a list of one."""
        value = self._get(name)
        if value is None:
            if required:
                self.complain(name, "is missing")
            return ()
        rows = [value] if isinstance(value, str) else value
        if not isinstance(rows, list) or not all(isinstance(row, str) and row for row in rows) or not rows:
            self.complain(name, "a list of texts is expected")
            return ()
        if len(set(rows)) < len(rows):
            self.complain(name, "an entry stands there twice")
        return tuple(dict.fromkeys(rows))

    def duration(self, name: str, default: timedelta) -> timedelta:
        """A time span as `90d`, `160h`, `1h30m` or `45s`, above zero."""
        value = self._get(name)
        if value is None:
            return default
        match = DURATION.fullmatch(value) if isinstance(value, str) else None
        if match and any(match.groups()):
            days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
            total = 86_400 * days + 3_600 * hours + 60 * minutes + seconds
            if 0 < total < 86_400 * 36_525:
                return timedelta(seconds=total)
        self.complain(name, "a duration is expected, such as 90d, 160h, 1h30m or 45s")
        return default

    def mode(self, name: str, default: int) -> int:
        """A file mode, which must be quoted: unquoted, YAML dialects disagree about `0640`."""
        value = self._get(name)
        if value is None:
            return default
        if isinstance(value, str) and MODE.fullmatch(value):
            return int(value, 8)
        self.complain(name, 'a file mode in quotes is expected, such as "0640"')
        return default

    def endpoint(self, name: str, default_port: int | None = None, *, required: bool = False) -> tuple[str, int]:
        """`HOST:PORT`, `[IPv6]:PORT`, or `:PORT` for every address; a port that has a default may be left out."""
        value = self.text(name, required=required)
        if not value:
            return "", default_port or 0
        host, colon, port = value.rpartition(":")
        if not colon or (value.count(":") > 1 and not host.startswith("[")) or value.endswith("]"):
            host, port = value, str(default_port or "")
        if port.isascii() and port.isdigit() and int(port) in PORTS:
            return host.strip("[]"), int(port)
        self.complain(name, "HOST:PORT is expected")
        return "", default_port or 0

    def mapping(self, name: str) -> Fields | None:
        """A mapping below this one; None where there is none."""
        value = self._get(name)
        return None if value is None else Fields.of(value, self.span.at(name), self.diagnostics)

    def mappings(self, name: str) -> Iterator[Fields]:
        """A list of mappings; a single one is a list of one."""
        value = self._get(name)
        if isinstance(value, dict):
            yield Fields.of(value, self.span.at(name), self.diagnostics)
        elif isinstance(value, list):
            for place, row in enumerate(value):
                yield Fields.of(row, self.span.at(name, place), self.diagnostics)
        elif value is not None:
            self.complain(name, "a list is expected")

    def entries(self, name: str) -> Iterator[tuple[str, Fields]]:
        """A mapping of names to mappings."""
        table = self.mapping(name)
        for key in table.content if table else ():
            below = table.mapping(key) if table else None
            if below is None and table:
                table.complain(key, "a mapping is expected")
            elif below is not None:
                yield key, below

    def close(self) -> None:
        """Complains about every field that was not read."""
        for name in self.content:
            if name not in self.read:
                near = get_close_matches(name, self.read, 1)
                self.complain(name, "there is no such field here", f"did you mean {near[0]}?" if near else "")

    def _get(self, name: str) -> Any:
        self.read.add(name)
        return self.content.get(name)
