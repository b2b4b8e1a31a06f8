"""Identity patterns that Istio's layers share, beyond one text with open ends: expressions, and several at once.

An identity is the SPIFFE id `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`. A connection without mutual
TLS has none, and no pattern fits it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ringfence.model.conditions import Truth, conjunction, disjunction
from ringfence.model.rules import NO_IDENTITY, UNKNOWN_IDENTITY, Pattern

SCHEME = "spiffe://"


@dataclass(frozen=True, slots=True)
class Expression(Pattern):
    """An identity pattern whose `text` is a regular expression for the whole identity."""

    def matches(self, identity: str) -> Truth:
        """Whether it fits; open for an unknown identity; false for none."""
        if identity == NO_IDENTITY:
            return False
        return None if identity == UNKNOWN_IDENTITY else re.fullmatch(self.text, identity) is not None


@dataclass(frozen=True, slots=True)
class Together(Pattern):
    """An identity pattern that fits where each of the `sets` holds a pattern that fits."""

    sets: tuple[tuple[Pattern, ...], ...] = ()

    def matches(self, identity: str) -> Truth:
        """Whether it fits; open for an unknown identity; false for none."""
        if identity == NO_IDENTITY:
            return False
        return conjunction(disjunction(one.matches(identity) for one in some) for some in self.sets)


def together(sets: tuple[tuple[Pattern, ...], ...]) -> tuple[Pattern, ...] | None:
    """Alternatives that fit where each of the sets does; None where there is nothing to fit."""
    if not sets:
        return None
    return sets[0] if len(sets) == 1 else (Together("", sets=sets),)
