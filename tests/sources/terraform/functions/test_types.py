"""How far an unknown spreads through conversions. Known values are tested beside OpenTofu (tests/servers)."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError
from tests.sources.terraform.reading import VPC, value

HEAD = VPC + 'variable "x" {}\nresource "aws_vpc" "two" {}\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("length(toset([aws_vpc.main.id, aws_vpc.two.id]))", 2),
    ],
)
def test_known_all_the_same(text: str, expected: Any) -> None:
    assert value(text, HEAD) == expected


@pytest.mark.parametrize(
    "text",
    [
        "length(toset([var.x]))",
        "tolist(toset([aws_vpc.main.id, aws_vpc.two.id]))[0]",
    ],
)
def test_unknown(text: str) -> None:
    assert isinstance(value(text, HEAD), Unknown)


@pytest.mark.parametrize(
    "text",
    [
        'toset("a")',
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        value(text, HEAD)
