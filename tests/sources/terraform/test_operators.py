"""Operators on values that are known, unknown or of the wrong kind. Known values: also beside OpenTofu."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError
from ringfence.sources.terraform.operators import compute, negate
from ringfence.sources.terraform.values import Reference

WHY = Unknown("why")
ID = Reference("aws_vpc.main", "id")


@pytest.mark.parametrize(
    ("left", "operator", "right", "expected"),
    [
        (7, "+", "1", 8),
        (7, "/", 2, 3.5),
        (8, "/", 2, 4),
        (-7, "%", 3, -1),
        (0.5, "*", 4, 2),
        (1, "<=", 1, True),
        ("a", "==", "a", True),
        (1, "==", "1", False),
        (1, "!=", WHY, WHY),
        (ID, "!=", None, True),
        (WHY, "+", 1, WHY),
        (1, ">", WHY, WHY),
    ],
)
def test_compute(left: Any, operator: str, right: Any, expected: Any) -> None:
    found = compute(operator, left, right)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [("!", "true", False), ("!", WHY, WHY), ("-", "3", -3), ("-", ID, ID.unknown)],
)
def test_negate(operator: str, value: Any, expected: Any) -> None:
    assert negate(operator, value) == expected


@pytest.mark.parametrize(("left", "operator", "right"), [(1, "/", 0), (1, "%", 0), (1, "+", "a"), (True, "<", 1)])
def test_refused(left: Any, operator: str, right: Any) -> None:
    with pytest.raises(EvaluationError):
        compute(operator, left, right)
