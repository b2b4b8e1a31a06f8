"""VPC Block Public Access from Terraform."""

from __future__ import annotations

import pytest

from ringfence.resources.aws import BlockMode, ExclusionMode, Unknown
from tests.sources.terraform.reading import VPC, everything, objects

V = 'variable "v" {}\n'
OPTIONS = V + 'resource "aws_vpc_block_public_access_options" "o" {\n internet_gateway_block_mode = %s\n}\n'
EXCLUSION = 'resource "aws_vpc_block_public_access_exclusion" "e" {\n internet_gateway_exclusion_mode = %s\n %s\n}\n'


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ('"off"', BlockMode.OFF),
        ('"block-ingress"', BlockMode.INGRESS),
        ('"block-bidirectional"', BlockMode.BIDIRECTIONAL),
        ("var.v", Unknown()),
    ],
)
def test_options(mode: str, expected: BlockMode | Unknown) -> None:
    (found,) = objects(OPTIONS % mode).public_access_blocks
    assert (found.id, found.mode) == ("aws_vpc_block_public_access_options.o", expected)


def test_exclusions() -> None:
    text = VPC + EXCLUSION % ('"allow-egress"', "vpc_id = aws_vpc.main.id")
    (found,) = objects(text).public_access_exclusions
    assert (found.mode, found.vpc, found.subnet) == (ExclusionMode.EGRESS, "aws_vpc.main", None)
    (found,) = objects(EXCLUSION % ('"allow-bidirectional"', 'subnet_id = "subnet-1"')).public_access_exclusions
    assert (found.mode, found.vpc, found.subnet) == (ExclusionMode.BIDIRECTIONAL, None, "subnet-1")


@pytest.mark.parametrize("mode", ['"block"', "[]", "null"])
def test_a_mode_that_is_none_is_unknown(mode: str) -> None:
    found, diagnostics = everything(OPTIONS % mode)
    assert isinstance(found.public_access_blocks[0].mode, Unknown)
    assert mode == "null" or [str(one.severity) for one in diagnostics if one.severity == "error"] == ["error"]
