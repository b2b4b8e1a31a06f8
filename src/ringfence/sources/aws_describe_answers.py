"""A describe call's answer on its way to objects: fields of the expected type, or an unknown and an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from ringfence.model.diagnostics import Diagnostic, error, warning
from ringfence.model.spans import Span
from ringfence.resources.aws import Id, Ids, MaybeId, Number, Unknown

GONE = frozenset(("deleted", "deleting", "failed", "terminated", "rejected", "expired", "disassociated"))
"""States of what is on its way out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One object of an answer, or a part of one."""

    values: Mapping[str, Any]
    span: Span
    answers: Answers

    def maybe(self, name: str) -> str | None:
        """A text; None where it is absent, empty or no text (an error)."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            return value
        self.wrong(name, "a text")
        return None

    def text(self, name: str) -> str:
        """A text that must be there; empty and an error where it is not."""
        value = self.maybe(name)
        if value is None and self.values.get(name) is None:
            self.wrong(name, "a text")
        return value or ""

    def id(self, name: str) -> Id:
        """An id; unknown where it is absent."""
        return self.maybe(name) or Unknown(f"{name} is not given")

    def number(self, name: str) -> Number:
        """A whole number; None where it is absent."""
        value = self.values.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        if isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) < 12:
            return int(value)
        self.wrong(name, "a number")
        return Unknown(f"{name} is no number")

    def flag(self, name: str, default: bool = False) -> bool:
        """True or false."""
        value = self.values.get(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.wrong(name, "true or false")
        return default

    def parts(self, name: str) -> list[Answer]:
        """The objects of a list."""
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong(name, "a list")
            return []
        found = [(place, one) for place, one in enumerate(value) if isinstance(one, dict)]
        if len(found) != len(value):
            self.wrong(name, "a list of objects")
        return [Answer(one, self.span.at(name, place), self.answers) for place, one in found]

    def part(self, name: str) -> Answer:
        """One object inside; without any values where it is absent."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, dict):
            self.wrong(name, "an object")
        return Answer(value if isinstance(value, dict) else {}, self.span.at(name), self.answers)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self.values.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.wrong(name, "a list of texts")
            return ()
        return tuple(value)

    def each(self, name: str, field: str) -> Ids:
        """One field of every object in a list."""
        return tuple(one.id(field) for one in self.parts(name))

    def cidr(self, name: str) -> MaybeId:
        """A block or an address; None where it is absent."""
        value = self.maybe(name)
        if value is None:
            return None
        try:
            if "/" in value:
                ip_network(value, strict=False)
            else:
                ip_address(value)
        except ValueError:
            self.wrong(name, "a block of addresses")
            return Unknown(f"{value[:60]!r} is no block of addresses")
        return value

    def tags(self) -> dict[str, str | Unknown]:
        """Tags by key."""
        return {one.text("Key"): str(one.values.get("Value") or "") for one in self.parts("Tags")}

    def wrong(self, name: str, wanted: str) -> None:
        """Notes that a field is not what it must be."""
        self.answers.diagnostics.append(error(f"{name} must be {wanted}", self.span.at(name)))


@dataclass(slots=True)
class Answers:
    """All answers by their top-level key."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    _found: dict[str, list[Answer]] = field(default_factory=dict)

    def add(self, document: Mapping[str, Any], span: Span) -> None:
        """Takes in one document."""
        whole = Answer(document, span, self)
        for key, value in document.items():
            if isinstance(value, list) and all(isinstance(one, dict) for one in value):
                self._found.setdefault(key, []).extend(whole.parts(key))

    def of(self, key: str) -> Iterator[Answer]:
        """The objects under a key."""
        yield from self._found.get(key, ())

    def living(self, key: str, state: str = "State") -> list[Answer]:
        """The objects under a key that are not on their way out."""
        return [one for one in self.of(key) if str(one.values.get(state) or "").lower() not in GONE]

    def warn(self, message: str, answer: Answer) -> None:
        """Notes what the user should know."""
        self.diagnostics.append(warning(message, answer.span))
