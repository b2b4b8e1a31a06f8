"""CIDR functions that Terraform refuses. Their values are tested beside OpenTofu (tests/servers)."""

from __future__ import annotations

import pytest

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError
from tests.sources.terraform.reading import value


@pytest.mark.parametrize(
    "text",
    [
        'cidrsubnet("10.0.0.0/16", 17, 0)',
        'cidrsubnet("10.0.0.0/16", 2, 4)',
        'cidrsubnet("10.0.0.0", 2, 0)',
        'cidrsubnets("10.0.0.0/30", 2, 2, 2, 2, 2)',
        'cidrhost("10.0.0.0/30", 4)',
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        value(text)


def test_an_unknown_part_makes_the_block_unknown() -> None:
    assert isinstance(value("cidrsubnet(var.x, 2, 4)", 'variable "x" {}'), Unknown)
