"""Exceptions from a strict mesh, each once."""

from __future__ import annotations

from ringfence.checks.gaps import Gap, together
from ringfence.model.intervals import IntervalSet
from ringfence.model.spans import NOWHERE

ABOVE = ("the mesh is STRICT", NOWHERE)
WIDE = Gap("a policy", NOWHERE, ABOVE)


def test_one_exception_names_all_of_its_workloads_once():
    found = [(WIDE, "a"), (WIDE, "b"), (WIDE, "a")]
    assert list(together(found)) == [(WIDE, ("a", "b"))]


def test_ports_and_owners_are_exceptions_of_their_own():
    narrow, owned = Gap("a policy", NOWHERE, ABOVE, IntervalSet.of(80)), Gap("a policy", NOWHERE, ABOVE, owner="a")
    assert [titles for _, titles in together([(WIDE, "a"), (narrow, "a"), (owned, "a")])] == [("a",)] * 3


def test_it_is_sure_where_it_is_for_all():
    unsure = Gap("a policy", NOWHERE, ABOVE, sure=False)
    assert [gap.sure for gap, _ in together([(WIDE, "a"), (unsure, "b")])] == [False]
