"""How far an unknown spreads through lists and maps. Known values are tested beside OpenTofu (tests/servers)."""

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
        ("length([var.x, var.x])", 2),
        ("length(slice(var.x, 0, 3))", 3),
        ("concat([1], [aws_vpc.main.id])", [1, ID]),
        ('compact([aws_vpc.main.id, ""])', [ID]),
        ("flatten([[aws_vpc.main.id], []])", [ID]),
        ('coalesce("", aws_vpc.main.id)', ID),
        ("element([aws_vpc.main.id], 5)", ID),
        ('lookup({ a = var.x, b = 1 }, "b", 2)', 1),
        ("merge({ a = var.x }, { a = 1 }).a", 1),
        ("keys({ a = var.x })", ["a"]),
    ],
)
def test_known_all_the_same(text: str, expected: Any) -> None:
    assert value(text, HEAD) == expected


@pytest.mark.parametrize(
    "text",
    [
        "length(var.x)",
        "concat([1], var.x)",
        'compact([var.x, "a"])',
        "flatten([var.x])",
        'coalesce(var.x, "a")',
        "merge({ a = 1 }, var.x)",
        "lookup({ a = 1 }, var.x, 2)",
        'lookup(var.x, "a", 2)',
        "element([1, 2], var.x)",
        "element([1], -1)",
        "element(toset([aws_vpc.main.id, aws_vpc.two.id]), 0)",
        "zipmap([var.x], [1])",
        "one(var.x)",
    ],
)
def test_unknown(text: str) -> None:
    assert isinstance(value(text, HEAD), Unknown)


@pytest.mark.parametrize(
    "text",
    [
        "length(1)",
        "element([], 0)",
        "slice([1], 0, 2)",
        "slice(var.x, 2, 1)",
        'lookup({}, "a")',
        "coalesce()",
        "coalescelist([])",
        "one([1, 2])",
        "zipmap([1], [])",
        "chunklist([1], 0)",
        "merge([1])",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        value(text, HEAD)
