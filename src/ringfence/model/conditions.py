"""What a rule demands of a request beyond the packet: boolean formulas over typed atoms, evaluated with three values.

An atom asks about one *subject* of the request: `method`, `path`, `host`, `sni`, `dns`, `header:<name>`,
`claim:<name>`, `authorizer:<name>`. A request decides an atom when it says what the subject's values are; without a
request, or where the request is silent about a subject, the atom stays open. The connectives are Kleene's: an open
part leaves the whole open only where it matters.

`None` stands for "open" throughout.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from ringfence.model.addresses import AddressSet

Truth = bool | None
"""True, False, or None: not known."""


def negation(value: Truth) -> Truth:
    """Kleene's not."""
    return None if value is None else not value


def conjunction(values: Iterable[Truth]) -> Truth:
    """Kleene's and; true of nothing at all."""
    answer: Truth = True
    for value in values:
        if value is False:
            return False
        if value is None:
            answer = None
    return answer


def disjunction(values: Iterable[Truth]) -> Truth:
    """Kleene's or; false of nothing at all."""
    answer: Truth = False
    for value in values:
        if value is True:
            return True
        if value is None:
            answer = None
    return answer


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of one application request.

    `subjects` maps a subject to its values; a subject with no values (`()`) is known to be absent, a subject that is
    missing from the mapping is not known.
    """

    subjects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NOT_EMPTY = "(?s:.+)"
"""The pattern that any text matches but the empty one."""


class Operator(StrEnum):
    """How an atom compares a value.

    `pattern` is a regular expression that must match the whole value; `within` names blocks of addresses, with commas.
    `told` is exact, but false where nobody said anything, instead of open: for what is assumed not to be.
    """

    EXACT = "exact"
    PREFIX = "prefix"
    SUFFIX = "suffix"
    PRESENT = "present"
    PATTERN = "pattern"
    WITHIN = "within"
    TOLD = "told"


SIGNS = {
    Operator.EXACT: "=",
    Operator.PREFIX: "starts with",
    Operator.SUFFIX: "ends with",
    Operator.PATTERN: "matches",
    Operator.WITHIN: "is in",
    Operator.TOLD: "is said to be",
}


@dataclass(frozen=True, slots=True)
class Atom:
    """True where one of the subject's values compares as asked; false where the subject is absent."""

    subject: str
    operator: Operator
    value: str = ""

    def evaluate(self, request: Request | None) -> Truth:
        """Three-valued truth for this request."""
        if request is None or self.subject not in request.subjects:
            return False if self.operator is Operator.TOLD else None
        return any(self._holds(value) for value in request.subjects[self.subject])

    def _holds(self, value: str) -> bool:
        match self.operator:
            case Operator.EXACT | Operator.TOLD:
                return value == self.value
            case Operator.PREFIX:
                return value.startswith(self.value)
            case Operator.SUFFIX:
                return value.endswith(self.value)
            case Operator.PRESENT:
                return True
            case Operator.PATTERN:
                return re.fullmatch(self.value, value) is not None
            case Operator.WITHIN:
                return value in _blocks(self.value)

    def __str__(self) -> str:
        if self.operator is Operator.PRESENT:
            return f"{self.subject} is present"
        if (self.operator, self.value) == (Operator.PATTERN, NOT_EMPTY):
            return f"{self.subject} is not empty"
        shown = self.value.replace("\\ ", " ") if self.operator is Operator.PATTERN else self.value
        return f"{self.subject} {SIGNS[self.operator]} {shown}"


@dataclass(frozen=True, slots=True)
class AllHold:
    """True where every part is; `AllHold(())` is true."""

    parts: tuple[Condition, ...]

    def evaluate(self, request: Request | None) -> Truth:
        """Three-valued truth for this request."""
        return conjunction(part.evaluate(request) for part in self.parts)

    def __str__(self) -> str:
        return " and ".join(_nested(part) for part in self.parts) or "always"


@dataclass(frozen=True, slots=True)
class AnyHolds:
    """True where one part is; `AnyHolds(())` is false."""

    parts: tuple[Condition, ...]

    def evaluate(self, request: Request | None) -> Truth:
        """Three-valued truth for this request."""
        return disjunction(part.evaluate(request) for part in self.parts)

    def __str__(self) -> str:
        return " or ".join(_nested(part) for part in self.parts) or "never"


@dataclass(frozen=True, slots=True)
class Negated:
    """True where the part is false."""

    part: Condition

    def evaluate(self, request: Request | None) -> Truth:
        """Three-valued truth for this request."""
        return negation(self.part.evaluate(request))

    def __str__(self) -> str:
        return f"not {_nested(self.part)}"


Condition = Atom | AllHold | AnyHolds | Negated

ALWAYS = AllHold(())
NEVER = AnyHolds(())


@lru_cache(maxsize=1 << 10)
def _blocks(text: str) -> AddressSet:
    return AddressSet.of(*text.split(","))


def _nested(part: Condition) -> str:
    return f"({part})" if isinstance(part, AllHold | AnyHolds) and len(part.parts) > 1 else str(part)
