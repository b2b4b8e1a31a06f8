"""Equality, sets and where an unknown hides."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.values import Reference, SetOf, equal, ordered, unknown_in, vague

UNKNOWN = Unknown("later")
ONE, TWO = Reference("aws_vpc.one", "id"), Reference("aws_vpc.two", "id")
OTHER = Reference("aws_vpc.one", "owner_id")


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1.0, True),
        (True, 1, False),
        ("1", 1, False),
        (None, None, True),
        ([1, [2]], [1, [2]], True),
        ({"a": 1}, {"b": 1}, False),
        (UNKNOWN, 1, None),
        ([UNKNOWN, 1], [1, 2], False),
        ([UNKNOWN, 1], [1, 1], None),
        (ONE, ONE, True),
        (ONE, TWO, False),
        (ONE, None, False),
        (ONE, "vpc-1", None),
        (OTHER, None, None),
        (OTHER, ONE, None),
        (OTHER, OTHER, True),
    ],
)
def test_equality(left: Any, right: Any, expected: bool | None) -> None:
    for one, two in ((left, right), (right, left)):
        found = equal(one, two)
        assert isinstance(found, Unknown) if expected is None else found is expected


def test_sets() -> None:
    assert SetOf.of(["b", "a", "b"]) == ["a", "b"]
    assert SetOf.of([10, 9]) == [9, 10]
    assert isinstance(SetOf.of(["a", UNKNOWN]), Unknown)
    assert SetOf.of([ONE, TWO, ONE]) == [ONE, TWO]


def test_the_order_of_a_set_of_references_is_not_known() -> None:
    both = SetOf([ONE, TWO])
    assert not ordered(both)
    assert ordered([ONE, TWO])
    assert ordered(SetOf([ONE]))
    assert ordered(SetOf(["a", "b"]))


def test_where_an_unknown_hides() -> None:
    assert unknown_in({"a": [1, {"b": UNKNOWN}]}) is UNKNOWN
    assert unknown_in({"a": [1]}) is None
    assert vague([UNKNOWN]) is None
    assert vague(UNKNOWN) is UNKNOWN
    assert "aws_vpc.one.id" in str(vague(ONE))
