"""Verdicts: the headers that certainly pass (*must*) and those that may (*may*), and how they join along a path.

A path lets pass what each of its chains does (`both`). Where several links may serve a packet, nobody knows which of
them it takes (`chosen`). What a reply's way says is turned round into the requests that it answers (`turned`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from ringfence.model.bounds import Bounds
from ringfence.model.conditions import Truth
from ringfence.model.headers import ALL_HEADERS, NO_HEADERS, HeaderSet

Verdict = Bounds[HeaderSet]

OPEN: Verdict = Bounds(ALL_HEADERS, ALL_HEADERS)
CLOSED: Verdict = Bounds(NO_HEADERS, NO_HEADERS)
LEFT_OPEN: Verdict = Bounds(NO_HEADERS, ALL_HEADERS)
"""What is not known."""


def chosen(choices: Iterable[tuple[Truth, HeaderSet | None, Verdict]]) -> Verdict:
    """Several links that may serve, each with the headers that it takes and those that get through."""
    found = list(choices)
    if len(found) == 1 and found[0][:2] == (True, None):
        return found[0][2]
    may = served = refused = NO_HEADERS
    for truth, headers, passing in found:
        takes = ALL_HEADERS if headers is None else headers
        may |= takes & passing.may
        refused |= takes - passing.must
        if truth is True:
            served |= takes
    return Bounds(served - refused, may)


def both(one: Verdict, other: Verdict) -> Verdict:
    """What both let pass; mostly one of them lets everything pass."""
    if one is OPEN or one is other:
        return other
    return one if other is OPEN else one & other


@lru_cache(maxsize=1 << 14)
def turned(replies: Verdict) -> Verdict:
    """The requests that have these replies."""
    if replies == OPEN:
        return OPEN
    may = replies.may.reply()
    return Bounds(may, may) if replies.must is replies.may else Bounds(replies.must.reply(), may)
