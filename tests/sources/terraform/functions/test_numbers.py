"""How far an unknown spreads through numbers. Known values are tested beside OpenTofu (tests/servers)."""

from __future__ import annotations

import pytest

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError
from tests.sources.terraform.reading import VPC, value

HEAD = VPC + 'variable "x" {}\nresource "aws_vpc" "two" {}\n'


@pytest.mark.parametrize(
    "text",
    [
        "sum([1, var.x])",
        "max(1, var.x)",
        "pow(2, 1000)",
        "range(var.x)",
    ],
)
def test_unknown(text: str) -> None:
    assert isinstance(value(text, HEAD), Unknown)


@pytest.mark.parametrize(
    "text",
    [
        "range(0, 9, 0)",
        "range(5000)",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        value(text, HEAD)
