"""The folding of header sets, where single headers would not show it. Equality with decisions: `test_judge`."""

from __future__ import annotations

import pytest

from ringfence.engine.folding import Entry, Group, Tier, fold
from ringfence.engine.verdicts import CLOSED, OPEN, Verdict
from ringfence.model.bounds import Bounds
from ringfence.model.headers import ALL_HEADERS, NO_HEADERS, HeaderSet, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.rules import ANY_PEER, Action

A, D, P = Action.ALLOW, Action.DENY, Action.PASS
WEB, DB = ports("tcp", IntervalSet.of((80, 90))), ports("tcp", IntervalSet.of((85, 95)))


def entry(
    action: Action, headers: HeaderSet = ALL_HEADERS, certain: bool = True, may: HeaderSet | None = None
) -> Entry:
    return Entry(action, ANY_PEER, Bounds(headers, headers if may is None else may), certain)


def tier(*groups: tuple[Entry, ...], end: Action = D, certain: bool = True) -> Tier:
    return Tier(end, certain, tuple(Group(((certain, entries),)) for entries in groups))


def folded(*tiers: Tier, default: Action = A) -> Verdict:
    return fold(tiers, default, lambda _: True)


@pytest.mark.parametrize(
    ("tiers", "default", "must", "may"),
    [
        ((), A, ALL_HEADERS, ALL_HEADERS),
        ((), D, NO_HEADERS, NO_HEADERS),
        # The first rule takes its headers; the next one sees the rest.
        ((tier((entry(A, WEB), entry(D, DB))),), A, WEB, WEB),
        ((tier((entry(D, WEB), entry(A, DB))),), A, DB - WEB, DB - WEB),
        # One that may match leaves them to the next as well.
        ((tier((entry(D, WEB, certain=False), entry(A, DB))),), A, DB - WEB, DB),
        ((tier((entry(A, NO_HEADERS, may=WEB),)),), A, NO_HEADERS, WEB),
        # A pass goes on with its own headers only; the rest meets the end.
        ((tier((entry(P, WEB),)), tier((entry(A, DB),))), A, WEB & DB, WEB & DB),
        ((tier((entry(P, WEB),), end=P), tier((entry(A, DB),))), A, DB, DB),
        # A tier that may not govern lets everything go on.
        ((tier((entry(D, WEB),), certain=False),), A, NO_HEADERS, ALL_HEADERS),
        # A later priority sees what the earlier left over.
        ((tier((entry(A, WEB),), (entry(D, DB),), end=A),), A, ALL_HEADERS - (DB - WEB), ALL_HEADERS - (DB - WEB)),
    ],
)
def test_a_chain_folds(tiers, default, must, may):
    assert folded(*tiers, default=default) == Bounds(must, may)


def test_equals_that_disagree_are_in_dispute_and_only_there():
    both = Tier(D, True, (Group(((True, (entry(A, WEB),)), (True, (entry(D, DB),)))),))
    assert folded(both) == Bounds(WEB - DB, WEB)


@pytest.mark.parametrize(
    ("truth", "expected"), [(True, OPEN), (False, CLOSED), (None, Bounds(NO_HEADERS, ALL_HEADERS))]
)
def test_whether_the_peer_matches(truth, expected):
    assert fold((tier((entry(A),)),), A, lambda _: truth) == expected
