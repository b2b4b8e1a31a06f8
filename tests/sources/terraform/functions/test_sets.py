"""How far an unknown spreads through what compares elements. Known values: tested beside OpenTofu (tests/servers)."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError
from ringfence.sources.terraform.values import Reference
from tests.sources.terraform.reading import VPC, value

HEAD = VPC + 'variable "x" {}\nresource "aws_vpc" "two" {}\n'
ID = Reference("aws_vpc.main", "id")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("distinct([aws_vpc.main.id, aws_vpc.main.id])", [ID]),
        ("contains([var.x, 1], 1)", True),
        ("contains([aws_vpc.two.id], aws_vpc.main.id)", False),
        ("alltrue([var.x, false])", False),
        ("anytrue([var.x, true])", True),
    ],
)
def test_known_all_the_same(text: str, expected: Any) -> None:
    assert value(text, HEAD) == expected


@pytest.mark.parametrize(
    "text",
    [
        "distinct([var.x, 1])",
        "contains([var.x], 1)",
        "sort([var.x])",
        "alltrue([var.x])",
    ],
)
def test_unknown(text: str) -> None:
    assert isinstance(value(text, HEAD), Unknown)


@pytest.mark.parametrize(
    "text",
    [
        'index(["a"], "b")',
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        value(text, HEAD)
