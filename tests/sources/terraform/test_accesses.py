"""What stands inside values, known or not, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.accesses import attribute, element, pairs, standing
from ringfence.sources.terraform.conversions import EvaluationError
from ringfence.sources.terraform.scopes import Members
from ringfence.sources.terraform.values import Reference, SetOf

WHY = Unknown("why")
ID = Reference("aws_vpc.main", "id")
VAR = Members(lambda name: f"the {name}")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (attribute({"a": 1}, "a"), 1),
        (attribute(WHY, "a"), WHY),
        (attribute(ID, "a"), ID.unknown),
        (attribute(VAR, "a"), "the a"),
        (element([1, 2], 1), 2),
        (element([1, 2], "1"), 2),
        (element([1, 2], WHY), WHY),
        (element({"1": 2}, 1), 2),
        (element({"a": 2}, WHY), WHY),
        (element(WHY, 0), WHY),
        (element(VAR, "a"), "the a"),
        (element(SetOf([1]), 0), Unknown("a set has no places")),
        (pairs({"b": 1, "a": 2}), [("a", 2), ("b", 1)]),
        (pairs(["x", WHY]), [(0, "x"), (1, WHY)]),
        (pairs(SetOf(["x"])), [("x", "x")]),
        (standing(VAR), VAR),
        (standing(None), None),
    ],
)
def test_inside(found: Any, expected: Any) -> None:
    assert found == expected


@pytest.mark.parametrize(
    ("access", "value", "name"),
    [
        (attribute, {}, "a"),
        (attribute, "text", "a"),
        (element, [1], 1),
        (element, [1], -1),
        (element, {}, "a"),
        (element, 5, 0),
        (lambda value, _: pairs(value), "text", ""),
        (lambda value, _: standing(value), object(), ""),
    ],
)
def test_refused(access: Any, value: Any, name: Any) -> None:
    with pytest.raises(EvaluationError):
        access(value, name)
