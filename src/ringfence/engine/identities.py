"""Identities by the patterns that they fit, mostly without asking each: `Peer.identity_matches` for many at once.

A whole identity is looked up, a start or an end is a stretch of the sorted texts; a pattern that is open at both ends,
or says in its own way what fits, is held against all of them once. The unknown identity and none are not among them:
what is said of those is open, or told by the pattern alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import islice, takewhile

from ringfence.model.rules import NO_IDENTITY, UNKNOWN_IDENTITY, Pattern, Peer


class Identities:
    """The distinct identities of a network."""

    def __init__(self, identities: Iterable[str]) -> None:
        self._all = frozenset(identities) - {NO_IDENTITY, UNKNOWN_IDENTITY}
        self._forward = sorted(self._all)
        self._backward = sorted(one[::-1] for one in self._all)
        self._fitting: dict[Pattern, frozenset[str]] = {}

    def fitting(self, pattern: Pattern) -> frozenset[str]:
        """Those that fit a pattern."""
        found = self._fitting.get(pattern)
        if found is None:
            found = self._fitting[pattern] = frozenset(self._found(pattern))
        return found

    def meant(self, peer: Peer) -> frozenset[str]:
        """Those that a peer means."""
        found = self._all
        if peer.identities is not None:
            found = frozenset[str]().union(*(self.fitting(one) for one in peer.identities))
        return found.difference(*(self.fitting(one) for one in peer.excluded))

    def _found(self, pattern: Pattern) -> Iterable[str]:
        if type(pattern) is not Pattern or not pattern.text or (pattern.open_start and pattern.open_end):
            return (one for one in self._all if pattern.matches(one))
        if pattern.open_start:
            return (one[::-1] for one in _beginning(self._backward, pattern.text[::-1]))
        return _beginning(self._forward, pattern.text) if pattern.open_end else self._all & {pattern.text}


def _beginning(texts: list[str], start: str) -> Iterator[str]:
    """The texts that begin so; `texts` are sorted, so they stand together."""
    onward = islice(texts, bisect_left(texts, start), None)
    return takewhile(lambda one: one.startswith(start), onward)
